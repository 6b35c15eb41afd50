import { metricName } from './figures.ts'
import type { Dependence } from './load-report.ts'

/** That items look dependent, and what to do about it. */
export function dependenceSentence({ path, metric, clusters }: Dependence): string {
  const where = path.join('.')
  const effect =
    clusters.designEffect == null ? '' : `, which makes them worth ${clusters.designEffect.toFixed(1)} times fewer`
  return `items with the same metadata.${where} change alike in ${metricName(metric)} (ICC ${(clusters.icc ?? 0).toFixed(2)}${effect}), so these verdicts are too sure. If they belong together, say so: --cluster ${where}, or \`clusterPath\` of the dataset`
}
