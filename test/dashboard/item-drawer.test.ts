/** What one item shows: every kind of output as what it is, also while a model writes it, and what can be made of it. */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { browserPath } from '../helpers/browser.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'
import { promptTask, seedProvider } from '../helpers/prompt-task.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

const picture =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const markdown = `# The answer

Since **1969**, see [the source](https://example.com/moon) and ![a map](https://example.com/map.png).

| year | what |
|---|---|
| 1969 | landing |

\`\`\`js
const year = 1969 // of the landing
\`\`\`

<img src="https://example.com/beacon.png">`

const trajectory: Json = {
  answer: 'It is 12 °C.',
  trajectory: [
    { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'weather', arguments: { city: 'Bern' } }] },
    { role: 'tool', id: '1', name: 'weather', result: { celsius: 12 } },
    { role: 'tool', id: '2', name: 'wind', error: 'no such station' },
    { role: 'assistant', content: 'It is 12 °C.', toolCalls: [] },
  ],
}

let t: TestServer
let models: ModelServer
let visitor: Visitor
let page: Page
let datasetId: string
let runId: string
/** Lets the model go on writing. */
let writeOn: () => void

beforeAll(async () => {
  if (!browserPath) return
  t = await startTestServer()
  const stored = await fetch(`${t.url}/attachments?filename=moon.png`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: Buffer.from(picture.split(',')[1] ?? '', 'base64'),
  })
  const { id: $file } = (await stored.json()) as { id: string }
  const chat: Json = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: picture } },
      ],
    },
  ]
  datasetId = await seedDataset(t, ['When was it?', { photo: { $file } }, chat, 'How warm is it?'])
  const outputs: Json[] = [markdown, picture, '{"a":[1,2]}', trajectory]
  const record = (repetitions: number) =>
    recordRun(
      t,
      datasetId,
      outputs.flatMap((output, item) =>
        Array.from({ length: repetitions }, (_, repetition) => ({
          item,
          repetition,
          output: repetition === 0 ? output : 'another',
          latencyMs: 1_200,
          scores: { right: item % 2 === 0 },
        })),
      ),
      { repetitions },
    )
  await record(2)
  runId = encodeGlobalId('Run', await record(1))
  await t.db.prisma.run.updateMany({ data: { task: { kind: 'module', name: 'recorded' } } })
  const paused = Promise.withResolvers<void>()
  writeOn = paused.resolve
  models = await startModelServer(() => ({
    text: 'one two three four',
    usage: { input: 5, output: 4 },
    pause: { after: 2, until: paused.promise },
  }))
  await seedProvider(t, models.openai)
  await t.startWorker()
  visitor = await visit(t.url)
  page = visitor.page
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
  await models?.stop()
})

const drawer = () => page.getByRole('dialog')
const region = (name: string) => drawer().getByRole('region', { name, exact: true })
async function open(input: string) {
  await page.getByRole('grid', { name: 'Items' }).getByRole('row').filter({ hasText: input }).first().click()
}

test.skipIf(!browserPath)(
  'Markdown is rendered with its tables and code, and loads nothing from elsewhere',
  async () => {
    await visitor.go(`/runs/${runId}`)
    await open('When was it?')
    const output = region('Output')
    await expect.poll(() => output.getByRole('heading', { name: 'The answer' }).count()).toBe(1)
    expect(await output.getByRole('cell').allTextContents()).toEqual(['1969', 'landing'])
    expect(await output.locator('.hljs-keyword').allTextContents()).toEqual(['const'])
    const links = await output.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href')))
    expect(links).toEqual(['https://example.com/moon', 'https://example.com/map.png'])
    expect(await output.locator('img').count()).toBe(0)
    await visitor.expectAccessible()
    await visitor.button('as text').click()
    await expect.poll(() => output.textContent()).toContain('# The answer')
  },
)

test.skipIf(!browserPath)('pictures, files, messages and JSON are shown as such', async () => {
  await page.keyboard.press('Escape')
  await open('photo')
  const loaded = (name: string) =>
    region(name)
      .locator('img')
      .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth))
  await expect.poll(() => loaded('Input')).toEqual([1])
  expect(await region('Input').textContent()).toContain('moon.png image/png')
  await expect.poll(() => loaded('Output')).toEqual([1])
  await page.keyboard.press('Escape')
  await open('role: user')
  await expect.poll(() => region('Input').getByRole('listitem').count()).toBe(1)
  expect(await loaded('Input')).toEqual([1])
  await expect.poll(() => region('Output').locator('pre').textContent()).toBe('{\n  "a": [\n    1,\n    2\n  ]\n}')
  await visitor.expectAccessible()
})

test.skipIf(!browserPath)('what tools were called is told as a conversation', async () => {
  await page.keyboard.press('Escape')
  await open('How warm is it?')
  const messages = region('Output').getByRole('listitem')
  await expect.poll(() => messages.count()).toBe(4)
  const told = await messages.allTextContents()
  expect(told[0]).toMatch(/calls weather.*"city": "Bern"/s)
  expect(told[1]).toMatch(/weather returned.*"celsius": 12/s)
  expect(told[2]).toMatch(/wind failed.*no such station/s)
  expect(told[3]).toContain('It is 12 °C.')
  // The other run has executed it twice.
  expect(await region('History of this item').getByRole('row').count()).toBe(4)
  await visitor.expectAccessible()
})

test.skipIf(!browserPath)('an output becomes what is expected, and the item is tagged and copied', async () => {
  await visitor.button('Take the output as expected').click()
  await visitor.expectAccessible()
  await visitor.button('Take as expected').click()
  await expect.poll(() => page.getByText(/1 item of .* changed/).count()).toBe(1)
  const dataset = () => t.db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } })
  expect((await dataset()).version).toBe(2)
  const changed = await t.db.prisma.datasetItemRevision.findFirstOrThrow({ where: { datasetId, validFrom: 2 } })
  expect(changed).toMatchObject({ input: 'How warm is it?', expectedOutput: trajectory })

  await drawer().getByRole('button', { name: 'Tag', exact: true }).click()
  await page.getByRole('combobox', { name: 'Add' }).fill('weather')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Tag 1 item' }).click()
  await visitor.button('Change the tags').click()
  await expect.poll(async () => (await dataset()).version).toBe(3)
  await visitor.button('Copy to a dataset').click()
  await page.getByRole('combobox', { name: 'Dataset', exact: true }).fill('warm')
  await page.getByRole('dialog', { name: 'Copy 1 item' }).getByRole('button', { name: 'Copy' }).click()
  await expect.poll(() => page.getByText('Copied to warm').count()).toBe(1)
})

test.skipIf(!browserPath)('everything that filters leave can be used at once', async () => {
  await visitor.go(`/runs/${runId}`)
  await visitor.button('Filter by right').click()
  await page.getByRole('radio', { name: '✓ yes' }).click()
  await visitor.button('Use these items').click()
  await page.getByRole('menuitem', { name: 'Copy to a dataset…' }).click()
  await page.getByRole('combobox', { name: 'Dataset', exact: true }).fill('right ones')
  await page.getByRole('dialog', { name: 'Copy 2 items' }).getByRole('button', { name: 'Copy' }).click()
  await expect.poll(() => page.getByText('Copied to right ones').count()).toBe(1)
  expect((await t.db.prisma.dataset.findFirstOrThrow({ where: { name: 'right ones' } })).itemCount).toBe(2)
})

test.skipIf(!browserPath)('a page is passed on as a picture, and as a file', async () => {
  const download = async (name: string) => {
    await visitor.button('Share').click()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name }).click()])
    return readFile(await file.path())
  }
  const image = await download('Save as PNG')
  expect(image.subarray(1, 4).toString()).toBe('PNG')
  // As large as the page beside the navigation, in pixels of a sharp screen.
  expect(image.readUInt32BE(16)).toBe((1440 - 208) * 2)
  expect((await download('Save as CSV')).toString().split('\r\n')[0]).toContain('input')
})

test.skipIf(!browserPath)('what a model writes is shown while it writes', async () => {
  const experimentId = await seedExperiment(t, await seedDataset(t, ['Count']), promptTask())
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await visitor.go(`/runs/${encodeGlobalId('Run', id)}?item=${encodeGlobalId('RunItem', `${id}:0`)}`)
  await expect.poll(() => region('Output').textContent()).toContain('one two')
  expect(await region('Output').textContent()).not.toContain('three')
  writeOn()
  await expect.poll(() => region('Output').textContent()).toContain('one two three four')
  await expect.poll(() => region('Execution').textContent()).toContain('5 in, 4 out')
  expect(await region('Execution').textContent()).toContain('gpt-4o-mini')
  expect(visitor.complaints).toEqual([])
})
