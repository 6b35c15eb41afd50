/** Several runs by what pairwise judges said of two of them at a time. */
import {
  type PairwiseRanking as PairwiseRankingShape,
  type RunStrength as RunStrengthShape,
  rankPairwise,
} from '../../src/engine/judges/pairwise-ranking.ts'
import { builder } from '../builder.ts'
import { Interval } from '../comparison/interval.ts'
import { linkTo } from '../links.ts'
import { RunRef } from '../refs.ts'
import { rawIds } from '../relay/global-id.ts'
import { Proportion } from './judge-report.ts'

const RunStrength = builder.objectRef<RunStrengthShape>('RunStrength').implement({
  description: 'How strong a run is among others that it was compared with, by the model of Bradley and Terry.',
  fields: (t) => ({
    run: t.field({ type: RunRef, description: 'The run.', resolve: linkTo('run', ({ runId }) => runId) }),
    strength: t.exposeFloat('strength', {
      description: 'The logarithm of its odds to be better than the first run that was asked for, which has 0.',
    }),
    standardError: t.exposeFloat('standardError', {
      description: 'Of `strength`, robust to verdicts on the same item, or on items that belong together.',
    }),
    interval: t.expose('interval', { type: Interval, description: 'Where `strength` is, with 95 % confidence.' }),
    winRate: t.exposeFloat('winRate', {
      description: 'The probability that its output is better than that of one of the other runs, as estimated.',
    }),
  }),
})

const PairwiseRanking = builder.objectRef<PairwiseRankingShape>('PairwiseRanking').implement({
  description: 'Runs by what pairwise judges said of two of them at a time.',
  fields: (t) => ({
    comparisons: t.exposeInt('comparisons', { description: 'Verdicts of two outputs.' }),
    clusters: t.exposeInt('clusters', {
      description: 'Items that they are about; those that belong together, by the dataset, are one.',
    }),
    ties: t.exposeInt('ties', { description: 'Verdicts that neither is better, a half for both.' }),
    inconsistent: t.expose('inconsistent', {
      type: Proportion,
      description: 'How often the order of the two outputs decided: such verdicts are ties.',
    }),
    runs: t.expose('runs', {
      type: [RunStrength],
      nullable: true,
      description:
        'The strongest first. Null when that cannot be told: some were never compared, however indirectly, or one\nhas won or lost every time.',
    }),
  }),
})

builder.queryField('pairwiseRanking', (t) =>
  t.field({
    type: PairwiseRanking,
    description: 'Ranks 2–50 runs by the verdicts of pairwise judges whose baseline is one of them.',
    args: {
      runIds: t.arg.idList({ required: true, description: 'The runs; strengths are relative to the first.' }),
      name: t.arg.string({ description: 'The name of the scores of the judges. Default: all pairwise judges.' }),
    },
    resolve: (_root, { runIds, name }, { services, scope }) =>
      rankPairwise(services, scope, rawIds('Run', runIds, ['runIds']), name ?? null),
  }),
)
