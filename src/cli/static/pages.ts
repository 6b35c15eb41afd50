/** The pages of a run: an overview, its items and its failed items. */
import { asText, count, dollars, known, metricName, milliseconds, shortened } from '../report/figures.ts'
import { isPassed, type RunReport, telling } from '../report/load-report.ts'
import { verdictSentence } from '../report/verdict-sentence.ts'
import { type Html, html, page } from './html.ts'

/** What the pages show of a row of the export. */
export interface ExportedItem {
  key: string | null
  itemId: string
  position: number
  repetition: number
  status: string
  input: unknown
  expectedOutput: unknown
  output: unknown
  error: { code: string; message: string } | null
  latencyMs: number | null
  costUsd: number | null
  scores: { name: string; value: number | null; label: string | null; error: { message: string } | null }[]
}

/** The files of a list: its first page, and how many there are. */
export interface PagedList {
  name: string
  title: string
  pages: number
  items: number
}

export const itemsPerPage = 200
/** Of a value on a page; the file of all items has the rest. */
const maxValueLength = 20_000

export function fileOf({ name }: Pick<PagedList, 'name'>, number: number): string {
  return number === 1 ? `${name}.html` : `${name}-${number}.html`
}

export function overviewPage(report: RunReport, lists: readonly PagedList[]): string {
  const { run, baseline } = report
  const { total, succeeded, failed, cancelled } = run.progress
  const facts = [
    ['Status', run.stopReason ? `${run.status} (${run.stopReason})` : run.status],
    ['Experiment', run.experiment.name],
    ['Dataset', `${run.dataset.name}, version ${run.datasetVersion}`],
    ['Started', run.createdAt],
    ['Items', `${total}: ${succeeded} succeeded, ${failed} failed, ${cancelled} cancelled`],
    [
      'Latency',
      `${known(run.stats.latencyMs?.p50, milliseconds)} median, ${known(run.stats.latencyMs?.p95, milliseconds)} p95`,
    ],
    ['Cost', run.stats.costUsd == null ? 'unknown' : dollars(run.stats.costUsd)],
    ['Metadata', run.metadata == null ? 'none' : JSON.stringify(run.metadata)],
  ]
  const body = html`<h1>${run.name}</h1>
<table>${facts.map(([name = '', value = '']) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>
<h2>Scores</h2>
<table><tr><th scope="col">Score</th><th scope="col">Mean</th><th scope="col">Values</th><th scope="col">Errors</th><th scope="col">Missing</th></tr>
${run.stats.scores.map(
  ({ name, source, mean, stderr, labels, count: values, errorCount, missingCount }) => html`<tr><th scope="row">${
    source === 'EVALUATOR' ? name : `${name} (${source})`
  }</th><td>${
    mean == null
      ? labels.map((one) => `${one.label} ${one.count}`).join(', ') || '–'
      : `${mean.toFixed(3)}${stderr == null ? '' : ` ± ${stderr.toFixed(3)}`}`
  }</td><td>${values}</td><td>${errorCount}</td><td>${missingCount}</td></tr>
`,
)}</table>
${run.gate ? gateSection(report) : null}
${baseline ? comparisonSection(report) : null}
${
  run.stats.failures.length > 0
    ? html`<h2>Failures</h2>
<ul>${run.stats.failures.map((failure) => html`<li>${count(failure.count, 'item')} with ${failure.code}</li>`)}</ul>`
    : null
}
<h2>Items</h2>
<nav>${lists.map((list) => html`<a href="${fileOf(list, 1)}">${list.title} (${list.items})</a> `)}<a href="items.jsonl">All items as JSON Lines</a> <a href="report.json">This page as JSON</a></nav>`
  return page(run.name, body)
}

function gateSection({ run }: RunReport): Html {
  return html`<h2>Gate: ${isPassed(run) ? 'passed' : 'not passed'}</h2>
<ul>${run.gate?.checks.map(({ passed, reason }) => html`<li>${passed ? '✓' : '✗'} ${reason}</li>`) ?? null}</ul>`
}

function comparisonSection({ baseline, metrics, regressions }: RunReport): Html {
  const verdicts = telling(metrics).map(
    (metric) => html`<li><strong>${metricName(metric.metric)}</strong> is ${verdictSentence(metric)}.</li>`,
  )
  const rows = regressions.map(
    (one) => html`<tr><th scope="row">${one.item}</th><td>${one.score}: ${one.before} → ${one.after}</td><td><pre>${
      one.input
    }</pre></td><td><pre>${one.expectedOutput ?? '–'}</pre></td><td><pre>${one.outputBefore}</pre></td><td><pre>${
      one.outputAfter
    }</pre></td></tr>
`,
  )
  return html`<h2>Compared with ${baseline?.name ?? ''}</h2>
<ul>${verdicts}</ul>
${
  rows.length === 0
    ? null
    : html`<h3>Worst regressions</h3><div class="wide"><table>
<tr><th scope="col">Item</th><th scope="col">Score</th><th scope="col">Input</th><th scope="col">Expected</th><th scope="col">Before</th><th scope="col">Now</th></tr>
${rows}</table></div>`
}`
}

export function itemsPage(runName: string, list: PagedList, number: number, items: readonly ExportedItem[]): string {
  const links = [
    html`<a href="index.html">Overview</a> `,
    ...(number > 1 ? [html`<a href="${fileOf(list, number - 1)}">Previous</a> `] : []),
    ...(number < list.pages ? [html`<a href="${fileOf(list, number + 1)}">Next</a> `] : []),
  ]
  const title = `${list.title} ${number} of ${list.pages}`
  return page(
    `${title}: ${runName}`,
    html`<h1>${runName}</h1>
<nav>${links}</nav>
<h2>${title}</h2>
<div class="wide"><table>
<tr><th scope="col">Item</th><th scope="col">Scores</th><th scope="col">Input</th><th scope="col">Expected</th><th scope="col">Output</th></tr>
${items.map(row)}</table></div>
<nav>${links}</nav>`,
  )
}

function row(item: ExportedItem): Html {
  const scores = item.scores.map(
    ({ name, value, label, error }) =>
      html`<div>${name}: ${error ? `error: ${error.message}` : (label ?? value ?? '–')}</div>`,
  )
  const output = item.error ? `${item.error.code}: ${item.error.message}` : item.output
  const repetition = item.repetition > 0 ? html`<div>repetition ${item.repetition + 1}</div>` : null
  return html`<tr id="${`p${item.position}-${item.repetition}`}"><th scope="row">${item.key ?? item.itemId}${repetition}<div>${
    item.status
  }</div><div>${known(item.latencyMs, milliseconds)}</div></th><td>${scores}</td><td>${value(item.input)}</td><td>${value(
    item.expectedOutput,
  )}</td><td>${value(output)}</td></tr>
`
}

function value(given: unknown): Html {
  if (given == null) return html`–`
  const text = asText(given)
  const rest = text.length > maxValueLength ? html`<div>${text.length} characters in items.jsonl</div>` : null
  return html`<pre>${shortened(text, maxValueLength)}</pre>${rest}`
}
