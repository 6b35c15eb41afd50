import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../helpers/database.ts'
import { makeTemporary, spawnAssay, spawnServer } from '../helpers/spawn-assay.ts'

test('with a key a server listens on every address and accepts requests with the key until it is revoked', async () => {
  const cwd = await makeTemporary()
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const env = { DATABASE_URL: database.url }
  const assay = async (args: string[], more: Record<string, string> = {}) => {
    const { exited, ...said } = await ended(spawnAssay(args, { cwd, env: { ...env, ...more } }))
    return { status: exited, ...said }
  }

  const refused = await assay(['serve', '--port', '0', '--host', '0.0.0.0'])
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain('assay keys create')

  const created = await assay(['keys', 'create', 'laptop', '--role', 'WRITE'])
  const key = created.stdout.trim()
  expect(key).toMatch(/^assay_[\w-]{32}$/)
  const listed = await assay(['keys', 'list'])
  expect(listed.stdout).toMatch(/^assay_\S{6}… {2}WRITE {2}laptop {2}\(never used\)\n$/)

  const server = await spawnServer(['--host', '0.0.0.0'], { cwd, env })
  const url = server.url.replace('localhost', '127.0.0.1')
  const status = async (path: string, headers = {}) => (await fetch(`${url}${path}`, { headers })).status
  expect(await status('/metrics')).toBe(401)
  expect(await status('/metrics', { authorization: `Bearer ${key}` })).toBe(200)
  expect(await status('/readyz')).toBe(200)

  await writeFile(join(cwd, 'items.jsonl'), '{"input":1}\n')
  const importing = ['import', 'items.jsonl', '--dataset', 'd', '--url', url]
  expect((await assay(importing)).stderr).toContain('Expected an API key')
  expect((await assay(importing, { ASSAY_API_KEY: key })).status).toBe(0)

  expect((await assay(['keys', 'revoke', key.slice(0, 12)])).status).toBe(0)
  expect(await status('/metrics', { authorization: `Bearer ${key}` })).toBe(401)
  const again = await assay(['keys', 'revoke', key.slice(0, 12)])
  expect([again.status, again.stderr]).toEqual([1, `There is no key in use that begins with ${key.slice(0, 12)}.\n`])
}, 60_000)

async function ended(child: ReturnType<typeof spawnAssay>) {
  const exited = await child.exited
  return { exited, stdout: child.stdout, stderr: child.stderr }
}
