/**
 * Reports as Markdown for the comment of a pull request. What comes from outside (names, inputs, outputs) is code with every
 * character that could mean something written as an entity, so that nothing in it is markup, a mention or a link.
 */
import type { ReportedRun } from '../run-report.ts'
import { dependenceSentence } from './dependence-sentence.ts'
import { count, dollars, metricName, milliseconds } from './figures.ts'
import { type ChangedItem, isPassed, type RunReport, regressionsUrl, telling } from './load-report.ts'
import { verdictSentence } from './verdict-sentence.ts'

/** A comment of GitHub has at most 65,536 characters. */
const maxLength = 60_000

export function markdownOf(reports: readonly RunReport[]): string {
  const share = Math.floor(maxLength / Math.max(reports.length, 1))
  const sections: string[] = []
  let length = 0
  for (const [index, report] of reports.entries()) {
    const text = section(report, share)
    length += text.length + 2
    if (length > maxLength) {
      sections.push(`There is no room for ${count(reports.length - index, 'more run')}.`)
      break
    }
    sections.push(text)
  }
  return `${sections.join('\n\n')}\n`
}

function section(report: RunReport, length: number): string {
  const { run, baseline, metrics, dependence } = report
  const passed = isPassed(run)
  const said = run.gate ? (passed ? 'Gate passed' : `Gate ${run.gate.status.toLowerCase()}`) : run.status.toLowerCase()
  const lines = [
    `### ${passed ? '✅' : '❌'} ${said}: ${code(run.name)}`,
    '',
    `${run.url === '' ? '' : `${link('Open the run', run.url)} · `}${code(run.experiment.name)} on ${code(run.dataset.name)}, version ${run.datasetVersion} · ${facts(run)}`,
  ]
  if (run.gate) {
    const checks = run.gate.checks.toSorted((a, b) => Number(a.passed) - Number(b.passed))
    const texts = checks.map(({ passed, reason }) => `- ${passed ? '✅' : '❌'} ${plain(reason)}`)
    lines.push('', ...fitting(texts, length / 4))
  }
  if (baseline) {
    lines.push('', `Compared with ${link(code(baseline.name), baseline.url)}:`, '')
    const verdicts = telling(metrics).map((one) => `- ${code(metricName(one.metric))} is ${verdictSentence(one)}.`)
    lines.push(...fitting(verdicts, length / 4))
    lines.push(...dependence.map((one) => `- ⚠️ ${plain(dependenceSentence(one))}.`))
  } else {
    lines.push('', 'There is no baseline to compare with.', '', ...fitting(scores(run), length / 4))
  }
  const failures = run.stats.failures.map(({ code: kind, count: items }) => `${items} × ${code(kind)}`)
  if (failures.length > 0) lines.push('', `Failed items: ${failures.join(', ')}`)
  const head = lines.join('\n')
  return [head, ...regressionTable(report, length - head.length)].join('\n\n')
}

/** As many lines of a list as there is room for, and how many are missing. */
function fitting(lines: readonly string[], room: number): string[] {
  let length = 0
  const end = lines.findIndex((line) => {
    length += line.length + 1
    return length > room
  })
  return end === -1 ? [...lines] : [...lines.slice(0, end), `- and ${lines.length - end} more`]
}

function facts({ progress, stats, durationMs }: RunReport['run']): string {
  const { total, failed, cancelled } = progress
  return [
    count(total, 'item'),
    `${failed} failed`,
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(stats.costUsd == null ? [] : [dollars(stats.costUsd)]),
    ...(durationMs == null ? [] : [milliseconds(durationMs)]),
  ].join(' · ')
}

function scores({ stats }: ReportedRun): string[] {
  return stats.scores.map(({ name, mean, labels, count: values, errorCount, missingCount }) => {
    const value = mean == null ? labels.map((one) => `${code(one.label)} ${one.count}`).join(', ') : mean.toFixed(3)
    return `- ${code(name)}: ${value || 'no value'} (${values} values, ${errorCount} errors, ${missingCount} missing)`
  })
}

/** As many rows as there is room for. */
function regressionTable(report: RunReport, room: number): string[] {
  const { regressions, baseline } = report
  if (regressions.length === 0 || !baseline) return []
  const rows: string[] = []
  let length = 600
  for (const regression of regressions) {
    const row = rowOf(regression)
    length += row.length + 1
    if (length > room) break
    rows.push(row)
  }
  if (rows.length === 0) return []
  const columns = ['item', 'score', 'before → after', 'input', 'expected', 'output before', 'output now']
  return [
    `<details><summary>${count(rows.length, 'regressed item')}, the worst first</summary>`,
    [`| ${columns.join(' | ')} |`, `|${columns.map(() => ' --- ').join('|')}|`, ...rows].join('\n'),
    report.run.url === ''
      ? '</details>'
      : `</details>\n\n${link('All items, the worst regressions first', regressionsUrl(report))}`,
  ]
}

function rowOf({
  item,
  score,
  before,
  after,
  input,
  expectedOutput,
  outputBefore,
  outputAfter,
  url,
}: ChangedItem): string {
  const cells = [
    link(code(item), url),
    code(score),
    `${code(before)} → ${code(after)}`,
    code(input),
    expectedOutput === null ? '–' : code(expectedOutput),
    code(outputBefore),
    code(outputAfter),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Text that is shown as it is. */
function plain(text: string): string {
  const withoutControls = text.replace(/\r\n?/g, '\n').replace(/(?!\n)\p{Cc}/gu, '\uFFFD')
  const entities = withoutControls.replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`)
  return entities.replaceAll('\n', '<br>')
}

/** The same as code: GitHub makes no mention, reference or link of it. */
function code(text: string): string {
  return text.trim() === '' ? '<code>&nbsp;</code>' : `<code>${plain(text)}</code>`
}

function link(markdown: string, url: string): string {
  const parsed = URL.parse(url)
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return markdown
  return `[${markdown}](<${parsed.href.replace(/[<>|\\]/g, encodeURIComponent)}>)`
}
