import type { DatasetItemRevisionRow } from '../../src/db/sql/dataset/revision-row.ts'
import { canonicalJson } from '../../src/domain/json/canonical-json.ts'
import {
  type ComparisonDifference as ComparisonDifferenceShape,
  type ContentPart,
  contentParts,
} from '../../src/engine/comparison/differences.ts'
import type { ComparedCell } from '../../src/engine/comparison/rows.ts'
import { builder } from '../builder.ts'
import type { Loaders } from '../loaders.ts'
import { MetricRef } from '../metric.ts'
import { RunRef } from '../refs.ts'

export const ItemDifference = builder.enumType('ItemDifference', {
  description: 'What differs between the content of an item in two versions of its dataset.',
  values: {
    INPUT: { description: 'The input.' },
    EXPECTED_OUTPUT: { description: 'The expected output.' },
    METADATA: { description: 'The metadata.' },
  },
})

const ComparisonDifferenceKind = builder.enumType('ComparisonDifferenceKind', {
  description: 'In what runs are not alike that are compared.',
  values: {
    INPUT: { description: 'Items have another input in the version of the dataset that the candidate used.' },
    EXPECTED_OUTPUT: { description: 'Items have another expected output.' },
    METADATA: { description: 'Items have other metadata.' },
    EVALUATOR: { description: 'A score is of another version of its evaluator.' },
    RULES: {
      description:
        'A score has another type, direction, range or failure policy: all runs are compared by those of the newest run.',
    },
  },
})

export const ComparisonDifference = builder.objectRef<ComparisonDifferenceShape>('ComparisonDifference').implement({
  description:
    'In what a candidate is not like the baseline. What differs is left out of figures and verdicts unless\n`includeUnlike` is true, except for RULES.',
  fields: (t) => ({
    candidate: t.expose('candidate', { type: RunRef, description: 'The candidate.' }),
    kind: t.expose('kind', { type: ComparisonDifferenceKind, description: 'What differs.' }),
    metric: t.expose('metric', { type: MetricRef, nullable: true, description: 'The score, of EVALUATOR and RULES.' }),
    items: t.exposeInt('items', {
      nullable: true,
      description: 'The number of items that both runs have and that differ; null for EVALUATOR and RULES: all.',
    }),
  }),
})

/** In what the item of a cell differs from that of the baseline's cell. */
export async function itemDifferences(
  { run, itemId, baseline }: ComparedCell,
  loaders: Loaders,
): Promise<ContentPart[]> {
  if (!baseline || baseline.run.datasetVersion === run.datasetVersion) return []
  const [own, before] = await Promise.all(
    [run, baseline.run].map(({ datasetVersion }) => loaders.revisionAt.load({ itemId, version: datasetVersion })),
  )
  if (!own || !before || own.validFrom === before.validFrom) return []
  return contentParts.filter((part) => canonicalJson(partOf(own, part)) !== canonicalJson(partOf(before, part)))
}

function partOf({ input, expectedOutput, metadata }: DatasetItemRevisionRow, part: ContentPart) {
  return { INPUT: input, EXPECTED_OUTPUT: expectedOutput, METADATA: metadata }[part]
}
