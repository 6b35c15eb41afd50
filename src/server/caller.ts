import type { Scope } from '../domain/scope.ts'
import type { Revocation } from './revocation.ts'

/** From the headers of a request or the `connectionParams` of a WebSocket. */
export interface Credentials {
  /** `Bearer <key>`; goes before a session. */
  authorization: string | undefined
  /** The token of a session. */
  session?: string
  /** Name or global id of the requested project; default: that of the key, else `default`. */
  project: string | undefined
}

/** An authenticated caller. */
export interface Caller {
  scope: Scope
  /** Identifies the caller for limits per caller: all sessions with a key count as its. */
  client: string
  /** Triggers within seconds after the key is revoked or the session ends; everything open for the caller must end then. */
  revocation: Revocation
  /** Null without a key. */
  apiKeyId: string | null
  /** Null for a request with a key, or without either. */
  session: { id: string; expiresAt: Date } | null
  /** Of the runs that were asked about, when the caller was found. */
  tag: string | null
}
