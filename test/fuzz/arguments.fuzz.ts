import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { argumentDefects } from './bad-arguments.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

test('no argument of any field makes a defect', { timeout: 600_000 }, async () => {
  const { asked, defects } = await argumentDefects(t, 1)
  expect(defects).toEqual({})
  expect(asked).toBeGreaterThan(5_000)
})
