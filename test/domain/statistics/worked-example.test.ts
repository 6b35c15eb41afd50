import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DifferenceSequence } from '../../../src/domain/statistics/difference-sequence.ts'
import { decideVerdicts } from '../../../src/domain/statistics/verdict.ts'
import { compareMetric } from '../../helpers/reference-statistics.ts'

const page = readFileSync(new URL('../../../docs/statistics.md', import.meta.url), 'utf8')

/** The cells of the example's table by row label. */
const rows = new Map(
  page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').slice(1, -1))
    .map(([label, ...cells]) => [label?.trim(), cells.map((cell) => cell.trim())]),
)

const same = (count: number, baseline: number, candidate: number) =>
  Array.from({ length: count }, () => ({ baseline, candidate }))

const correct = compareMetric(
  [...same(20, 1, 1), ...same(14, 0, 1), ...same(3, 1, 0), ...same(13, 0, 0)],
  'HIGHER_IS_BETTER',
  2,
)
const latency = compareMetric(
  [120, -90, 40, -60, 15].flatMap((d) => same(10, 800, 800 + d)),
  'LOWER_IS_BETTER',
  2,
)

const minus = (text: string) => text.replace('-', '−')

test('the worked example of docs/statistics.md is what the code computes', () => {
  const both = [correct, latency]
  const tolerant = decideVerdicts([
    { figures: correct, margin: 0 },
    { figures: latency, margin: 50 },
  ])
  const strict = decideVerdicts(both.map((figures) => ({ figures, margin: 0 })))

  expect(rows.get('means, delta')).toEqual(both.map((f) => `${f.baselineMean} → ${f.candidateMean}, delta ${f.delta}`))
  expect(rows.get('improved / regressed / unchanged / missing')).toEqual(
    both.map((f) => `${f.improved} / ${f.regressed} / ${f.unchanged} / ${f.missing}`),
  )
  expect(rows.get('method')).toEqual(['exact McNemar', 'Student t'])
  expect(both.map((f) => f.method)).toEqual(['EXACT_MCNEMAR', 'STUDENT_T'])
  expect(rows.get('95 % interval')).toEqual(
    both.map((f, i) => {
      const digits = i === 0 ? 3 : 1
      return `${minus(f.interval?.low.toFixed(digits) ?? '')} to ${f.interval?.high.toFixed(digits)}`
    }),
  )
  expect(rows.get('p value')).toEqual(both.map((f) => f.pValue?.toFixed(4)))
  expect(rows.get('adjusted p value, two metrics')).toEqual(tolerant.map((d) => d.adjustedPValue?.toFixed(4)))
  expect(rows.get('verdict')).toEqual([
    tolerant[0]?.verdict,
    `${tolerant[1]?.verdict} with a margin of 50 ms; else ${strict[1]?.verdict}, ${strict[1]?.pairsNeeded} more pairs`,
  ])
})

test('it takes nine wins without a loss to exclude zero, as the page says', () => {
  const sequence = new DifferenceSequence(1, { binary: true })
  while (sequence.side(0) === null) sequence.push(1)
  expect(sequence.count).toBe(9)
})
