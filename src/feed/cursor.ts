/** Cursors of feeds: opaque to clients, and valid for one feed and one epoch of the database. */
import { hash } from 'node:crypto'
import { CursorExpiredError, InvalidInputError } from '../domain/errors.ts'
import { excerptOf } from '../domain/excerpt.ts'

/** The subject of a feed, as encoded in its cursors. */
export type Subject = readonly [kind: 'run' | 'comparison' | 'runs', ...ids: string[]]

/** @param position of the subscriber @param epoch of the database at that position */
export function formatCursor(subject: Subject, epoch: string, position: string): string {
  return Buffer.from(`${epoch}:${digestOf(subject)}:${position}`).toString('base64url')
}

/**
 * The position in a cursor.
 * @param epoch the current one
 * @throws {InvalidInputError} it is not a cursor of this feed
 * @throws {CursorExpiredError} it is from before the database was restored or copied
 */
export function parseCursor(after: string, subject: Subject, epoch: string): string {
  const [, from, about, position] = format.exec(Buffer.from(after, 'base64url').toString('latin1')) ?? []
  if (from === undefined || about !== digestOf(subject) || position === undefined) throw unknownCursor(after)
  if (from !== epoch) throw new CursorExpiredError()
  return position
}

export function unknownCursor(after: string): InvalidInputError {
  return new InvalidInputError(
    `Expected a cursor that this feed gave, got ${excerptOf(after)}; leave it out to start over.`,
    ['after'],
  )
}

const format = /^([0-9a-f]{16}):([\w-]{8}):([\d.:,]{1,10000})$/

function digestOf(subject: Subject): string {
  return hash('sha256', subject.join(':'), 'base64url').slice(0, 8)
}
