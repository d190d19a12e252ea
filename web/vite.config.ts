import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm start` serves the API unless its port was taken or set: for `vite dev web` only. */
const api = 'http://127.0.0.1:8080'
const toApi = { target: api, changeOrigin: true, ws: true }

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // The video element and hls.js are one lazy chunk of about 550 kB that only the player page of a stream loads.
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': toApi, '/docs': toApi, '/sign-in': toApi } },
})
