/**
 * Reports as JUnit XML, which CI systems show as tests: a suite for each run with a test for each rule of its gate (without
 * a gate: that it completed). A test fails exactly where `run`, `watch` and `gate` do; `show` and
 * `compare` only report.
 */
import xmlbuilder from 'xmlbuilder'
import { metricName } from './figures.ts'
import { isPassed, type RunReport } from './load-report.ts'
import { verdictSentence } from './verdict-sentence.ts'

export function junitOf(reports: readonly RunReport[]): string {
  const document = xmlbuilder.create('testsuites', { encoding: 'UTF-8', invalidCharReplacement: '\uFFFD' })
  const tests = reports.map(testsOf)
  const all = tests.flat()
  const seconds = reports.map(({ run }) => (run.durationMs ?? 0) / 1_000)
  document.att({ name: 'assay', tests: all.length, failures: failuresIn(all), errors: 0 })
  document.att('time', seconds.reduce((sum, one) => sum + one, 0).toFixed(3))
  for (const [index, report] of reports.entries()) addSuite(document, report, tests[index] ?? [], seconds[index] ?? 0)
  return `${document.end({ pretty: true })}\n`
}

interface Test {
  name: string
  passed: boolean
  /** Why. */
  reason: string
}

function testsOf({ run }: RunReport): Test[] {
  const { status, progress } = run
  const { total, succeeded, failed } = progress
  const reason = `The run is ${status}: ${succeeded} of ${total} items succeeded, ${failed} failed.`
  if (!run.gate) return [{ name: 'the run completes', passed: isPassed(run), reason }]
  return run.gate.checks.map(({ rule, metric, passed, reason: why }) => ({
    name: metric ? `${rule} ${metricName(metric)}` : rule,
    passed,
    reason: why,
  }))
}

function lines(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n')
}

function failuresIn(tests: readonly Test[]): number {
  return tests.filter(({ passed }) => !passed).length
}

function addSuite(document: xmlbuilder.XMLElement, report: RunReport, tests: Test[], seconds: number): void {
  const { run, baseline, metrics, regressions } = report
  const suite = document.ele('testsuite', {
    name: run.name,
    tests: tests.length,
    failures: failuresIn(tests),
    errors: 0,
    skipped: 0,
    time: seconds.toFixed(3),
    timestamp: run.createdAt.slice(0, 19),
  })
  const properties = suite.ele('properties')
  const facts = { run: run.id, url: run.url, experiment: run.experiment.name, dataset: run.dataset.name }
  for (const [name, value] of Object.entries(facts)) if (value !== '') properties.ele('property', { name, value })
  const worst = regressions.map(({ item, score, before, after, url }) =>
    `${item}: ${score} ${before} → ${after} ${url}`.trimEnd(),
  )
  for (const { name, passed, reason } of tests) {
    const test = suite.ele('testcase', { name, classname: run.experiment.name, time: '0.000' })
    if (!passed) test.ele('failure', { message: reason, type: 'gate' }, lines(reason, run.url, ...worst))
  }
  const compared = metrics.map((metric) => `${metricName(metric.metric)} is ${verdictSentence(metric)}.`)
  const heading = baseline ? [`Compared with ${baseline.name}:`] : []
  suite.ele('system-out', {}, lines(run.url, ...heading, ...compared))
}
