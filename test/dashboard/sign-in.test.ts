/** Somebody signs in, manages keys and projects, and is out when the key is revoked. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { browserPath } from '../helpers/browser.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

let t: TestServer
let visitor: Visitor
let page: Page
beforeAll(async () => {
  if (!browserPath) return
  t = await startTestServer()
  visitor = await visit(t.url)
  page = visitor.page
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
})

const signInForm = () => page.getByRole('heading', { name: 'Sign in to Assay' })
async function signIn(key: string) {
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
}

test.skipIf(!browserPath)('on a server without keys people say who they are, for what they write', async () => {
  await visitor.go('/settings')
  await expect.poll(() => page.getByLabel('Your name').inputValue()).toBe('local')
  await visitor.expectAccessible()
  await page.getByLabel('Your name').fill('Lin')
  await visitor.button('Save').click()
  await expect.poll(() => page.locator('dd').first().textContent()).toBe('Lin')
  expect(await t.db.prisma.person.count({ where: { name: 'Lin' } })).toBe(1)
})

test.skipIf(!browserPath)(
  'who makes the first key is signed in with it, and everybody else is asked for one',
  async () => {
    await page.getByRole('tab', { name: 'API keys' }).click()
    await expect.poll(() => page.getByText('No key yet').count()).toBe(1)
    await visitor.button('New key').click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('ops')
    await visitor.expectAccessible()
    await visitor.button('Create the key').click()
    await expect.poll(() => page.getByRole('dialog').textContent()).toContain('cannot be shown again')
    const key = (await page.getByRole('dialog').locator('pre').textContent()) ?? ''
    expect(key).toMatch(/^assay_/)
    expect(await t.db.prisma.apiKey.findFirstOrThrow()).toMatchObject({ role: 'ADMIN', projectId: null })
    await visitor.button('I have copied it').click()
    await expect.poll(() => page.getByRole('table', { name: 'API keys' }).textContent()).toContain('opsassay_')
    await page.context().clearCookies()
    await page.reload()
    await expect.poll(() => signInForm().count()).toBe(1)
    await visitor.expectAccessible()

    await signIn('assay_wrong')
    await expect.poll(() => page.getByText('This API key is not known here, or was revoked.').count()).toBe(1)
    await signIn(key)
    await expect.poll(() => page.getByRole('table', { name: 'API keys' }).textContent()).toContain('opsassay_')
    await visitor.expectAccessible()
    // The page has it nowhere.
    const kept = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
    )
    expect(kept).not.toContain('assay_')
    await visitor.button('New key').click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('second')
    await visitor.button('Create the key').click()
    await visitor.button('I have copied it').click()
    await visitor.button('Revoke second').click()
    await visitor.button('Revoke the key').click()
    await expect.poll(() => visitor.button('Revoke second').count()).toBe(0)
    await page.getByRole('tab', { name: 'You' }).click()
    await expect.poll(() => page.getByText('administrator, in every project').count()).toBe(1)
  },
)

test.skipIf(!browserPath)('a project is made and shown, an endpoint limited', async () => {
  await page.getByRole('tab', { name: 'Projects' }).click()
  await visitor.button('New project').click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('default')
  await visitor.button('Create').click()
  await expect
    .poll(() => page.getByRole('dialog').textContent())
    .toContain('There is already a project named "default"')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('checkout')
  await visitor.button('Create').click()
  await page.getByRole('link', { name: 'checkout' }).click()
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('checkout')
  expect(page.url()).toContain('project=checkout')

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('tab', { name: 'Endpoint limits' }).click()
  await visitor.button('New limit').click()
  await page.getByRole('textbox', { name: 'Endpoint' }).fill('https://api.example/v1')
  await page.getByLabel('Concurrent calls').fill('5')
  await visitor.expectAccessible()
  await visitor.button('Save').click()
  const table = page.getByRole('table', { name: 'Endpoint limits' })
  await expect.poll(() => table.textContent()).toContain('https://api.example5no limit')
  await visitor.expectAccessible()
  expect(await t.db.prisma.endpointLimit.findFirstOrThrow({ include: { project: true } })).toMatchObject({
    concurrency: 5,
    project: { name: 'checkout' },
  })
})

test.skipIf(!browserPath)('GraphiQL is one click away, as the same person', async () => {
  await page.getByRole('link', { name: 'GraphiQL' }).click()
  await page.waitForURL(/\/graphql/)
  const query = new URLSearchParams({ query: '{ viewer { person { name } } }' })
  await page.goto(`${new URL('/graphql', page.url())}?${query}`)
  await page.getByRole('button', { name: /Execute query/i }).click()
  const response = async () => (await page.locator('.graphiql-response').textContent())?.replace(/\s/g, '')
  await expect.poll(response).toContain('"person":{"name":"ops"}')
})

test.skipIf(!browserPath)(
  'who is signed in with a key that is revoked is asked again, wherever they are',
  async () => {
    const { key, apiKey } = await createApiKey(t.db, t.scope, { name: 'guest', role: 'READ' })
    await page.context().clearCookies()
    await visitor.go('/datasets')
    await expect.poll(() => signInForm().count()).toBe(1)
    await signIn(key)
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('Datasets')
    // The start page follows the runs over a socket.
    const opened = page.waitForEvent('websocket')
    await page.getByRole('link', { name: 'Start' }).click()
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('default')
    await opened
    await revokeApiKey(t.db, t.scope, apiKey.id)
    await expect.poll(() => signInForm().count()).toBe(1)
    await signIn(key)
    await expect.poll(() => page.getByText('This API key is not known here, or was revoked.').count()).toBe(1)
  },
  60_000,
)

test.skipIf(!browserPath)('a refusal that comes late does not sign out who has signed in meanwhile', async () => {
  const { key } = await createApiKey(t.db, t.scope, { name: 'late', role: 'READ' })
  await page.context().clearCookies()
  const refusal = Promise.withResolvers<() => Promise<void>>()
  await page.routeWebSocket(/graphql$/, (socket) => {
    socket.connectToServer().onClose((code, reason) => refusal.resolve(() => socket.close({ code, reason })))
  })
  await page.route('**/graphql', async (route) => {
    await refusal.promise
    await route.fallback()
  })
  await visitor.go('/')
  await expect.poll(() => signInForm().count()).toBe(1)
  await signIn(key)
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('default')
  const end = await refusal.promise
  await end()
  await page.getByRole('link', { name: 'Datasets' }).click()
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('Datasets')
  expect(await signInForm().count()).toBe(0)
})

test.skipIf(!browserPath)('no page complained or asked another server', () => {
  expect(visitor.complaints.filter((text) => !text.includes('401'))).toEqual([])
})
