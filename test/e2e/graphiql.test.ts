import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { browserPath, launchBrowser, withoutBrowser } from '../helpers/browser.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let browser: Browser
let page: Page
/** All requests of the page to other servers. */
const external: string[] = []
const complaints: string[] = []

beforeAll(async () => {
  if (!browserPath) return
  t = await startTestServer({ tasks: [{ name: 'double', run: (input: number) => input * 2 }] })
  browser = await launchBrowser()
  page = await browser.newPage({ viewport: { width: 1500, height: 950 } })
  await page.route('**/*', (route) => {
    const url = route.request().url()
    if (url.startsWith(`${t.url}/`) || url.startsWith('data:') || url.startsWith('blob:')) return route.continue()
    external.push(url)
    return route.abort()
  })
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
})
afterAll(async () => {
  await browser?.close()
  await t?.[Symbol.asyncDispose]()
})

const runButton = () => page.getByRole('button', { name: /Execute query|Stop query/i })
/** The text of the result editor, without the white space of its line wrapping. */
const response = async () => (await page.locator('.graphiql-response').textContent())?.replace(/\s/g, '')
const openTab = (name: string) => page.getByRole('tab', { name }).click()

async function replaceQuery(query: string) {
  await page.locator('.graphiql-query-editor .monaco-editor').first().click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(query)
}

test.skipIf(!browserPath)(
  `GraphiQL works without any network, subscriptions included (${browserPath ?? withoutBrowser})`,
  async () => {
    const datasetId = await seedDataset(t, [1, 2, 3])
    await seedExperiment(t, datasetId, { kind: 'module', name: 'double' })
    const experiment = await t.db.prisma.experiment.findFirstOrThrow()
    const { id } = await startRun(t.services, t.scope, { experimentId: experiment.id })
    await t.startWorker()

    await page.goto(`${t.url}/graphql`)
    const tabs = () => page.getByRole('tab').allInnerTexts()
    await expect.poll(tabs).toEqual(['Datasets', 'Runs', 'StartRun', 'RunFeed'])
    await runButton().click()
    await expect.poll(response).toContain('"itemCount":3')

    await openTab('RunFeed')
    const runId = Buffer.from(`Run:${id}`).toString('base64url')
    await replaceQuery(`subscription RunFeed { runFeed(runId: "${runId}") { done run { status } items { output } } }`)
    await runButton().click()
    await expect.poll(response).toContain('"done":true')
    expect(await response()).toContain('"COMPLETED"')

    expect(external).toEqual([])
    expect(complaints).toEqual([])
  },
)
