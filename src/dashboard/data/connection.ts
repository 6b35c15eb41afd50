/**
 * What the page knows of its server: whether the socket is open, and whether it must sign in. Answers may come late, after
 * somebody has signed in, so what was asked before is no word on who is here now.
 */
import { useSyncExternalStore } from 'react'
import { readSession } from './session.ts'

/** LOST: the connection broke and is being tried again; what the page shows may be old. */
export type Connection = 'OPEN' | 'LOST' | 'SIGNED_OUT'

let connection: Connection = 'OPEN'
let visit = 0
const listeners = new Set<() => void>()

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection)
}

/** Another one after every sign-in: what was read or is asked in an earlier one is of somebody else. */
export function useVisit(): number {
  return useSyncExternalStore(subscribe, currentVisit)
}

export function currentVisit(): number {
  return visit
}

/** @param during the visit of the socket. A caller that is signed out stays so until `reportSignedIn`. */
export function reportConnection(now: 'OPEN' | 'LOST', during: number): void {
  if (during === visit && connection !== 'SIGNED_OUT') set(now)
}

/**
 * A request or socket was refused. Only the session itself says whether its person is out: the cookie may have changed
 * since, also in another tab, and a project that is not there is refused like a stranger.
 * @param during the visit in which it was sent
 */
export async function reportRefused(during: number): Promise<void> {
  const session = during === visit ? await readSession() : null
  if (during === visit && session?.viewer === null) set('SIGNED_OUT')
}

export function reportSignedOut(): void {
  set('SIGNED_OUT')
}

export function reportSignedIn(): void {
  visit += 1
  connection = 'OPEN'
  tell()
}

function set(now: Connection): void {
  if (now === connection) return
  connection = now
  tell()
}

function tell(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
