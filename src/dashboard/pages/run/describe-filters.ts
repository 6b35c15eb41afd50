/** The filters of a run's page in words, each with what removes it. */
import { conditionsOf, describeCondition, without } from '../../components/metadata-filter/metadata-filter.ts'
import { formatCost, formatDuration, formatScore } from '../../components/number-format.ts'
import type { RunSearch, SearchMetric } from './run-search.ts'

interface Described {
  text: string
  without: Partial<RunSearch>
}

const changes: Record<string, string> = {
  IMPROVED: 'improved',
  REGRESSED: 'regressed',
  CHANGED: 'changed',
  UNCHANGED: 'did not change',
  MISSING: 'has no value on one side',
}

export function describeFilters(search: RunSearch): Described[] {
  const { q, status, error, tags, metadata, score, latency, cost, change, differ, sort } = search
  return [
    ...(q === undefined ? [] : [{ text: `contains “${q}”`, without: { q: undefined } }]),
    ...(status === undefined
      ? []
      : [{ text: status.map((one) => one.toLowerCase()).join(' or '), without: { status: undefined } }]),
    ...(error === undefined
      ? []
      : [{ text: `error: ${error.join(' or ').toLowerCase().replaceAll('_', ' ')}`, without: { error: undefined } }]),
    ...(tags ?? []).map((tag) => {
      const others = (tags ?? []).filter((other) => other !== tag)
      return { text: `tag ${tag}`, without: { tags: others.length > 0 ? others : undefined } }
    }),
    ...(metadata === undefined
      ? []
      : conditionsOf(metadata).map((condition) => ({
          text: describeCondition(condition),
          without: { metadata: without(metadata, condition) },
        }))),
    ...(score === undefined ? [] : [{ text: describeScore(score), without: { score: undefined } }]),
    ...(latency === undefined
      ? []
      : [{ text: describeRange('latency', latency, formatDuration), without: { latency: undefined } }]),
    ...(cost === undefined ? [] : [{ text: describeRange('cost', cost, formatCost), without: { cost: undefined } }]),
    ...(change === undefined
      ? []
      : [
          {
            text: `${nameOf(change.metric)} ${changes[change.is]}`,
            without: { change: undefined, ...(sort && 'metric' in sort ? { sort: undefined } : {}) },
          },
        ]),
    ...(differ === undefined ? [] : [{ text: 'different outputs', without: { differ: undefined } }]),
  ]
}

function describeScore({
  name: given,
  source,
  min,
  max,
  boolean,
  labels,
  hasError,
  missing,
}: NonNullable<RunSearch['score']>): string {
  const name = source === 'HUMAN' ? `${given} by people` : source === 'API' ? `${given} by programs` : given
  if (missing) return `${name} is missing`
  if (hasError !== undefined) return hasError ? `evaluator of ${name} failed` : `${name} has a value`
  if (boolean !== undefined) return `${name}: ${boolean ? 'yes' : 'no'}`
  if (labels !== undefined) return `${name}: ${labels.join(' or ')}`
  return describeRange(name, { min, max }, formatScore)
}

function describeRange(
  name: string,
  { min, max }: { min?: number; max?: number },
  write: (value: number) => string,
): string {
  if (min !== undefined && max !== undefined)
    return min === max ? `${name} = ${write(min)}` : `${name} from ${write(min)} to ${write(max)}`
  if (min !== undefined) return `${name} ≥ ${write(min)}`
  if (max !== undefined) return `${name} ≤ ${write(max)}`
  return `has ${name}`
}

function nameOf(metric: SearchMetric): string {
  return 'score' in metric ? metric.score.name : 'latency' in metric ? 'latency' : 'cost'
}
