/** A share of what `npm run test:fuzz` asks. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { argumentDefects } from '../fuzz/bad-arguments.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

test('no argument of any field makes a defect', async () => {
  const { asked, defects } = await argumentDefects(t, 23)
  expect(defects).toEqual({})
  expect(asked).toBeGreaterThan(300)
})
