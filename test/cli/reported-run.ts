/** A run as reports have it, which regressed against its baseline. */
import type { ChangedItem, RunReport } from '../../src/cli/report/load-report.ts'
import type { MetricFigures } from '../../src/cli/report/verdict-sentence.ts'

/** A text that means something in Markdown, HTML and XML. */
export const hostile =
  'a|b \\| `c` <img src=x onerror=alert(1)> </details> *d* _e_ [f](http://g) @h #1 &amp; ]]> https://i.example'

export const figures: MetricFigures = {
  metric: { kind: 'SCORE', name: 'correct', source: null },
  candidate: { id: 'after', name: 'after' },
  dataType: 'BOOLEAN',
  direction: 'HIGHER_IS_BETTER',
  baselineMean: 0.563,
  candidateMean: 0.217,
  delta: -0.346,
  interval: { low: -0.377, high: -0.315 },
  sequence: null,
  adjustedPValue: 0,
  pairs: 1_319,
  missing: 0,
  improved: 90,
  regressed: 546,
  unchanged: 683,
  margin: 0,
  pairsNeeded: null,
  verdict: 'REGRESSED',
  reason: null,
}

export const regression: ChangedItem = {
  item: 'q-1',
  itemId: 'id',
  score: 'correct',
  before: '1',
  after: '0',
  input: 'two\nlines',
  expectedOutput: 'C:\\temp\\new',
  outputBefore: 'yes',
  outputAfter: hostile,
  url: 'https://assay.example/runs/x?baseline=y&item=z',
}

export function report(changes: Partial<RunReport['run']> = {}, more: Partial<RunReport> = {}): RunReport {
  return {
    run: {
      id: 'after',
      name: 'after',
      status: 'COMPLETED',
      stopReason: null,
      stopMessage: null,
      url: 'https://assay.example/runs/x',
      createdAt: '2026-11-26T09:00:00.000Z',
      durationMs: 3_200,
      metadata: null,
      datasetVersion: 3,
      dataset: { id: 'd', name: 'questions', baseline: null },
      experiment: { id: 'e', name: 'answers' },
      progress: { total: 1_319, queued: 0, running: 0, succeeded: 1_317, failed: 2, cancelled: 0 },
      stats: {
        latencyMs: null,
        costUsd: 0.12,
        unknownCostCount: 0,
        failures: [{ code: 'TIMEOUT', count: 2 }],
        scores: [],
      },
      scores: [],
      gate: {
        status: 'FAILED',
        checks: [
          { rule: 'COMPLETED', metric: null, passed: true, limit: null, actual: null, reason: 'The run is COMPLETED.' },
          {
            rule: 'NOT_WORSE',
            metric: { kind: 'SCORE', name: 'correct', source: null },
            passed: false,
            limit: 0.02,
            actual: -0.346,
            reason: '"correct" is worse than in the baseline (by -0.346); the margin is 0.02.',
          },
        ],
      },
      ...changes,
    } as RunReport['run'],
    baseline: { id: 'before', name: 'before', url: 'https://assay.example/runs/y' },
    metrics: [figures],
    dependence: [],
    regressions: [regression],
    ...more,
  }
}
