/** The verdicts of a comparison as lines of a file, exact. */
import { titleOfRun } from '../../components/run-name.ts'
import { nameOf } from '../../components/verdict.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import type { ComparedRun } from './compare-query.ts'

const columns = [
  'metric',
  'baseline',
  'run',
  'baseline_mean',
  'mean',
  'delta',
  'low',
  'high',
  'adjusted_p',
  'verdict',
  'pairs',
  'missing',
  'improved',
  'regressed',
  'unchanged',
  'left_out',
  'clusters',
  'icc',
  'design_effect',
]

export function comparisonRows(
  baseline: ComparedRun,
  candidates: readonly ComparedRun[],
  metrics: readonly MetricFiguresFragment[],
): readonly (readonly unknown[])[] {
  const names = new Map(candidates.map(({ id, name }) => [id, titleOfRun(name)]))
  return [
    columns,
    ...metrics.map((figures) => {
      const range = figures.interval ?? figures.sequence
      return [
        nameOf(figures.metric),
        titleOfRun(baseline.name),
        names.get(figures.candidate.id),
        figures.baselineMean,
        figures.candidateMean,
        figures.delta,
        range?.low,
        range?.high,
        figures.adjustedPValue,
        figures.verdict,
        figures.pairs,
        figures.missing,
        figures.improved,
        figures.regressed,
        figures.unchanged,
        figures.leftOut,
        figures.clusters?.count,
        figures.clusters?.icc,
        figures.clusters?.designEffect,
      ]
    }),
  ]
}
