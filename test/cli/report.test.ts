/** What continuous integration shows: JUnit that its schema accepts, and Markdown that renders as what it says. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import MarkdownIt from 'markdown-it'
import { expect, test } from 'vitest'
import { validateXML } from 'xmllint-wasm'
import type { GraphQLClient } from '../../src/cli/graphql-client.ts'
import { initCommand } from '../../src/cli/init.ts'
import { junitOf } from '../../src/cli/report/junit.ts'
import { markdownOf } from '../../src/cli/report/markdown.ts'
import { verdictSentence } from '../../src/cli/report/verdict-sentence.ts'
import { type ExportedItem, itemsPage, overviewPage } from '../../src/cli/static/pages.ts'
import { writeStaticPages } from '../../src/cli/static/write-pages.ts'
import { figures, hostile, regression, report } from './reported-run.ts'

test('a verdict is a sentence with its interval and its counts', () => {
  expect(verdictSentence(figures)).toBe(
    'worse by 34.6 points (95 % interval −37.7 to −31.5 points): 21.7 % after 56.3 %, 1,319 items, 90 better, 546 worse',
  )
  const undecided = { ...figures, verdict: 'INCONCLUSIVE' as const, delta: 0.01, interval: { low: -0.01, high: 0.03 } }
  expect(verdictSentence({ ...undecided, pairsNeeded: 4_000, missing: 2 })).toBe(
    'undecided, +1.0 points for the better (95 % interval −1.0 to +3.0 points); about 4,000 more items would decide it: ' +
      '21.7 % after 56.3 %, 1,319 items, 90 better, 546 worse, 2 without a value in both runs',
  )
  expect(verdictSentence({ ...figures, verdict: 'NOT_WORSE', margin: 0.02, delta: 0 })).toContain(
    'not worse: a loss of more than 2.0 points is ruled out',
  )
  expect(verdictSentence({ ...figures, pairs: 0, delta: null, missing: 7 })).toBe(
    'cannot be compared: no item has a value in both runs, 7 lack one',
  )
})

async function validity(xml: string): Promise<string[]> {
  const schema = await readFile(join(import.meta.dirname, 'junit.xsd'), 'utf8')
  const { errors } = await validateXML({ xml: { fileName: 'report.xml', contents: xml }, schema })
  return errors.map(({ message }) => message)
}

test('JUnit has a test for every rule, and is valid whatever the names are', async () => {
  const named = report(
    { name: `${hostile}\u0000\u001b[31m`, experiment: { id: 'e', name: hostile } },
    { baseline: { id: 'b', name: hostile, url: 'https://assay.example/runs/y' } },
  )
  const xml = junitOf([named, report({ gate: null })])
  expect(await validity(xml)).toEqual([])
  expect(await validity(xml.replace('<testcase ', '<testcas '))).not.toEqual([])
  expect(xml).toContain('tests="3" failures="1"')
  expect(xml).toContain('name="NOT_WORSE correct"')
  expect(xml).toContain('type="gate"')
  expect(xml).toContain('worse by 34.6 points')
  expect(xml).not.toMatch(/<img/)
})

/** What GitHub makes of it, with HTML let through so that nothing is hidden by a sanitizer. */
const render = (markdown: string) => new MarkdownIt({ html: true, linkify: true }).render(markdown)

/** The text that a browser shows. */
function shown(html: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0' }
  return html
    .replaceAll(/<br\s*\/?>/g, '\n')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(#(\d+)|\w+);/g, (_, entity: string, code?: string) =>
      code ? String.fromCharCode(Number(code)) : (named[entity] ?? ''),
    )
}

test('Markdown shows pipes, backslashes, line ends and HTML as they are', () => {
  const html = render(markdownOf([report({ name: hostile })]))
  const text = shown(html)
  expect(text).toContain(`Gate failed: ${hostile}`)
  const row = html.split('<tr>').find((part) => part.includes('q-1')) ?? ''
  const cells = [...row.matchAll(/<td>([\s\S]*?)<\/td>/g)].map(([, cell = '']) => shown(cell))
  expect(cells).toEqual(['q-1', 'correct', '1 → 0', 'two\nlines', 'C:\\temp\\new', 'yes', hostile])
  expect(html).not.toMatch(/<(img|em|strong|h1)/)
  expect([...html.matchAll(/<a href="([^"]*)"/g)].map(([, url = '']) => new URL(url).host)).toEqual(
    Array.from({ length: 4 }, () => 'assay.example'),
  )
  expect(text).toContain('correct is worse by 34.6 points (95 % interval −37.7 to −31.5 points)')
  expect(text).toContain('Failed items: 2 × TIMEOUT')
})

test('Markdown of any number of regressions fits into a comment', () => {
  const many = Array.from({ length: 2_000 }, (_, n) => ({
    ...regression,
    item: `q-${n}`,
    outputAfter: hostile.repeat(2),
  }))
  const markdown = markdownOf([report({}, { regressions: many })])
  expect(markdown.length).toBeLessThan(65_536)
  expect(render(markdown)).toContain('</details>')
  expect(markdown).toContain('All items, the worst regressions first')
})

test('Markdown of any number of rules, verdicts and runs fits into a comment, with failed rules first', () => {
  const [passed, failed] = report().run.gate?.checks ?? []
  if (!passed || !failed) throw new Error('Expected two checks.')
  const gate = { status: 'FAILED' as const, checks: [...Array.from({ length: 2_000 }, () => passed), failed] }
  const many = report({ gate }, { metrics: Array.from({ length: 2_000 }, () => figures) })
  const one = markdownOf([many])
  expect(one.length).toBeLessThan(65_536)
  expect(one).toContain('❌ &#34;correct&#34; is worse')
  expect(one).toMatch(/^- and \d+ more$/m)
  const several = markdownOf(Array.from({ length: 200 }, () => many))
  expect(several.length).toBeLessThan(65_536)
  expect(several).toMatch(/There is no room for \d+ more runs\.\n$/)
})

test('items that look dependent are warned of, with what to do about it', () => {
  const dependence = [
    {
      path: ['passage'],
      metric: { kind: 'SCORE' as const, name: 'correct', source: 'EVALUATOR' as const },
      clusters: { count: 20, icc: 0.31, designEffect: 3.74 },
    },
  ]
  const text = shown(render(markdownOf([report({}, { dependence })])))
  expect(text).toContain('change alike in correct (ICC 0.31, which makes them worth 3.7 times fewer)')
  expect(text).toContain('say so: --cluster passage, or `clusterPath` of the dataset.')
})

test('a link that is no web address is not a link', () => {
  const html = render(markdownOf([report({ url: 'javascript:alert(1)' }, { regressions: [] })]))
  expect(html).not.toContain('javascript')
})

test('where the server ends with the command, nothing leads to its pages', async () => {
  const gone = report({ url: '' }, { regressions: [{ ...regression, url: '' }] })
  const { baseline } = gone
  const markdown = markdownOf([{ ...gone, baseline: baseline && { ...baseline, url: '' } }])
  expect(markdown).toContain('<code>q&#45;1</code> | <code>correct</code>')
  expect(markdown).not.toMatch(/\]\(|Open the run|All items/)
  const xml = junitOf([gone])
  expect(await validity(xml)).toEqual([])
  expect(xml).not.toContain('assay.example')
})

test('static pages show everything as text, execute nothing and need nothing else', () => {
  const list = { name: 'items', title: 'Items', pages: 2, items: 201 }
  const item: ExportedItem = {
    key: hostile,
    itemId: 'id',
    position: 0,
    repetition: 1,
    status: 'SUCCEEDED',
    input: { text: hostile },
    expectedOutput: null,
    output: 'x'.repeat(30_000),
    error: null,
    latencyMs: 12,
    costUsd: null,
    scores: [{ name: 'correct', value: 1, label: null, error: null }],
  }
  const overview = overviewPage(report({ name: hostile, metadata: { branch: '<b>' } }), [list])
  const items = itemsPage(hostile, list, 2, [item])
  for (const page of [overview, items]) {
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).not.toMatch(/<(script|img|link|b)\b/)
    expect(page).toContain("default-src 'none'")
    expect(shown(page)).toContain(hostile)
  }
  expect(overview).toContain('href="items.html"')
  expect(shown(overview)).toContain('correct is worse by 34.6 points')
  expect(items).toContain('href="items.html">Previous')
  expect(shown(items)).toContain('30000 characters in items.jsonl')
})

test.runIf(process.platform === 'linux')(
  'a folder that nobody can make is an error, and is not waited for',
  async () => {
    const folder = '/proc/assay'
    const pages = writeStaticPages({} as GraphQLClient, 'any', { folder, project: undefined })
    await expect(pages).rejects.toThrow(`The pages in ${folder} are not complete: ENOENT`)
    await expect(initCommand().parseAsync([folder], { from: 'user' })).rejects.toThrow(`mkdir '${folder}'`)
  },
)
