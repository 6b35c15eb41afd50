import type WebSocket from 'ws'

/** How long a client may take to answer a close frame in the mean, in milliseconds. */
const closeMs = 5_000

/** Closes a socket and ignores further messages; terminates it if the client does not answer in time. */
export function closeSocket(socket: WebSocket, code?: number, reason?: string): void {
  if (socket.readyState !== socket.OPEN) return
  for (const event of ['message', 'ping', 'pong'] as const) socket.removeAllListeners(event)
  socket.close(code, reason)
  // The answer is read; see SocketIntake for how much.
  socket.resume()
  terminateLater(socket)
}

/** Call when a socket is being closed: terminates it if the client does not answer in time. */
export function terminateLater(socket: WebSocket): void {
  // Those that were closed together should not come back together.
  const late = setTimeout(() => socket.terminate(), closeMs * (0.5 + Math.random()))
  socket.once('close', () => clearTimeout(late))
}
