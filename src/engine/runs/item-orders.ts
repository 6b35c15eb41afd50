/**
 * Pages of the items of finished runs in orders that no index has: a page of a large run would read and sort all of it. The
 * order is read once, kept until the run changes, and tells which items are on a page.
 */
import type { ReadableDatabase } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import type { PageRequest } from '../../db/keyset.ts'
import type { ItemPlace, RunItemOrder } from '../../db/sql/run-item/list-run-items.ts'
import { bytesOfItem, type ItemOrder, loadItemOrder, loadRunState } from '../../db/sql/run-item/load-item-order.ts'
import { StatementScope } from '../../db/statement-scope.ts'
import { isOver } from '../../domain/rescoring.ts'

export const itemOrderLimits = {
  /** Items of a run whose order is kept; a page of fewer is read in less than 0.1 s. */
  minItems: 20_000,
  /** Of all orders together: those of 4,000,000 items. */
  bytes: 48 * 1024 * 1024,
  /** How long one is kept after it was used last, in milliseconds. */
  unusedMs: 5 * 60_000,
}

interface Kept {
  /** Of the run. */
  state: string
  /** Null if the run has changed before it was read. */
  order: Promise<ItemOrder | null>
  bytes: number
  expiry: NodeJS.Timeout
}

/** By run and order, last used last. */
const kept = new Map<string, Kept>()

/**
 * The items of a page, and the one after it. Null by POSITION, in a run that is small or not over, and
 * for a first page whose order is not kept, unless by SCORE: without the order it is read sooner.
 */
export async function placesOfPage(
  db: ReadableDatabase,
  run: Run,
  order: RunItemOrder,
  page: PageRequest,
): Promise<ItemPlace[] | null> {
  const bytes = run.total * bytesOfItem
  if (order.field === 'POSITION' || run.total < itemOrderLimits.minItems || bytes > itemOrderLimits.bytes) return null
  if (!isOver(run) || [page.after, page.before].some((key) => key?.some((part) => Number.isNaN(Number(part)))))
    return null
  const name = JSON.stringify([run.id, order])
  const mayLoad = order.field === 'SCORE' || page.after !== null || page.before !== null
  if (!mayLoad && !kept.has(name)) return null
  const state = await loadRunState(db.pool, run.id)
  if (state === null) return null
  const found =
    use(name, state) ?? (mayLoad ? keep(name, { state, bytes, order: load(db, run.id, state, order) }) : null)
  // Who reads it for all may be gone; its page is read without the order then.
  const items = await found?.order.catch(() => null)
  if (!items) return null
  return placesIn(items, order.descending, page)
}

function load(db: ReadableDatabase, runId: string, state: string, order: RunItemOrder): Promise<ItemOrder | null> {
  const read = () => loadItemOrder(db.pool, { id: runId, state }, order)
  return StatementScope.current?.expensively(read) ?? read()
}

function keep(name: string, entry: Omit<Kept, 'expiry'>): Kept {
  forget(name)
  const expiry = setTimeout(() => forget(name), itemOrderLimits.unusedMs).unref()
  const added: Kept = { ...entry, expiry }
  kept.set(name, added)
  const forgetThis = () => {
    if (kept.get(name) === added) forget(name)
  }
  entry.order.then((items) => items ?? forgetThis(), forgetThis)
  let bytes = 0
  for (const [other, one] of [...kept].reverse()) {
    bytes += one.bytes
    if (bytes > itemOrderLimits.bytes) forget(other)
  }
  return added
}

function use(name: string, state: string): Kept | undefined {
  const found = kept.get(name)
  if (found?.state !== state) return undefined
  found.expiry.refresh()
  kept.delete(name)
  kept.set(name, found)
  return found
}

function forget(name: string): void {
  clearTimeout(kept.get(name)?.expiry)
  kept.delete(name)
}

function placesIn(
  order: ItemOrder,
  descending: boolean,
  { after, before, backward, limit, skip = 0 }: PageRequest,
): ItemPlace[] {
  const start = after ? countBefore(order, after, descending, true) : 0
  const end = before ? countBefore(order, before, descending, false) : order.ordinals.length
  const rows = limit + 1 + skip
  const [from, to] = backward ? [Math.max(start, end - rows), end] : [start, Math.min(end, start + rows)]
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => ({
    ordinal: order.ordinals[from + n] as number,
    value: order.values[from + n] as number,
  }))
}

/**
 * The number of items before a sort key.
 * @param included whether the item that has this key counts, too
 */
function countBefore(
  { values, ordinals }: ItemOrder,
  key: readonly string[],
  descending: boolean,
  included: boolean,
): number {
  const [value = 0, ordinal = 0] = key.map(Number)
  const sign = descending ? -1 : 1
  let [low, high] = [0, ordinals.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = values[middle] as number
    const by = other === value ? (ordinals[middle] as number) - ordinal : other < value ? -1 : 1
    if (sign * by < 0 || (by === 0 && included)) low = middle + 1
    else high = middle
  }
  return low
}
