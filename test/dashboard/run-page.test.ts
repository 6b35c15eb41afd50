/** The page of a run, used for hours: what it filters, opens and labels survives reloads, and a connection that breaks. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { browserPath } from '../helpers/browser.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

let t: TestServer
let visitor: Visitor
let page: Page
let datasetId: string
/** Id of a run with 60 items: every third is wrong, every tenth failed. */
let runId: string
let runIdRaw: string
/** Lets so many calls of the task `gated` end. */
let open: (calls: number) => void
/** Whether the evaluator `broken` fails. */
let isBroken = true

const inputs = Array.from({ length: 60 }, (_, n) => `question ${n}`)

beforeAll(async () => {
  if (!browserPath) return
  let allowed = 0
  const waiting: (() => void)[] = []
  open = (calls) => {
    allowed += calls
    while (allowed > 0 && waiting.length > 0) {
      allowed--
      waiting.shift()?.()
    }
  }
  const gated = async (input: string) => {
    if (allowed > 0) allowed--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    return `answer to ${input}`
  }
  const broken = () => {
    if (isBroken) throw new Error('the scorer is down')
    return 1
  }
  t = await startTestServer({
    tasks: [{ name: 'gated', run: (input) => gated(input as string) }],
    evaluators: [{ name: 'broken', evaluate: broken }],
  })
  datasetId = await seedDataset(t, inputs, { metadata: (n) => ({ from: { country: n % 4 === 0 ? 'CH' : 'DE' } }) })
  const id = await recordRun(
    t,
    datasetId,
    inputs.map((input, item) =>
      item % 10 === 9
        ? { item, status: 'FAILED', error: `no answer to ${item}` }
        : {
            item,
            output: `answer to ${input}`,
            latencyMs: 10 + item,
            scores: { right: item % 3 !== 0, length: item / 60 },
          },
    ),
  )
  runIdRaw = id
  runId = encodeGlobalId('Run', id)
  await t.db.prisma.run.update({ where: { id }, data: { task: { kind: 'module', name: 'recorded' } } })
  await t.startWorker()
  visitor = await visit(t.url)
  page = visitor.page
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  visitor?.complaints.splice(0)
})

/** The question that an answer is to. */
const inputOf = (output: unknown) => String(output).replace('answer to ', '')

const grid = () => page.getByRole('grid', { name: 'Items' })
const rowCount = async () => Number(await grid().getAttribute('aria-rowcount')) - 1
const firstRow = () => grid().getByRole('row').nth(1).textContent()
const activeRow = () => grid().getAttribute('aria-activedescendant')
const drawer = () => page.getByRole('dialog')

test.skipIf(!browserPath)('filters, order and the opened item are in the address, and come back with it', async () => {
  await visitor.go(`/runs/${runId}`)
  await expect.poll(rowCount).toBe(60)
  await visitor.expectAccessible()

  await visitor.button('Filter by right').click()
  await page.getByRole('radio', { name: '✗ no' }).click()
  await expect.poll(rowCount).toBe(18)
  await visitor.button('length').first().click()
  await expect.poll(firstRow).toContain('question 57')
  await grid().getByRole('row').nth(2).click()
  await expect.poll(() => drawer().textContent()).toContain('answer to question 54')
  await visitor.expectAccessible()

  await page.reload()
  await expect.poll(firstRow).toContain('question 57')
  expect(await rowCount()).toBe(18)
  await expect.poll(() => drawer().textContent()).toContain('answer to question 54')

  // Back closes the drawer, then forgets the order, then the filter.
  await page.goBack()
  await expect.poll(() => drawer().count()).toBe(0)
  await page.goBack()
  await expect.poll(firstRow).not.toContain('question 57')
  expect(await rowCount()).toBe(18)
  await page.goBack()
  await expect.poll(rowCount).toBe(60)
  expect(visitor.complaints).toEqual([])
})

test.skipIf(!browserPath)('items are stepped through and labelled by keyboard', async () => {
  await visitor.go(`/runs/${runId}`)
  await expect.poll(rowCount).toBe(60)
  await expect.poll(firstRow).toContain('question')
  await page.keyboard.press('j')
  await expect.poll(activeRow).toMatch(/-0$/)
  await page.keyboard.press('j')
  await expect.poll(activeRow).toMatch(/-1$/)
  await page.keyboard.press('Enter')
  await expect.poll(() => drawer().textContent()).toContain('Item 2 of 60')
  await expect.poll(() => drawer().getByRole('region', { name: 'Label' }).count()).toBe(1)
  await page.keyboard.press('1')
  await expect.poll(() => drawer().getByRole('button', { name: /yes/, pressed: true }).count()).toBe(1)
  await page.keyboard.press('j')
  await expect.poll(() => drawer().textContent()).toContain('Item 3 of 60')
  await expect.poll(() => drawer().getByRole('button', { name: /yes/, pressed: false }).count()).toBe(1)
  await page.keyboard.press('2')
  await expect.poll(() => drawer().getByRole('button', { name: /no/, pressed: true }).count()).toBe(1)

  const labels = await t.db.prisma.score.findMany({ where: { source: 'HUMAN' }, orderBy: { ordinal: 'asc' } })
  expect(labels.map(({ ordinal, name, value }) => ({ ordinal, name, value }))).toEqual([
    { ordinal: 1, name: 'good', value: 1 },
    { ordinal: 2, name: 'good', value: 0 },
  ])
  await page.keyboard.press('0')
  await expect.poll(() => t.db.prisma.score.count({ where: { source: 'HUMAN' } })).toBe(1)
  await page.keyboard.press('Escape')
  await expect.poll(() => drawer().count()).toBe(0)
  await page.keyboard.press('?')
  await expect.poll(() => page.getByRole('dialog', { name: 'Keyboard' }).textContent()).toContain('Next item')
  expect(visitor.complaints).toEqual([])
})

test.skipIf(!browserPath)('ten items are reviewed by keyboard alone, and another tab shows it at once', async () => {
  const other = await page.context().newPage()
  await other.goto(`${t.url}/runs/${runId}`)
  await visitor.go(`/runs/${runId}`)
  await expect.poll(firstRow).toContain('question')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  for (let item = 1; item <= 10; item++) {
    await expect.poll(() => drawer().textContent()).toContain(`Item ${item} of 60`)
    const pressed = (name: RegExp) => drawer().getByRole('button', { name, pressed: true }).count()
    await expect.poll(() => drawer().getByRole('region', { name: 'Label' }).count()).toBe(1)
    await page.keyboard.press(item % 3 === 0 ? '2' : '1')
    await expect.poll(() => pressed(item % 3 === 0 ? /no/ : /yes/)).toBe(1)
    if (item < 10) await page.keyboard.press('j')
  }
  const labels = await t.db.prisma.score.findMany({ where: { source: 'HUMAN' }, orderBy: { ordinal: 'asc' } })
  expect(labels.map(({ ordinal, value }) => [ordinal, value])).toEqual(
    Array.from({ length: 10 }, (_, n) => [n, n % 3 === 2 ? 0 : 1]),
  )
  const shown = other.getByRole('grid', { name: 'Items' })
  await expect
    .poll(() => shown.getByRole('columnheader').allTextContents())
    .toContainEqual(expect.stringContaining('good'))
  await expect.poll(() => shown.getByRole('row').nth(10).textContent()).toContain('✓ yes')
  await other.close()
})

test.skipIf(!browserPath)('hidden columns stay hidden after a reload and on the way back', async () => {
  const heads = () => grid().getByRole('columnheader').allTextContents()
  await visitor.go(`/runs/${runId}`)
  await expect.poll(heads).toContainEqual(expect.stringContaining('Expected'))
  await visitor.button('View').click()
  await page.getByRole('menuitemcheckbox', { name: 'Expected' }).click()
  await visitor.expectAccessible()
  await page.keyboard.press('Escape')
  await expect.poll(heads).not.toContainEqual(expect.stringContaining('Expected'))
  await page.reload()
  await expect.poll(heads).toContainEqual(expect.stringContaining('Latency'))
  expect(await heads()).not.toContainEqual(expect.stringContaining('Expected'))
  await grid().getByRole('row').nth(2).click()
  await expect.poll(() => drawer().count()).toBe(1)
  await page.goBack()
  await expect.poll(() => drawer().count()).toBe(0)
  expect(await heads()).not.toContainEqual(expect.stringContaining('Expected'))
})

test.skipIf(!browserPath)('a search that leaves nothing says so, and how to go on', async () => {
  await visitor.go(`/runs/${runId}`)
  await expect.poll(rowCount).toBe(60)
  await page.keyboard.press('/')
  await page.keyboard.insertText('no such thing')
  await expect.poll(() => page.getByRole('heading', { name: 'No item is left' }).count()).toBe(1)
  await visitor.button('Remove the filters').click()
  await expect.poll(rowCount).toBe(60)
})

test.skipIf(!browserPath)('items are filtered by what their metadata have, which is suggested', async () => {
  await visitor.go(`/runs/${runId}`)
  await expect.poll(rowCount).toBe(60)
  await visitor.button('Metadata').click()
  await page.getByRole('combobox', { name: 'Metadata at' }).click()
  await page.getByRole('option', { name: 'from.country' }).click()
  await page.getByRole('combobox', { name: 'is', exact: true }).click()
  await expect.poll(() => page.getByRole('option').allTextContents()).toEqual(['DE', 'CH'])
  await page.getByRole('option', { name: 'CH' }).click()
  await visitor.expectAccessible()
  await visitor.button('Filter').last().click()
  await expect.poll(rowCount).toBe(15)
  await page.reload()
  await expect.poll(rowCount).toBe(15)
  await visitor.button('Remove the filter: from.country: CH').click()
  await expect.poll(rowCount).toBe(60)
})

test.skipIf(!browserPath)('a bar of the distribution filters by its values', async () => {
  await visitor.go(`/runs/${runId}`)
  await expect.poll(rowCount).toBe(60)
  await visitor.button('Distribution of right').click()
  const bars = page.getByRole('figure').getByRole('button')
  const names = () => bars.evaluateAll((all) => all.map((bar) => bar.getAttribute('aria-label')))
  await expect.poll(names).toEqual(['✗ no: 18', '✓ yes: 36'])
  await visitor.expectAccessible()
  await bars.first().click()
  await expect.poll(rowCount).toBe(18)
  await visitor.button('Distribution of Latency').click()
  await expect.poll(() => bars.count()).toBe(20)
  await bars.last().click()
  await expect.poll(() => page.url()).toContain('latency=')
  await expect.poll(rowCount).toBe(1)
  await expect.poll(firstRow).toContain('question 57')
})

test.skipIf(!browserPath)('a link to an item leads to its place in the list, far down', async () => {
  await visitor.go(`/runs/${runId}?item=${encodeGlobalId('RunItem', `${runIdRaw}:58`)}`)
  await expect.poll(() => drawer().textContent()).toContain('Item 59 of 60')
  await expect.poll(() => grid().getByRole('row', { selected: true }).textContent()).toContain('59question')
})

test.skipIf(!browserPath)('what stopped a run, or what it waits for, is said', async () => {
  const record = async (status: 'STOPPED' | 'QUEUED', more: object) => {
    const id = await recordRun(t, datasetId, [{ item: 0, status: 'QUEUED' }], { status })
    await t.db.prisma.run.update({ where: { id }, data: { task: { kind: 'module', name: 'recorded' }, ...more } })
    await visitor.go(`/runs/${encodeGlobalId('Run', id)}`)
  }
  const head = page.getByRole('region', { name: 'Progress and verdict' })
  await record('STOPPED', {
    stopReason: 'PROVIDER',
    stopMessage: 'The account has no credit left: add some, then resume.',
  })
  await expect.poll(() => head.textContent()).toContain('no credit left')
  await visitor.expectAccessible()
  await record('QUEUED', {})
  await expect.poll(() => head.textContent()).toContain('It waits for a worker')
})

test.skipIf(!browserPath)('scores that failed are counted, and given again by a button', async () => {
  const ownId = await seedDataset(t, ['one', 'two', 'three'])
  const definition = { kind: 'module', module: 'broken' }
  await createEvaluator(t.services, t.scope, { name: 'broken', definition, datasetIds: [ownId] })
  await seedExperiment(t, ownId, { kind: 'module', name: 'gated' }, { concurrency: 5 })
  const experiment = await t.db.prisma.experiment.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
  const run = await startRun(t.services, t.scope, { experimentId: experiment.id })
  open(3)
  await visitor.go(`/runs/${encodeGlobalId('Run', run.id)}`)
  const facts = () => page.getByRole('region', { name: 'Progress and verdict' }).textContent()
  await expect.poll(facts).toContain('Scores that failed3')
  isBroken = false
  await visitor.button('Retry 3 failed scores').click()
  await expect.poll(facts).not.toContain('Scores that failed')
  await expect.poll(() => visitor.button(/Retry/).count()).toBe(0)
  expect(await t.db.prisma.score.count({ where: { runId: run.id, name: 'broken', value: 1 } })).toBe(3)

  await visitor.button('More about this run').click()
  await page.getByRole('menuitem', { name: 'Score the outputs again…' }).click()
  await visitor.button('Score again').click()
  await expect
    .poll(() => t.db.prisma.run.findUniqueOrThrow({ where: { id: run.id } }))
    .toMatchObject({ rescoring: { status: 'COMPLETED' } })
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test.skipIf(!browserPath)('on paper there are the first rows, whatever is in view, in light colours', async () => {
  await visitor.go(`/runs/${runId}?status=%5B%22SUCCEEDED%22%5D`)
  await expect.poll(rowCount).toBe(54)
  const rows = () => grid().getByRole('row').count()
  expect(await rows()).toBeLessThan(50)
  await visitor.button('Share').click()
  await page.getByRole('menuitem', { name: 'Print' }).click()
  await expect.poll(rows).toBe(55)
  expect(await grid().textContent()).toContain('question 58')
  // Paper is light, whatever the page is, and wide enough for every column.
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)')
  expect(await page.getByRole('navigation', { name: 'Pages' }).isVisible()).toBe(false)
  await page.emulateMedia({ media: null, colorScheme: null })
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  await expect.poll(rows).toBeLessThan(50)
  expect(visitor.complaints).toEqual([])
})

test.skipIf(!browserPath)('tabs share one connection, which another takes over when its tab is closed', async () => {
  await seedExperiment(t, datasetId, { kind: 'module', name: 'gated' }, { concurrency: 5 })
  const experiment = await t.db.prisma.experiment.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
  const { id } = await startRun(t.services, t.scope, { experimentId: experiment.id })
  await page.goto('about:blank')
  const tabs = await Promise.all([page.context().newPage(), page.context().newPage()])
  const opened: number[] = []
  for (const [tab, one] of tabs.entries()) {
    one.on('websocket', () => opened.push(tab))
    await one.goto(`${t.url}/runs/${encodeGlobalId('Run', id)}`)
    await expect.poll(() => one.getByRole('region', { name: 'Progress and verdict' }).count()).toBe(1)
  }
  const shows = (tab: number, text: string) =>
    expect.poll(() => tabs[tab]?.getByRole('region', { name: 'Progress and verdict' }).textContent()).toContain(text)
  open(10)
  await Promise.all([shows(0, '10 of 60'), shows(1, '10 of 60')])
  expect(opened).toEqual([0])
  await tabs[0]?.close()
  open(20)
  await shows(1, '30 of 60')
  expect(opened).toEqual([0, 1])
  open(30)
  await shows(1, '60 of 60')
  await tabs[1]?.close()
})

test.skipIf(!browserPath)('GraphiQL opens with the query of the page, and answers it', async () => {
  await visitor.go(`/runs/${runId}`)
  await expect.poll(rowCount).toBe(60)
  await page.getByRole('link', { name: 'GraphiQL' }).click()
  await page.getByRole('button', { name: /Execute query/i }).click()
  const response = async () => (await page.locator('.graphiql-response').textContent())?.replace(/\s/g, '')
  await expect.poll(response).toContain(`"run":{"id":"${runId}"`)
})

test.skipIf(!browserPath)('an unknown run is said to be none', async () => {
  await visitor.go(`/runs/${encodeGlobalId('Run', '00000000-0000-4000-8000-000000000000')}`)
  await expect.poll(() => page.getByRole('heading', { name: 'There is no such run' }).count()).toBe(1)
  await visitor.expectAccessible()
})

test.skipIf(!browserPath)('a run goes on after the connection broke, and misses nothing', async () => {
  await seedExperiment(t, datasetId, { kind: 'module', name: 'gated' }, { concurrency: 5 })
  const experiment = await t.db.prisma.experiment.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
  const { id } = await startRun(t.services, t.scope, { experimentId: experiment.id })
  let reachable = true
  const sockets: { close(options: { code: number }): Promise<void> }[] = []
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    if (!reachable) return void socket.close({ code: 4999 })
    socket.connectToServer()
    sockets.push(socket)
  })
  await visitor.go(`/runs/${encodeGlobalId('Run', id)}`)
  const head = page.getByRole('region', { name: 'Progress and verdict' })
  open(10)
  await expect.poll(() => head.textContent()).toContain('10 of 60')
  await expect.poll(firstRow).toContain('answer to')

  reachable = false
  for (const socket of sockets) await socket.close({ code: 4999 })
  await expect
    .poll(() => page.getByRole('status').allTextContents())
    .toContainEqual(expect.stringContaining('interrupted'))
  open(20)
  await expect.poll(() => t.db.prisma.runItem.count({ where: { runId: id, status: 'SUCCEEDED' } })).toBe(30)
  expect(await head.textContent()).toContain('10 of 60')

  reachable = true
  await expect.poll(() => head.textContent()).toContain('30 of 60')
  open(30)
  await expect.poll(() => page.getByText('Completed').count()).toBe(1)

  // Every row, from the first to the last, is as the tables have it.
  const stored = await t.db.prisma.runItem.findMany({ where: { runId: id }, orderBy: { ordinal: 'asc' } })
  await grid().focus()
  for (const { ordinal, output } of stored) {
    await page.keyboard.press(ordinal === 0 ? 'Home' : 'ArrowDown')
    const cells = grid().getByRole('row', { selected: true }).getByRole('gridcell')
    await expect
      .poll(() => cells.allTextContents())
      .toEqual([`${ordinal + 1}${inputOf(output)}`, output, inputOf(output), expect.anything()])
  }
  expect(visitor.complaints).toEqual([])
})
