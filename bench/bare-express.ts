import express from 'express'

/** What any route costs here: express reads a JSON body and answers with one. Prints its port. */
const app = express()
app.use(express.json())
app.post('/', (request, response) => {
  response.status(202).json({ id: '0193a000-0000-7000-8000-000000000000', received: request.body })
})
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(JSON.stringify({ msg: 'ready', port: typeof address === 'object' && address ? address.port : 0 }))
})
