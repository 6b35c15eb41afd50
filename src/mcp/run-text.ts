import type { AgentRunFragment } from './gql/graphql.ts'
import { number } from './text.ts'

/** A run in a few lines: what it is, how far it is, and its scores with how many items they are of. */
export function runText(run: AgentRunFragment): string {
  const { progress, stats, stopReason } = run
  const failed = progress.failed > 0 ? `, ${progress.failed} failed` : ''
  const cancelled = progress.cancelled > 0 ? `, ${progress.cancelled} cancelled` : ''
  const eta =
    run.status !== 'RUNNING' || progress.etaSeconds === null ? '' : `, about ${Math.ceil(progress.etaSeconds)} s left`
  const lines = [
    `run "${run.name}" (${run.id})`,
    `  ${run.status}${stopReason ? ` ${stopReason}` : ''}: ${progress.succeeded} of ${progress.total} items succeeded${failed}${cancelled}${eta}`,
    `  experiment "${run.experiment.name}" on dataset "${run.dataset.name}", started ${run.createdAt}`,
  ]
  const scores = stats.scores.map(({ name, source, mean, count, missingCount, errorCount }) => {
    const missing = missingCount > 0 ? `, ${missingCount} missing` : ''
    const errors = errorCount > 0 ? `, ${errorCount} evaluator errors` : ''
    return `${name}${source === 'EVALUATOR' ? '' : ` (${source})`} ${number(mean)} (n = ${count}${missing}${errors})`
  })
  if (scores.length > 0) lines.push(`  scores: ${scores.join('; ')}`)
  const facts = [
    ...(stats.costUsd === null ? [] : [`cost ${number(stats.costUsd)} USD`]),
    ...(stats.latencyMs
      ? [`latency p50 ${number(stats.latencyMs.p50)} ms, p95 ${number(stats.latencyMs.p95)} ms`]
      : []),
  ]
  if (facts.length > 0) lines.push(`  ${facts.join(', ')}`)
  return [...lines, `  ${run.url}`].join('\n')
}
