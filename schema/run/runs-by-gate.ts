import type { Run } from '../../src/db/generated/prisma/client.ts'
import type { Keyed, List, Page } from '../../src/db/keyset.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { gateOf } from '../comparison/gate.ts'
import type { Context } from '../context.ts'
import { type ConnectionArguments, connection, encodeCursor, pageRequest } from '../relay/connection.ts'

/** Gates are computed one by one, and one with `notWorse` costs a comparison. */
const maxGates = 10
const batch = 20
const maxBatches = 10

/**
 * One page of the runs of a list whose gates have one of these statuses. Gates depend on the moment, so they are computed,
 * and the page ends after 10 gates or 200 runs: it may be short or empty and yet say that there are more.
 */
export async function runsByGate(
  context: Context,
  { list, orderName, parent }: { list: List; orderName: string; parent: string },
  args: ConnectionArguments,
  statuses: readonly string[],
) {
  const { limit, backward, after, before } = pageRequest(args, { name: orderName, parts: list.keys.length })
  const found: Keyed<Run>[] = []
  let last: Keyed<Run> | null = null
  let more = true
  let gates = 0
  for (let batches = 0; more && batches < maxBatches && gates < maxGates && found.length < limit; batches++) {
    const from: string[] | null = last?.sortKey ?? null
    const page: Page<Run> = await context.loaders.page<Run>(list, parent, {
      limit: batch,
      backward,
      after: backward ? after : (from ?? after),
      before: backward ? (from ?? before) : before,
    })
    const runs = backward ? page.rows.toReversed() : page.rows
    more = backward ? page.hasPreviousPage : page.hasNextPage
    for (const [index, run] of runs.entries()) {
      const gate = await gateOf(context, run)
      last = run
      if (gate) gates += 1
      if (gate && statuses.includes(gate.status)) found.push(run)
      if (gates < maxGates && found.length < limit) continue
      more ||= index < runs.length - 1
      break
    }
  }
  const page = {
    rows: backward ? found.toReversed() : found,
    hasNextPage: backward ? before !== null : more,
    hasPreviousPage: backward ? more : after !== null,
  }
  const { pageInfo, ...rest } = connection(page, orderName, { totalCount: null, countUpTo: refuseCount })
  // The next page begins after what was examined.
  const cursor = more && last ? encodeCursor(orderName, last.sortKey) : null
  return {
    ...rest,
    pageInfo: {
      ...pageInfo,
      startCursor: (backward ? cursor : null) ?? pageInfo.startCursor,
      endCursor: (backward ? null : cursor) ?? pageInfo.endCursor,
    },
  }
}

function refuseCount(): never {
  throw new InvalidInputError(
    'Expected a list without `gate` in its filter: gates are computed, so they are not counted.',
    ['filter', 'gate'],
  )
}
