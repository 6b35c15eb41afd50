/** Translates PostgreSQL errors caused by a request into user errors. */
import { ConflictError, InvalidInputError, LimitError, UserError } from '../domain/errors.ts'

/** The SQLSTATE of an error, also when wrapped by Prisma; null if it has none. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null
  const { code, originalCode, meta, cause } = error as Record<string, unknown>
  if (typeof originalCode === 'string') return originalCode
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('P20')) return code
  const inner = (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError ?? cause
  return sqlState(inner) ?? (typeof code === 'string' ? (prismaCodes[code] ?? null) : null)
}

/** For errors of Prisma without an SQLSTATE. */
const prismaCodes: Record<string, string> = { P2002: '23505', P2003: '23503', P2025: '02000', P2034: '40001' }

/**
 * A UserError for errors that a client can correct or retry: values that cannot be stored or compared, concurrent
 * changes, timeouts. Other errors are returned unchanged.
 */
export function explainRefusal(error: unknown): unknown {
  const state = sqlState(error)
  const explain = state === null ? undefined : (explanations[state] ?? explanations[state.slice(0, 2)])
  return explain ? explain() : (limitThroughPrisma(error) ?? error)
}

/** Of a limit of our own that Prisma met when it sent a statement: it puts its own words before ours. */
function limitThroughPrisma(error: unknown): LimitError | null {
  if (!(error instanceof Error) || error instanceof UserError) return null
  const { code, message } = error as Error & { code?: unknown }
  return code === 'LIMIT' ? new LimitError(message.slice(message.lastIndexOf('\n') + 1)) : null
}

const explanations: Record<string, () => Error> = {
  22: () =>
    new InvalidInputError(
      'Expected values that PostgreSQL can store and compare, got one that it cannot: a number that is too large, text that is not valid, or an altered cursor.',
    ),
  54: () => new InvalidInputError('Expected shorter names and labels: one of them is too long to be looked up.'),
  '02000': () => new ConflictError('What this is about was changed or deleted at the same moment. Ask again.'),
  23503: () => new ConflictError('What this refers to was deleted at the same moment. Ask again.'),
  23505: () => new ConflictError('Another request created the same thing at the same time. Try again.'),
  40001: () => new ConflictError('This and something else changed the same at the same moment. Ask again.'),
  '40P01': () => new ConflictError('This request and another one blocked each other. Try again.'),
  57014: () => new LimitError('The database took too long for this; ask for less at once, or with narrower filters.'),
}
