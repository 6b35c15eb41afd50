import type { RunItemStatus } from '../../../domain/run.ts'
import { containing } from '../../columns.ts'
import type { List } from '../../keyset.ts'
import { runItemColumns } from './run-item-columns.ts'

export type RunItemOrderField = 'POSITION' | 'LATENCY' | 'COST' | 'FINISHED_AT'

export interface RunItemFilter {
  status?: readonly RunItemStatus[] | null
  /** Text anywhere in the input, expected output, output or error. */
  search?: string | null
}

/** The items of a run. Items without a value for the order come last in either direction. */
export function listRunItems(filter: RunItemFilter, order: { field: RunItemOrderField; descending: boolean }): List {
  const last = order.descending ? `'-infinity'` : `'infinity'`
  const orderKeys = {
    POSITION: [],
    LATENCY: [{ sql: `COALESCE(i.latency_ms, ${last})`, type: 'float8' }],
    COST: [{ sql: `COALESCE(i.cost_usd, ${last})`, type: 'float8' }],
    FINISHED_AT: [{ sql: `COALESCE(i.finished_at, ${last})`, type: 'timestamptz' }],
  } satisfies Record<RunItemOrderField, { sql: string; type: string }[]>
  const { search } = filter
  return {
    select: runItemColumns('i'),
    from: search
      ? `run_item i
         JOIN run r ON r.id = i.run_id
         JOIN dataset_item_revision v ON v.item_id = i.item_id
           AND v.valid_from <= r.dataset_version AND (v.valid_to IS NULL OR v.valid_to > r.dataset_version)`
      : 'run_item i',
    parent: { column: 'i.run_id', type: 'uuid' },
    where: (parameter) => [
      ...(filter.status ? [`i.status = ANY (${parameter(filter.status)}::"RunItemStatus"[])`] : []),
      ...(search
        ? [
            `(v.input #>> '{}' ILIKE ${parameter(containing(search))}
              OR v.expected_output #>> '{}' ILIKE ${parameter(containing(search))}
              OR i.output #>> '{}' ILIKE ${parameter(containing(search))}
              OR i.error ->> 'message' ILIKE ${parameter(containing(search))})`,
          ]
        : []),
    ],
    keys: [...orderKeys[order.field], { sql: 'i.ordinal', type: 'int' }],
    descending: order.descending,
  }
}

/** What runs made of a dataset item: those of the newest run first, within a run by repetition. */
export function listRunItemsOfItem(): List {
  return {
    select: runItemColumns('i'),
    from: 'run_item i JOIN run r ON r.id = i.run_id',
    parent: { column: 'i.item_id', type: 'bigint' },
    where: () => [],
    keys: [
      { sql: 'r.created_at', type: 'timestamptz' },
      { sql: 'r.id', type: 'uuid' },
      { sql: '-i.repetition', type: 'int' },
    ],
    descending: true,
  }
}
