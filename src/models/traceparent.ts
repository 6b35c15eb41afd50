import { randomBytes } from 'node:crypto'

/** The W3C trace context of a call that belongs to no trace of ours. */
export function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`
}
