import type { InformationMeasure } from '../../../domain/review/selection.ts'
import type { List } from '../../keyset.ts'
import { hasOutput, runItemColumns } from '../run-item/run-item-columns.ts'
import { informationOf } from './information.ts'

/** The outputs of a run that no person has given the score, those first whose label is expected to say most. */
export function listLabelCandidates(score: string, measure: InformationMeasure, names: readonly string[]): List {
  return {
    select: `${runItemColumns('i')}, info.information`,
    from: (parameter) => `run_item i CROSS JOIN ${informationOf(measure, names, parameter)}`,
    parent: { column: 'i.run_id', type: 'uuid' },
    where: (parameter) => [
      `i.status = 'SUCCEEDED' AND ${hasOutput('i')}`,
      'info.information IS NOT NULL',
      `NOT EXISTS (SELECT FROM score h WHERE h.run_id = i.run_id AND h.ordinal = i.ordinal
        AND h.name = ${parameter(score)} AND h.source = 'HUMAN')`,
    ],
    keys: [
      { sql: 'info.information', type: 'float8' },
      { sql: '-i.ordinal', type: 'int' },
    ],
    descending: true,
  }
}
