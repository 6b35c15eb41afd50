import { expect, test } from 'vitest'
import { scrape } from '../helpers/scrape.ts'
import { startTestServer } from '../helpers/server.ts'

test('names that clients make up do not add up to series without end', async () => {
  await using t = await startTestServer()
  for (let n = 0; n < 120; n += 1) await t.query(`query Made${n} { viewer { role } }`)
  await t.query(`query ${'L'.repeat(65)} { viewer { role } }`)
  await t.query('{ viewer { role } }')
  await t.query('{ nothing }')
  const samples = await scrape(t.url)
  const names = [...samples].filter(([name]) => name.startsWith('assay_graphql_operations_total'))
  expect(names).toHaveLength(101)
  // 20 that came too late, the long one, and the anonymous one that came later still.
  expect(samples.get('assay_graphql_operations_total{operation="other",type="query",outcome="ok"}')).toBe(22)
  await fetch(`${t.url}/no/such/${Math.random()}`)
  const routes = [...(await scrape(t.url)).keys()].filter((name) => /http_request_seconds_count.*404/.test(name))
  expect(routes).toEqual(['assay_http_request_seconds_count{route="other",status="404"}'])
})
