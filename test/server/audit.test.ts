import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

for (const { id, name, fn } of serverAudits({ url: () => `${t.url}/graphql`, fetchFn: fetch })) {
  test(`GraphQL over HTTP ${id}: ${name}`, async ({ annotate }) => {
    const result = await fn()
    // MUSTs are errors; what the specification only recommends is a warning or a notice.
    if (result.status !== 'ok') await annotate(result.reason, result.status)
    expect(result.status, result.status === 'ok' ? '' : result.reason).not.toBe('error')
  })
}
