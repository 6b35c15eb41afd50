/** From a dataset to a verdict without leaving the pages: the form tries an endpoint, starts the run, and shows it. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { browserPath } from '../helpers/browser.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

let t: TestServer
let endpoint: Server
let visitor: Visitor
let page: Page
let dataset: string

beforeAll(async () => {
  if (!browserPath) return
  endpoint = createServer(async (request, response) => {
    const { input } = (await json(request)) as { input: string }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ answer: input }))
  }).listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  t = await startTestServer({ tasks: [{ name: 'shout', run: (input) => `${String(input).toUpperCase()}!` }] })
  dataset = encodeGlobalId('Dataset', await seedDataset(t, ['one', 'two', 'three', 'four']))
  await t.startWorker()
  visitor = await visit(t.url)
  page = visitor.page
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
  endpoint?.close()
})

test.skipIf(!browserPath)('an evaluator is chosen from the catalogue, tried, created and switched off', async () => {
  await visitor.go('/evaluators')
  await page.getByRole('link', { name: 'New evaluator' }).first().click()
  await expect.poll(() => page.getByRole('region', { name: 'Right answers' }).count()).toBe(1)
  await visitor.expectAccessible()
  await page.getByRole('link', { name: /^Same text/ }).click()
  await visitor.button('Create the evaluator').click()
  await expect.poll(() => page.getByText('Expected a name, got nothing.').count()).toBe(1)
  await page.getByRole('textbox', { name: 'Name' }).fill('same')
  await page.getByLabel('Output of your own').fill('yes')
  await page.getByLabel('Expected output', { exact: true }).fill('no')
  await visitor.button('Try it').click()
  await expect.poll(() => page.getByRole('status').allTextContents()).toContain('✗ no')
  await visitor.expectAccessible()
  await visitor.button('Create the evaluator').click()
  const active = page.getByRole('switch', { name: 'same is active' })
  await expect.poll(() => active.count()).toBe(1)
  await active.press('Space')
  await expect.poll(() => t.db.prisma.evaluator.count({ where: { active: false } })).toBe(1)
  await active.press('Space')
  await expect.poll(() => t.db.prisma.evaluator.count({ where: { active: true } })).toBe(1)
  await visitor.expectAccessible()
})

test.skipIf(!browserPath)('a form with a problem says where it is, and then starts the run and shows it', async () => {
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/answer`
  await visitor.go(`/datasets/${dataset}`)
  await page.getByRole('link', { name: 'New experiment' }).click()
  await visitor.button('Create and start').click()
  await expect.poll(() => page.getByText('Expected a name, got nothing.').count()).toBe(1)
  await visitor.expectAccessible()

  await page.getByText('Function', { exact: true }).click()
  await visitor.button('Try it').click()
  await expect.poll(() => page.getByText('Expected a function, got none.').count()).toBe(1)
  await page.getByRole('combobox', { name: 'Function' }).click()
  await page.getByRole('option', { name: 'shout' }).click()
  await visitor.button('Try it').click()
  await expect.poll(() => page.getByRole('status').allTextContents()).toContainEqual(expect.stringContaining('ONE!'))
  await page.getByText('HTTP endpoint').click()
  await page.getByRole('textbox', { name: 'Name' }).fill('echo')
  await page.getByRole('textbox', { name: 'URL' }).fill('no url')
  await visitor.button('Try it').click()
  await expect.poll(() => page.getByText(/Expected .*URL/i).count()).toBeGreaterThan(0)
  await page.getByRole('textbox', { name: 'URL' }).fill(url)
  await page.getByRole('textbox', { name: 'Output at' }).fill('$.answer')
  await visitor.button('Try it').click()
  await expect.poll(() => page.getByText(/The output, after/).count()).toBe(1)
  expect(await page.getByRole('checkbox', { name: 'same' }).isChecked()).toBe(true)
  await visitor.button('Create and start').click()

  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('echo')
  await expect.poll(() => page.getByText('Completed').count()).toBe(1)
  const grid = page.getByRole('grid', { name: 'Items' })
  await expect.poll(() => grid.getByText('✓ yes').count()).toBe(4)

  // Its experiment starts another run, and the two are compared.
  await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'echo' }).click()
  await visitor.expectAccessible()
  await visitor.button('Start a run').click()
  await expect.poll(() => page.getByText('Completed').count()).toBe(1)
  await page.goBack()
  await expect.poll(() => page.getByRole('checkbox').count()).toBe(2)
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  await page.getByRole('link', { name: /Compare \(2\)/ }).click()
  const verdicts = page.getByRole('region', { name: 'Verdicts' })
  await expect.poll(() => verdicts.textContent()).toContain('No difference on any of 4 pairs')
})

test.skipIf(!browserPath)(
  'an evaluator is tried on outputs of a run, changed to a new version, archived and restored',
  async () => {
    await visitor.go('/evaluators')
    await page.getByRole('link', { name: 'same', exact: true }).click()
    await visitor.button('Score these').click()
    await expect.poll(() => page.getByRole('list', { name: 'Outputs' }).getByText('✓ yes').count()).toBe(4)
    await page.getByRole('checkbox', { name: 'Ignore case' }).check()
    await visitor.button('Save').click()
    await expect.poll(() => page.getByText('It is saved as version 2.').count()).toBe(1)
    expect(await t.db.prisma.evaluatorVersion.count()).toBe(2)
    await page.getByRole('textbox', { name: 'Description' }).fill('whatever the case')
    await visitor.button('Save').click()
    await expect.poll(() => page.getByText('It is saved; its scores stay the same.').count()).toBe(1)
    await visitor.expectAccessible()
    await visitor.button('Archive').click()
    await visitor.button('Archive the evaluator').click()
    await expect.poll(() => page.getByText('No evaluator yet').count()).toBe(1)
    await page.getByRole('switch', { name: 'Show archived ones' }).press('Space')
    await expect.poll(() => page.getByRole('cell', { name: 'archived' }).count()).toBe(1)
    await page.getByRole('link', { name: 'same', exact: true }).click()
    await visitor.button('Restore').click()
    await expect.poll(() => visitor.button('Save').count()).toBe(1)
    expect(await t.db.prisma.evaluator.count({ where: { deletedAt: null, active: false } })).toBe(1)
    expect(visitor.complaints).toEqual([])
  },
)
