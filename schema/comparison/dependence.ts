/** Items that seem to belong together, although no path says so. */
import { type Dependence as DependenceShape, findDependence } from '../../src/engine/comparison/dependence.ts'
import { builder } from '../builder.ts'
import { MetricRef } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { comparisonCost, RunComparison } from './comparison.ts'
import { Clusters } from './metric-comparison.ts'

const Dependence = builder.objectRef<DependenceShape>('Dependence').implement({
  description:
    'Items with the same value at a path change alike, so that they are less evidence than they look.\nName the path: `updateDataset(input: { clusterPath })`, or `clusterPath` of the comparison.',
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'Where the metadata says what belongs together.' }),
    metric: t.field({
      type: MetricRef,
      description: 'The metric in which it matters most.',
      resolve: ({ metric }) => metric.metric,
    }),
    candidate: t.expose('candidate', { type: RunRef, description: 'The candidate in which it matters most.' }),
    clusters: t.expose('clusters', { type: Clusters, description: 'What would be shown with the path.' }),
  }),
})

builder.objectField(RunComparison, 'dependence', (t) =>
  t.field({
    type: [Dependence],
    description:
      'A warning: where items look dependent and no path is named, the largest effect first. Verdicts are then too sure.\nLooks at the keys at the top of the metadata that items share. Empty if all is well, or a path is named.',
    extensions: { cost: comparisonCost },
    resolve: (comparison, _args, { services }) => findDependence(services.db, comparison),
  }),
)
