/** When a socket ends without its client: it no longer answers, or its key is revoked. */
import { CloseCode } from 'graphql-ws'
import type WebSocket from 'ws'
import { closeSocket } from './limits/close-socket.ts'
import type { Revocation } from './revocation.ts'

/** How often an idle connection is used to keep it open, in milliseconds. */
export const keepAliveMs = 12_000

/** Terminates the socket of a client that no longer answers pings. @returns a function that stops it */
export function keepAlive(socket: WebSocket): () => void {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const timer = setInterval(() => {
    // Its answers are not read.
    if (socket.isPaused) return
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, keepAliveMs)
  return () => clearInterval(timer)
}

/** Closes the socket, and so all its operations, with 4403 (forbidden) when the key is revoked. */
export function closeWhenRevoked(socket: WebSocket, revocation: Revocation): void {
  const stop = revocation.onRevoked(() => {
    closeSocket(socket, CloseCode.Forbidden, 'Forbidden')
  })
  socket.once('close', stop)
}
