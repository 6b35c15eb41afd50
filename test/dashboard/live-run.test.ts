/**
 * A run of 2,000 items at 300 a second, watched from its start: at its end the page shows, from the first row to the last,
 * what the tables have. Once in peace, and once with a connection that is cut five times and a tab that is hidden.
 */
import type { Page, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { formatDuration } from '../../src/dashboard/components/number-format.ts'
import { browserPath } from '../helpers/browser.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

const size = 2_000
const concurrency = 30
const callMs = 100

let t: TestServer
let visitor: Visitor
let page: Page
let experimentId: string
/** Of the page. */
const sockets = new Set<WebSocketRoute>()

beforeAll(async () => {
  if (!browserPath) return
  const answer = async (input: string) => {
    await new Promise((resolve) => setTimeout(resolve, callMs))
    if (Number(input) % 50 === 7) throw new Error(`no answer to ${input}`)
    return Number(input) % 3 === 0 ? input : `not ${input}`
  }
  t = await startTestServer({ tasks: [{ name: 'answer', run: (input) => answer(input as string) }] })
  const datasetId = await seedDataset(
    t,
    Array.from({ length: size }, (_, n) => String(n)),
  )
  for (const [name, definition] of Object.entries({
    right: 'exactMatch: {}',
    close: 'levenshtein: {}',
  })) {
    const made = await t.query(
      `mutation ($datasetIds: [ID!]) { createEvaluator(input: {
        name: "${name}", datasetIds: $datasetIds, definition: { builtin: { ${definition} } }
      }) { __typename ... on UserError { message } } }`,
      { datasetIds: [encodeGlobalId('Dataset', datasetId)] },
    )
    expect(made.data.createEvaluator).toEqual({ __typename: 'CreateEvaluatorPayload' })
  }
  experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'answer' }, { concurrency, maxAttempts: 1 })
  await t.startWorker({ slots: concurrency })
  visitor = await visit(t.url)
  page = visitor.page
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    const server = socket.connectToServer()
    sockets.add(socket)
    const close = () => sockets.delete(socket)
    socket.onClose((code, reason) => {
      close()
      void server.close({ code: code ?? 1000, reason })
    })
    server.onClose((code, reason) => {
      close()
      void socket.close({ code: code ?? 1000, reason })
    })
  })
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
})

const head = () => page.getByRole('region', { name: 'Progress and verdict' })
const grid = () => page.getByRole('grid', { name: 'Items' })

/** Starts a run and looks at it. @returns its raw id */
async function watchNewRun(): Promise<string> {
  const { data } = await t.query(
    `mutation ($id: ID!) { startRun(input: { experimentId: $id }) { ... on StartRunPayload { run { id } } } }`,
    { id: encodeGlobalId('Experiment', experimentId) },
  )
  const { id } = data.startRun.run
  await visitor.go(`/runs/${id}`)
  await expect.poll(() => grid().getAttribute('aria-rowcount')).toBe(String(size + 1))
  return (await t.db.prisma.run.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })).id
}

const doneOf = (id: string) =>
  t.db.prisma.runItem.count({ where: { runId: id, status: { in: ['SUCCEEDED', 'FAILED'] } } })
const reached = (id: string, done: number) => expect.poll(() => doneOf(id)).toBeGreaterThanOrEqual(done)

/** What the tables have, as the page writes it. */
async function expectedRows(id: string): Promise<string[][]> {
  const items = await t.db.prisma.runItem.findMany({ where: { runId: id }, orderBy: { ordinal: 'asc' } })
  const scores = await t.db.prisma.score.findMany({ where: { runId: id } })
  const revisions = await t.db.prisma.datasetItemRevision.findMany({})
  const contents = new Map(revisions.map(({ itemId, input }) => [itemId, input]))
  const values = new Map(scores.map(({ ordinal, name, value }) => [`${ordinal} ${name}`, value]))
  return items.map(({ ordinal, itemId, status, output, error, latencyMs }) => {
    const input = String(contents.get(itemId))
    const close = values.get(`${ordinal} close`)
    const right = values.get(`${ordinal} right`)
    const written = status === 'FAILED' ? ['no score', 'no score'] : [decimals(close), right === 1 ? '✓ yes' : '✗ no']
    return [
      `${ordinal + 1}${input}`,
      ...written,
      status === 'FAILED' ? `TASK_FAILED: ${(error as { message: string }).message}` : String(output),
      input,
      formatDuration(latencyMs),
    ]
  })
}

/** A mean of letters that agree: up to three digits. */
function decimals(value: number | null | undefined): string {
  return value === 0 ? '0' : (value as number).toFixed(3)
}

/**
 * Every row of the page, read while it is scrolled from the top to the end. Rows that came into view are awaited: what the
 * page read of them before the end is brought up to date then.
 */
async function shownRows(): Promise<string[][]> {
  return grid().evaluate(async (element) => {
    const rows: string[][] = []
    const rowHeight = 36
    const count = Number(element.getAttribute('aria-rowcount')) - 1
    const cellsOf = (index: number) => {
      const row = element.querySelector(`[role=row][aria-rowindex="${index + 2}"]`)
      return [...(row?.querySelectorAll('[role=gridcell]') ?? [])].map((cell) => cell.textContent ?? '')
    }
    const until = performance.now() + 20_000
    const isOver = (cells: string[]) => cells[0] && ((cells[1] && cells.at(-1)) || performance.now() > until)
    element.scrollTop = 0
    while (rows.length < count) {
      await new Promise(requestAnimationFrame)
      for (let cells = cellsOf(rows.length); isOver(cells); cells = cellsOf(rows.length)) rows.push(cells)
      element.scrollTop = rows.length * rowHeight
    }
    return rows
  })
}

async function expectShown(id: string) {
  const expected = await expectedRows(id)
  expect(expected.length).toBe(size)
  expect(await doneOf(id)).toBe(size)
  await expect.poll(shownRows, { timeout: 45_000 }).toEqual(expected)
  const failed = expected.filter(([, score]) => score === 'no score').length
  await expect.poll(() => head().textContent()).toContain(`${size.toLocaleString('en-US')} of 2,000Failed${failed}`)
}

test.skipIf(!browserPath)(
  'at its end a run that was watched is shown as the tables have it',
  async () => {
    const id = await watchNewRun()
    await expect.poll(() => page.getByText('Completed').count(), { timeout: 60_000 }).toBe(1)
    await expectShown(id)
    expect(visitor.complaints).toEqual([])
  },
  120_000,
)

test.skipIf(!browserPath)(
  'so is one whose connection was cut five times, and whose tab was hidden',
  async () => {
    const id = await watchNewRun()
    for (let cut = 1; cut <= 5; cut++) {
      await reached(id, cut * 150)
      await expect.poll(() => sockets.size).toBe(1)
      for (const socket of sockets) await socket.close({ code: 4999 })
      sockets.clear()
    }
    await expect.poll(() => sockets.size).toBe(1)
    await page.evaluate(hide, true)
    // It pauses by itself after some seconds; the run may have ended before.
    await expect.poll(() => sockets.size, { timeout: 30_000 }).toBe(0)
    await reached(id, size)
    await page.evaluate(hide, false)
    await expect.poll(() => page.getByText('Completed').count(), { timeout: 60_000 }).toBe(1)
    await expectShown(id)
    expect(visitor.complaints).toEqual([])
  },
  120_000,
)

/** As when somebody goes to another tab and comes back. */
function hide(hidden: boolean) {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
  document.dispatchEvent(new Event('visibilitychange'))
}
