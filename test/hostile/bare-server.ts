/** What the same load does to a server that does nothing: `node bare-server.ts` reads bodies, switches protocols, answers JSON. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const server = createServer((request, response) => {
  request.resume()
  request.once('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"data":{"datasets":{"nodes":[]}}}')
  })
})
server.on('upgrade', (_request, socket) => {
  socket.on('error', () => {})
  socket.on('data', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n')
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port} \n`)
})
