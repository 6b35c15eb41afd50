/** Somebody reviews outputs: one key for each, in the order in which they were drawn, without seeing what a judge said. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { setScoreConfig } from '../../src/engine/score-configs.ts'
import { browserPath } from '../helpers/browser.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

let t: TestServer
let visitor: Visitor
let page: Page
let runId: string
let baselineId: string
/** The outputs in the order of execution: those that can be reviewed. */
let outputs: { ordinal: number; output: string }[]

beforeAll(async () => {
  if (!browserPath) return
  t = await startTestServer()
  const datasetId = await seedDataset(
    t,
    Array.from({ length: 13 }, (_, n) => `question ${n}`),
    { metadata: (n) => ({ passage: Math.floor(n / 4) }) },
  )
  await t.db.prisma.dataset.update({ where: { id: datasetId }, data: { clusterPath: ['passage'] } })
  const record = (right: (item: number) => boolean) =>
    recordRun(
      t,
      datasetId,
      Array.from({ length: 13 }, (_, item) =>
        item === 12
          ? { item, status: 'FAILED', error: 'no answer' }
          : { item, output: `answer ${item}`, latencyMs: 10, scores: { tone: 'kind', right: right(item) } },
      ),
    )
  baselineId = encodeGlobalId('Run', await record((item) => item < 4))
  const reviewed = await record((item) => item < 9)
  runId = encodeGlobalId('Run', reviewed)
  const where = { runId: reviewed, status: 'SUCCEEDED' } as const
  const found = await t.db.prisma.runItem.findMany({ where, orderBy: { ordinal: 'asc' } })
  outputs = found.map(({ ordinal, output }) => ({ ordinal, output: String(output) }))
  await t.db.prisma.run.updateMany({ data: { task: { kind: 'module', name: 'recorded' } } })
  const categories = ['kind', 'plain', 'rude']
  await setScoreConfig(t.services, t.scope, { name: 'tone', dataType: 'CATEGORICAL', direction: 'NONE', categories })
  visitor = await visit(t.url)
  page = visitor.page
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
})

/** Waits for the output at this place. */
const shows = (place: number) =>
  expect
    .poll(() => page.getByRole('region', { name: 'Output', exact: true }).textContent())
    .toBe(`Output${outputs[place]?.output}`)
const progress = () => page.getByRole('status').allTextContents()
const labels = async () => {
  const found = await t.db.prisma.score.findMany({ where: { source: 'HUMAN' }, orderBy: { ordinal: 'asc' } })
  return found.map(({ ordinal, name, label, comment }) => ({ ordinal, name, label, comment }))
}

test.skipIf(!browserPath)('ten outputs are reviewed by keyboard, and the review goes on after a reload', async () => {
  await visitor.go('/review')
  await expect.poll(() => page.getByRole('row').count()).toBe(3)
  await visitor.expectAccessible()
  await page.getByRole('link', { name: 'Review recorded' }).first().press('Enter')
  await shows(0)
  await visitor.expectAccessible()
  expect(await page.getByLabel('What others said').count()).toBe(0)

  // One with a reason, one that is skipped, one that is taken back.
  await page.keyboard.press('c')
  await page.keyboard.type('3 words')
  await page.keyboard.press('Escape')
  await page.keyboard.press('2')
  await shows(1)
  await page.keyboard.press('j')
  await shows(2)
  await page.keyboard.press('3')
  await shows(3)
  await page.keyboard.press('k')
  await shows(2)
  await expect.poll(() => visitor.button('rude').getAttribute('aria-pressed')).toBe('true')
  // What the judge said is shown to who has said something.
  await expect.poll(() => page.getByLabel('What others said').textContent()).toContain('tone evaluatorkind')
  await page.keyboard.press('1')
  await shows(3)
  for (let item = 3; item < 8; item++) {
    await page.keyboard.press('1')
    await shows(item + 1)
  }
  await page.reload()
  await shows(8)
  await expect.poll(progress).toContain('7 of 12 outputs labelled')
  // The one that was skipped comes again.
  for (const next of [1, 9, 10, 11]) {
    await page.keyboard.press('1')
    await shows(next)
  }
  await page.keyboard.press('1')
  await expect.poll(() => page.getByRole('heading', { name: 'Every output is labelled' }).count()).toBe(1)
  const kind = { name: 'tone', label: 'kind', comment: null }
  expect(await labels()).toEqual(
    outputs.map(({ ordinal }, place) =>
      place === 0 ? { ordinal, name: 'tone', label: 'plain', comment: '3 words' } : { ordinal, ...kind },
    ),
  )
  expect(visitor.complaints).toEqual([])
})

test.skipIf(!browserPath)('what people said stands beside what the judge said, and filters', async () => {
  await page.getByRole('link', { name: 'Show the run' }).press('Enter')
  const grid = page.getByRole('grid', { name: 'Items' })
  const heads = () => grid.getByRole('columnheader').allTextContents()
  await expect.poll(heads).toContainEqual(expect.stringContaining('tone, people'))
  await visitor.button('Filter by tone, people').click()
  await page.getByRole('checkbox', { name: 'plain (1)' }).click()
  await expect.poll(() => grid.getAttribute('aria-rowcount')).toBe('2')
  await expect.poll(() => grid.getByRole('row').nth(1).textContent()).toMatch(/kind.*plain/)
  await visitor.button('Remove all').click()
  await expect.poll(() => grid.getAttribute('aria-rowcount')).toBe('14')
})

test.skipIf(!browserPath)(
  'a comparison says how many items belong together, and points are chosen by numbers',
  async () => {
    await visitor.go(`/compare?baseline=${baselineId}&runs=${encodeURIComponent(JSON.stringify([runId]))}`)
    const verdicts = page.getByRole('region', { name: 'Verdicts' })
    await expect.poll(() => verdicts.textContent()).toMatch(/3 clusters, correlation [\d.]+, variance × [\d.]+/)
    await visitor.button('Show the items as points').click()
    await visitor.button('Choose by numbers').click()
    await page.getByRole('textbox', { name: 'Baseline from' }).fill('0')
    await page.getByRole('textbox', { name: 'Baseline to' }).fill('0')
    await page.getByRole('textbox', { name: 'Candidate from' }).fill('1')
    await page.getByRole('textbox', { name: 'Candidate to' }).fill('1')
    await page.keyboard.press('Enter')
    const items = page.getByRole('grid', { name: 'Items of all runs' })
    // Those that were wrong and are right.
    await expect.poll(() => items.getAttribute('aria-rowcount')).toBe('6')
    await visitor.expectAccessible()
    expect(visitor.complaints).toEqual([])
  },
)

/** What people gave a score of this name, by the text of the output. */
const given = async (name: string) => {
  const found = await t.db.prisma.score.findMany({ where: { source: 'HUMAN', name }, orderBy: { ordinal: 'asc' } })
  const items = await t.db.prisma.runItem.findMany({
    where: { runId: found[0]?.runId ?? '', ordinal: { in: found.flatMap(({ ordinal }) => ordinal ?? []) } },
  })
  return new Map(
    found.map(({ ordinal, value, label, comment }) => [
      String(items.find((item) => item.ordinal === ordinal)?.output),
      { value, label, comment },
    ]),
  )
}
const output = (name = 'Output') => page.getByRole('region', { name, exact: true }).textContent()

/** Presses a key and waits until another output is shown. @returns the text of the output that the key was for */
async function press(key: string, name?: string): Promise<string> {
  const shown = (await output(name)) ?? ''
  await page.keyboard.press(key)
  await expect
    .poll(() =>
      page
        .getByRole('region', { name: name ?? 'Output', exact: true })
        .or(page.getByText('Nothing is left for you'))
        .or(page.getByText('Every item is done'))
        .first()
        .textContent(),
    )
    .not.toBe(shown)
  return shown.replace(name ?? 'Output', '')
}

test.skipIf(!browserPath)(
  'ten outputs of a queue are reviewed by keyboard, and one that was skipped comes again',
  async () => {
    const config = { name: 'clear', dataType: 'BOOLEAN', direction: 'HIGHER_IS_BETTER' } as const
    await setScoreConfig(t.services, t.scope, config)
    await visitor.go(`/review/new?run=${runId}`)
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('ten of them')
    await page.getByRole('textbox', { name: 'How many' }).fill('10')
    await visitor.expectAccessible()
    await page.getByRole('button', { name: 'Make the queue' }).press('Enter')
    await expect.poll(() => output()).toMatch(/^Outputanswer/)
    await expect.poll(progress).toContain('0 of 10 items done')
    await visitor.expectAccessible()

    const skipped = await press('j')
    await page.keyboard.press('c')
    await page.keyboard.type('because 2 is 2')
    await page.keyboard.press('Escape')
    const reasoned = await press('2')
    const changed = await press('2')
    await page.keyboard.press('k')
    await expect.poll(() => output()).toBe(`Output${changed}`)
    await expect.poll(() => visitor.button('✗ no').getAttribute('aria-pressed')).toBe('true')
    // What others said is shown to who has said something.
    await expect.poll(() => page.getByLabel('What others said').textContent()).toContain('tone')
    await press('1')
    for (let n = 0; n < 4; n++) await press('1')
    await page.reload()
    await expect.poll(progress).toContain('6 of 10 items done')
    await expect.poll(() => output()).toMatch(/^Outputanswer/)
    for (let n = 0; n < 3; n++) await press('1')
    await visitor.button('Go through what you skipped').press('Enter')
    await expect.poll(() => output()).toBe(`Output${skipped}`)
    await press('1')
    await expect.poll(() => page.getByRole('heading', { name: 'Every item is done' }).count()).toBe(1)
    const said = await given('clear')
    expect(said.size).toBe(10)
    expect(said.get(reasoned)).toEqual({ value: 0, label: null, comment: 'because 2 is 2' })
    expect([...said].filter(([text]) => text !== reasoned).every(([, { value }]) => value === 1)).toBe(true)
    await visitor.go('/review')
    const queues = page.getByRole('region', { name: 'Review queues' })
    await expect.poll(() => queues.getByRole('row').nth(1).textContent()).toMatch(/ten of them.*10 of 10done/)
    expect(visitor.complaints).toEqual([])
  },
)

test.skipIf(!browserPath)('of two runs one says which output is better, without seeing which is which', async () => {
  await visitor.go(`/compare?baseline=${baselineId}&runs=${encodeURIComponent(JSON.stringify([runId]))}`)
  await page.getByRole('link', { name: 'New review queue' }).press('Enter')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('pairs')
  await page.getByRole('textbox', { name: 'How many' }).fill('2')
  await page.getByRole('checkbox', { name: 'Which of the two outputs is better' }).check()
  await page.getByRole('textbox', { name: 'Name of the score' }).fill('better')
  await page.keyboard.press('Enter')
  await expect.poll(() => output('First')).toMatch(/^Firstanswer/)
  await visitor.expectAccessible()
  const pairs = await t.db.prisma.reviewItem.findMany({
    where: { queue: { name: 'pairs' } },
    orderBy: { position: 'asc' },
  })
  await press('1', 'First')
  await page.keyboard.press('3')
  await expect.poll(() => page.getByRole('heading', { name: 'Every item is done' }).count()).toBe(1)
  const [first, second] = pairs
  const scores = await t.db.prisma.score.findMany({ where: { name: 'better' } })
  const valueAt = (ordinal: number | undefined) => scores.find((score) => score.ordinal === ordinal)?.value
  expect([valueAt(first?.ordinal), valueAt(second?.ordinal)]).toEqual([first?.baselineFirst ? 0 : 1, 0.5])
  expect(visitor.complaints).toEqual([])
})

test.skipIf(!browserPath)('before a run is paid for, the form says how many items a difference takes', async () => {
  const inputs = Array.from({ length: 60 }, (_, n) => `question ${n}`)
  const datasetId = await seedDataset(t, inputs)
  const record = (every: number) =>
    recordRun(
      t,
      datasetId,
      inputs.map((output, item) => ({ item, output, scores: { right: item % every > 0 } })),
    )
  const ids = [encodeGlobalId('Run', await record(3)), encodeGlobalId('Run', await record(7))]
  await t.db.prisma.run.updateMany({ data: { task: { kind: 'module', name: 'recorded' } } })
  await visitor.go(`/experiments/new?from=${ids[1]}&against=${ids[0]}`)
  const plan = page.getByRole('region', { name: 'How many items' })
  const effect = plan.getByRole('textbox', { name: 'of points' })
  await effect.fill('40')
  await expect.poll(() => plan.textContent()).toMatch(/\d+ pairs.* show it with 80 % probability/)
  await visitor.expectAccessible()
  const [, pairs] = /(\d+) pairs/.exec((await plan.textContent()) ?? '') ?? []
  await plan.getByRole('button', { name: 'Take so many' }).click()
  const sample = page.getByRole('textbox', { name: 'Only a random sample of' })
  await expect.poll(() => sample.inputValue()).toBe(`${pairs} items`)
  await effect.fill('1')
  await expect.poll(() => plan.textContent()).toMatch(/It takes .* pairs; the dataset has 60 items/)
  expect(visitor.complaints).toEqual([])
})
