import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type WebSocket from 'ws'
import { keepAlive, keepAliveMs } from '../../src/server/socket-end.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const openSocket = () => Object.assign(new EventEmitter(), { isPaused: false, ping: vi.fn(), terminate: vi.fn() })

test('a client that answers no ping is gone, but not while its socket is not read', () => {
  const socket = openSocket()
  const stop = keepAlive(socket as unknown as WebSocket)
  vi.advanceTimersByTime(keepAliveMs)
  expect(socket.ping).toHaveBeenCalledTimes(1)
  socket.isPaused = true
  vi.advanceTimersByTime(5 * keepAliveMs)
  expect(socket.terminate).not.toHaveBeenCalled()
  socket.isPaused = false
  socket.emit('pong')
  vi.advanceTimersByTime(keepAliveMs)
  expect(socket.ping).toHaveBeenCalledTimes(2)
  expect(socket.terminate).not.toHaveBeenCalled()
  vi.advanceTimersByTime(keepAliveMs)
  expect(socket.terminate).toHaveBeenCalledTimes(1)
  stop()
})
