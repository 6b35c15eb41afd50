import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
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

  const created = await assay(['keys', 'create', 'laptop', '--role', 'WRITE', '--installation'])
  const key = created.stdout.trim()
  expect(key).toMatch(/^assay_[\w-]{32}$/)
  const listed = await assay(['keys', 'list'])
  expect(listed.stdout).toMatch(/^assay_\S{6}… {2}WRITE {2}laptop {2}\(installation, never used\)\n$/)

  const server = await spawnServer(['--host', '0.0.0.0'], { cwd, env })
  const url = server.url.replace('localhost', '127.0.0.1')
  const status = async (path: string, headers = {}) => (await fetch(`${url}${path}`, { headers })).status
  expect(await status('/metrics')).toBe(401)
  expect(await status('/metrics', { authorization: `Bearer ${key}` })).toBe(200)
  expect(await status('/readyz')).toBe(200)

  await writeFile(join(cwd, 'items.jsonl'), '{"input":1}\n')
  const importing = ['import', 'items.jsonl', '--dataset', 'd', '--url', url]
  expect((await assay(importing)).stderr).toMatch(/Expected an API key.*Set ASSAY_API_KEY to a key of http/)
  const keyed = { ASSAY_API_KEY: key }
  expect((await assay(importing, keyed)).status).toBe(0)
  const inProject = [...importing, '--project', 'größe & mehr']
  expect((await assay(inProject, keyed)).stderr).toContain('There is no project "größe & mehr".')
  await createProject(database.url, 'größe & mehr')
  expect((await assay(inProject, keyed)).stdout).toContain('is at version 1: 1 added')
  const running = await assay(['run', 'x', '--project', 'nowhere', '--url', url], keyed)
  expect(running.stderr).toContain('There is no project "nowhere".')

  expect((await assay(['keys', 'revoke', key.slice(0, 12)])).status).toBe(0)
  expect(await status('/metrics', { authorization: `Bearer ${key}` })).toBe(401)
  const again = await assay(['keys', 'revoke', key.slice(0, 12)])
  expect([again.status, again.stderr]).toEqual([1, `There is no key in use that begins with ${key.slice(0, 12)}.\n`])
}, 120_000)

test('keys are made and revoked beside a server on its embedded database, which asks for them from then on', async () => {
  const cwd = await makeTemporary()
  const assay = (args: string[], env: Record<string, string> = {}) => ended(spawnAssay(args, { cwd, env }))
  const server = await spawnServer([], { cwd })
  const ask = async (key?: string) => {
    const authorization: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {}
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: '{"query":"{ viewer { role installation person { name } project { name } } }"}',
    })
    return { status: response.status, ...((await response.json()) as { data?: { viewer: object } }) }
  }
  expect(await ask()).toMatchObject({
    status: 200,
    data: { viewer: { installation: true, person: { name: 'local' } } },
  })

  const created = await assay(['keys', 'create', 'ops', '--installation'])
  expect(created.stderr).toContain('Keep it')
  const ops = created.stdout.trim()
  await expect.poll(async () => (await ask()).status).toBe(401)
  expect(await ask(ops)).toMatchObject({
    data: { viewer: { role: 'ADMIN', installation: true, person: { name: 'ops' }, project: { name: 'default' } } },
  })

  const throughServer = { ASSAY_URL: server.url, ASSAY_API_KEY: ops }
  const ci = await assay(['keys', 'create', 'ci', '--role', 'READ', '--person', 'robot'], throughServer)
  expect(await ask(ci.stdout.trim())).toMatchObject({
    data: { viewer: { role: 'READ', installation: false, person: { name: 'robot' } } },
  })
  const listed = await assay(['keys', 'list'], throughServer)
  expect(listed.stdout).toMatch(
    /ADMIN {2}ops {2}\(installation, last used .*\)\n.*READ {3}ci {2}\(project default, last used/,
  )
  const elsewhere = await assay(['keys', 'create', 'x', '--project', 'nowhere'])
  expect([elsewhere.exited, elsewhere.stderr]).toEqual([1, 'There is no project "nowhere".\n'])

  expect((await assay(['keys', 'revoke', ci.stdout.trim()], throughServer)).exited).toBe(0)
  expect((await ask(ci.stdout.trim())).status).toBe(401)
  expect((await assay(['keys', 'revoke', ops.slice(0, 12)])).exited).toBe(0)
  expect((await ask(ops)).status).toBe(401)
}, 120_000)

async function createProject(databaseUrl: string, name: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('INSERT INTO project (name) VALUES ($1)', [name])
  await client.end()
}

async function ended(child: ReturnType<typeof spawnAssay>) {
  const exited = await child.exited
  return { exited, stdout: child.stdout, stderr: child.stderr }
}
