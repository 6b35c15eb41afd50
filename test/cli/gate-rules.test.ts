import { expect, test } from 'vitest'
import { UsageError } from '../../src/cli/cli-error.ts'
import { parseGateRules } from '../../src/cli/gate-rules.ts'

test('rules are written as people say them', () => {
  const rules = [
    'correct>=0.9',
    '  tone >= -0.5 ',
    'correct >= baseline - 0.02',
    'error<=baseline+1e-3',
    'latency <= baseline + 200',
    'cost <= baseline + 0.001',
    'failed <= baseline + 0.01',
    '"cost" >= 0.5',
    '"a >= b" >= baseline - 1',
    'failure-rate<=0.05',
    'avg-latency <= 300',
    'p95-latency <= 2000',
    'cost <= 1.5',
    'avg-cost <= 0.01',
  ]
  expect(parseGateRules(rules)).toEqual({
    minMeans: [
      { metric: { score: { name: 'correct' } }, value: 0.9 },
      { metric: { score: { name: 'tone' } }, value: -0.5 },
      { metric: { score: { name: 'cost' } }, value: 0.5 },
    ],
    notWorse: [
      { metric: { score: { name: 'correct' } }, margin: 0.02 },
      { metric: { score: { name: 'error' } }, margin: 0.001 },
      { metric: { latency: true }, margin: 200 },
      { metric: { cost: true }, margin: 0.001 },
      { metric: { failed: true }, margin: 0.01 },
      { metric: { score: { name: 'a >= b' } }, margin: 1 },
    ],
    maxFailureRate: 0.05,
    maxAvgLatencyMs: 300,
    maxP95LatencyMs: 2000,
    maxCostUsd: 1.5,
    maxAvgCostUsd: 0.01,
  })
})

test.for([
  ['correct', 'such as "correct>=0.9"'],
  ['correct > 0.9', 'such as "correct>=0.9"'],
  ['correct >= many', 'such as "correct>=0.9"'],
  ['correct >= baseline + 0.02', 'either ">= baseline - margin"'],
  ['correct >= baseline - 0', 'a margin above 0'],
  ['correct <= 0.3', 'a limit of failure-rate, avg-latency'],
])('the rule %j is refused with what was expected', ([rule = '', expected]) => {
  expect(() => parseGateRules([rule])).toThrow(UsageError)
  expect(() => parseGateRules([rule])).toThrow(`--gate: expected ${expected}`)
  expect(() => parseGateRules([rule])).toThrow(`got "${rule}".`)
})

test('a limit that is given twice is refused', () => {
  expect(() => parseGateRules(['cost <= 1', 'cost <= 2'])).toThrow('cost only once')
})
