/** What the page knows of its server: whether the socket is open, and whether it must sign in. */
import { useSyncExternalStore } from 'react'

/** LOST: the connection broke and is being tried again; what the page shows may be old. */
export type Connection = 'OPEN' | 'LOST' | 'SIGNED_OUT'

let connection: Connection = 'OPEN'
const listeners = new Set<() => void>()

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection)
}

/** A caller that is signed out stays so until `reportSignedIn`. */
export function reportConnection(now: 'OPEN' | 'LOST'): void {
  if (connection !== 'SIGNED_OUT') set(now)
}

export function reportSignedOut(): void {
  set('SIGNED_OUT')
}

export function reportSignedIn(): void {
  set('OPEN')
}

function set(now: Connection): void {
  if (now === connection) return
  connection = now
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
