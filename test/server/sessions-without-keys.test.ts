/** Sessions of a server that needs no keys. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { ask, closing, connect, cookieOf, fromPage } from './session-server.ts'

let open: TestServer
beforeAll(async () => {
  open = await startTestServer()
})
afterAll(() => open[Symbol.asyncDispose]())
const post = (body: object) => fromPage('/session', { method: 'POST', body, url: open.url })

test('needs no session, but lets people say who they are, for what they write', async () => {
  expect(await (await fromPage('/session', { url: open.url })).json()).toMatchObject({
    keyRequired: false,
    viewer: { person: { name: 'local' }, role: 'ADMIN', installation: true, project: { name: 'default' } },
    session: null,
  })
  const response = await post({ person: 'Lin' })
  const session = cookieOf(response)
  expect(await response.json()).toMatchObject({
    keyRequired: false,
    viewer: { person: { name: 'Lin' }, role: 'ADMIN', installation: true },
    session: { key: null },
  })
  expect((await ask(session, { url: open.url })).data?.viewer).toMatchObject({ person: { name: 'Lin' } })
  const again = cookieOf(await post({ person: 'Lin' }))
  expect((await ask(again, { url: open.url })).data?.viewer).toMatchObject({ person: { name: 'Lin' } })
  expect(await open.db.prisma.person.count({ where: { name: 'Lin' } })).toBe(1)
  const refused = await post({ person: ' Lin ' })
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('without surrounding space')])
  expect((await post({ key: 'assay_wrong' })).status).toBe(401)
})

test('knows nothing of the session of a server that was there before, and works all the same', async () => {
  const cookie = `assay_session_${new URL(open.url).port}=of-another-database`
  expect((await ask({ cookie }, { url: open.url })).data?.viewer).toMatchObject({ person: { name: 'local' } })
  expect(await connect({ cookie }, open.url)).toBeInstanceOf(WebSocket)
})

test('ends such sessions with its first key', async () => {
  const session = cookieOf(await post({ person: 'Kim', project: 'default' }))
  const socket = (await connect(session, open.url)) as WebSocket
  const closed = closing(socket)
  await createApiKey(open.db, open.scope, { name: 'first', role: 'ADMIN' })
  expect(await closed).toBe(4403)
  expect((await ask(session, { url: open.url })).status).toBe(401)
  expect(await (await fromPage('/session', { headers: session, url: open.url })).json()).toEqual({
    keyRequired: true,
    viewer: null,
    session: null,
  })
})
