import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import './design/tokens.css'
import './design/base.css'

const root = document.getElementById('page')
if (!root) throw new Error('index.html has no element #page')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
