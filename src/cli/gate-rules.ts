/**
 * The rules of `--gate` and of experiment files, in the notation that people write:
 *
 *     correct >= 0.9                 the mean of a score
 *     correct >= baseline - 0.02     not worse than the baseline by more than a margin; also "tokens <= baseline + 10"
 *     latency <= baseline + 200      the same for latency (ms), cost (USD) and failed (the share of failed items)
 *     failure-rate <= 0.05           at most; also avg-latency, p95-latency (ms), cost, avg-cost (USD)
 */
import { UsageError } from './cli-error.ts'
import type { GateInput, MetricInput } from './gql/graphql.ts'

const limits = {
  'failure-rate': 'maxFailureRate',
  'avg-latency': 'maxAvgLatencyMs',
  'p95-latency': 'maxP95LatencyMs',
  cost: 'maxCostUsd',
  'avg-cost': 'maxAvgCostUsd',
} as const satisfies Record<string, keyof GateInput>

const number = '(\\d+(?:\\.\\d+)?(?:e-?\\d+)?)'
const relative = new RegExp(`^(.+?)\\s*([<>])=\\s*baseline\\s*([+-])\\s*${number}$`)
const absolute = new RegExp(`^(.+?)\\s*([<>])=\\s*(-?)${number}$`)

export const gateNotation = `Rules of a gate:
  correct>=0.9               the mean of a score
  correct>=baseline-0.02     not worse than the baseline by more than a margin (also latency, cost, failed)
  failure-rate<=0.05         at most; also avg-latency, p95-latency (ms), cost, avg-cost (USD)`

/** Makes the error about the rule at a place of the list. */
type Refusal = (problem: string, index: number) => Error

/**
 * @param refusal default: about the option `--gate`
 * @throws {UsageError} or what `refusal` makes, naming the rule that cannot be read
 */
export function parseGateRules(rules: readonly string[], refusal: Refusal = ofOption): GateInput {
  const gate: GateInput = {}
  for (const [index, given] of rules.entries()) {
    const rule = given.trim()
    addRule(gate, rule, (expected) => refusal(`expected ${expected}, got "${rule}".`, index))
  }
  return gate
}

function addRule(gate: GateInput, rule: string, refusal: (expected: string) => Error): void {
  const [, metric, way, sign, margin] = relative.exec(rule) ?? []
  if (metric !== undefined) {
    // The direction of a metric is known to the server; a rule that contradicts itself says nothing.
    if ((way === '>') !== (sign === '-')) throw refusal('either ">= baseline - margin" or "<= baseline + margin"')
    if (Number(margin) === 0) throw refusal('a margin above 0: no measurement shows that nothing at all is lost')
    gate.notWorse = [...(gate.notWorse ?? []), { metric: metricOf(metric), margin: Number(margin) }]
    return
  }
  const [, name = '', comparison, minus, value] = absolute.exec(rule) ?? []
  if (value === undefined) throw refusal('such as "correct>=0.9" or "correct>=baseline-0.02"')
  const limit = Number(`${minus}${value}`)
  if (comparison === '>') {
    const score: MetricInput = { score: { name: unquoted(name) } }
    gate.minMeans = [...(gate.minMeans ?? []), { metric: score, value: limit }]
    return
  }
  const field = limits[name as keyof typeof limits]
  if (!field) throw refusal(`a limit of ${Object.keys(limits).join(', ')}; a score has a minimum (>=)`)
  if (gate[field] != null) throw refusal(`${name} only once`)
  gate[field] = limit
}

/** A score that is called like something measured is quoted. */
export function metricOf(name: string): MetricInput {
  if (name === 'latency') return { latency: true }
  if (name === 'cost') return { cost: true }
  if (name === 'failed') return { failed: true }
  return { score: { name: unquoted(name) } }
}

function unquoted(name: string): string {
  return /^(["']).*\1$/.test(name) ? name.slice(1, -1) : name
}

function ofOption(problem: string): UsageError {
  return new UsageError(`--gate: ${problem}`)
}
