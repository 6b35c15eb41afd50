/**
 * Experiments as tests: `import 'assay/vitest'` adds `expect(result).toPassGate(gate?)`, which waits for the verdict, so
 * it has to be awaited. A failure shows every rule that is violated, the comparison and the worst regressions.
 */
import { expect } from 'vitest'
import type { Comparison, Gate, GateResult, Regression } from './comparison.ts'
import { ExperimentResult } from './experiment/result.ts'
import type { RunLike } from './run-like.ts'

export interface ToPassGateOptions {
  /** What the run is compared with; default: the baseline that is approved for the dataset. */
  baseline?: RunLike
  /** How many regressions a failure shows; default 5. */
  regressions?: number
}

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /**
     * The run of this result satisfies a gate; default: the gate of its experiment. To be awaited.
     * @throws {TypeError} for anything but a recorded result of `runExperiment`, and when there is no gate
     */
    toPassGate(gate?: Gate, options?: ToPassGateOptions): Promise<void>
  }
}

expect.extend({
  async toPassGate(received: unknown, gate?: Gate, options: ToPassGateOptions = {}) {
    if (!(received instanceof ExperimentResult)) {
      throw new TypeError(`Expected the result of an experiment, got ${typeof received}.`)
    }
    const { baseline, regressions = 5 } = options
    const compared = baseline === undefined ? {} : { baseline }
    const result = await received.checkGate(gate, compared)
    if (!result) throw new TypeError('Expected a gate, or an experiment that has one, got neither.')
    const pass = result.status === 'PASSED'
    const comparison = await received.compareTo(baseline)
    const worst = pass ? [] : await comparison.regressions({ limit: regressions })
    const message = gateMessage(received, result, comparison, worst)
    return { pass, message: () => message }
  },
})

/** The verdict, what decided it, and the worst regressions, for the output of a test. */
function gateMessage(
  { runName, runUrl }: Pick<ExperimentResult, 'runName' | 'runUrl'>,
  { status, checks }: GateResult,
  comparison: Comparison,
  regressions: readonly Regression[],
): string {
  const lines = [`${runName} ${status === 'PASSED' ? 'passes' : 'does not pass'} its gate (${status}).`]
  for (const { passed, rule, metric, reason } of checks) {
    lines.push(`  ${passed ? '✓' : '✗'} ${rule}${metric?.name ? ` ${metric.name}` : ''}: ${reason}`)
  }
  if (comparison.baseline) lines.push('', comparison.format())
  if (regressions.length > 0) lines.push('', 'Worst regressions:', ...regressions.map(regressionText))
  return [...lines, '', runUrl ?? ''].join('\n')
}

const maxLength = 200

function regressionText({ metric, key, input, expectedOutput, baseline, candidate, delta }: Regression): string {
  const change = `${baseline.value ?? '–'} → ${candidate.value ?? '–'}${delta === null ? '' : ` (${delta > 0 ? '+' : ''}${delta})`}`
  const lines = [`  ${metric} ${change} on ${key ?? excerpt(input)}`]
  if (key !== null) lines.push(`    input: ${excerpt(input)}`)
  if (expectedOutput !== null) lines.push(`    expected: ${excerpt(expectedOutput)}`)
  lines.push(`    before: ${excerpt(baseline.output)}`)
  lines.push(`    now: ${candidate.error ? `failed: ${candidate.error}` : excerpt(candidate.output)}`)
  return lines.join('\n')
}

function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}
