/** docs/operations.md is accurate: its metrics, options and commands exist. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from '../../src/db/listener.ts'
import { migrationNames } from '../../src/db/migrate.ts'
import { lockSchema, SchemaLock } from '../../src/db/schema-lock.ts'
import { laneSlots } from '../../src/engine/runs/lanes.ts'
import { limits } from '../../src/server/limits/use-document-limits.ts'
import { createTestDatabase } from '../helpers/database.ts'
import { makeTemporary, root, spawnAssay, spawnServer } from '../helpers/spawn-assay.ts'

const page = await readFile(join(root, 'docs/operations.md'), 'utf8')

/** The cells of a section's table, by row. */
function table(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? ''
  return section
    .split('\n')
    .filter((line) => /^\| [^-]/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .slice(1)
}

test('the page lists exactly the metrics of a process', async () => {
  const { url } = await spawnServer([], { cwd: await makeTemporary() })
  const text = await (await fetch(`${url}/metrics`)).text()
  const exposed = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '']) => name)
  const ours = exposed.filter((name) => name.startsWith('assay_'))
  const documented = table('Metrics').map(([name = '']) => name.replaceAll('`', ''))
  expect(documented.toSorted()).toEqual(ours.toSorted())
  for (const name of exposed.filter((name) => !name.startsWith('assay_'))) expect(name).toMatch(/^(nodejs|process)_/)
  // Also those mentioned elsewhere in the page.
  for (const [, name = ''] of page.matchAll(/\b((?:assay|nodejs)_[a-z0-9]+_[a-z0-9_]+)\b/g))
    expect(exposed).toContain(name)
  for (const [name = '', , meaning = ''] of table('Metrics')) {
    const histogram = new RegExp(`^# TYPE ${name.replaceAll('`', '')} histogram$`, 'm').test(text)
    expect(meaning.startsWith('histogram:'), name).toBe(histogram)
  }
})

test('the page lists the checks of /readyz', async () => {
  const { url } = await spawnServer([], { cwd: await makeTemporary() })
  const { checks } = (await (await fetch(`${url}/readyz`)).json()) as { checks: object }
  const documented = table('Health').map(([name = '']) => name.replaceAll('`', ''))
  expect(documented).toEqual(Object.keys(checks))
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  expect(Object.keys(JSON.parse(example).checks)).toEqual(documented)
})

test('every option and command in the page exists', async () => {
  const help = async (...command: string[]) => {
    const child = spawnAssay([...command, '--help'])
    expect(await child.exited).toBe(0)
    return child.stdout
  }
  const known = (
    await Promise.all(['serve', 'worker', 'keys', 'quota', 'retention'].map((command) => help(command)))
  ).join('\n')
  const options = [...page.matchAll(/(?:`|assay \w+ |keys create \w+ )(--[a-z-]+)/g)].map(([, option = '']) => option)
  expect(new Set(options).size).toBeGreaterThan(7)
  const all = `${known}\n${await help('keys', 'create')}`
  for (const option of new Set(options)) expect(all, option).toContain(`${option} `)
  const commands = [...page.matchAll(/^assay keys (\w+)/gm)].map(([, command = '']) => command)
  expect(commands).toContain('create')
  for (const command of commands) expect(known).toContain(`  ${command} `)
})

test('the limits in the page match the code', async () => {
  const { characters, tokens, depth, aliases, selections, cost } = limits
  const number = (value: number) => value.toLocaleString('en')
  expect(table('Limits')[1]?.[1]).toBe(
    `${number(characters)} characters, ${number(tokens)} tokens, depth ${depth}, ${aliases} aliases, ${number(selections)} fields and fragments with fragments written out, ${number(cost)} objects in the response`,
  )
  expect(page).toContain(`lanes (shares of a run's concurrency, ${laneSlots} items each)`)
})

test('the page has the messages of an upgrade, and the statements that find the processes in its way', async () => {
  const [, migration = ''] = /The migration (\S+) is waiting/.exec(page) ?? []
  const database = await createTestDatabase()
  onTestFinished(database.drop)
  const lock = new SchemaLock(await migrationNames())
  const listener = await new Listener(database.url, (client) => lock.share(client)).start()
  lock.watch(listener)
  onTestFinished(() => listener.close())
  const migrator = new Client({ connectionString: database.url })
  await migrator.connect()
  onTestFinished(() => migrator.end())

  const [, list = ''] = /```sql\n(.*)\n```/.exec(page) ?? []
  const { rows } = await migrator.query<{ pid: number; application_name: string }>(
    list.replace(';', ' AND datname = current_database()'),
  )
  expect(rows).toEqual([
    expect.objectContaining({ application_name: expect.stringContaining(`assay ${process.pid} on`) }),
  ])
  const said: string[] = []
  const locked = lockSchema(migrator, migration, { waitMs: 60_000, onWait: (message) => said.push(message) })
  const { message } = await lock.outdated
  expect(page).toContain(`\n${message}\n`)
  await expect.poll(() => said).toHaveLength(1)
  const withoutIds = (text = '') => text.replace(/assay \d+ on \S+ \(connection \d+( from [\d.]+)?\)/, 'assay')
  expect(withoutIds(said[0])).toBe(withoutIds(/^The migration .* is waiting .*$/m.exec(page)?.[0]))

  const [, terminate = ''] = /`(SELECT pg_terminate_backend\(\d+\))`/.exec(page) ?? []
  const admin = new Client({ connectionString: database.url })
  await admin.connect()
  onTestFinished(() => admin.end())
  const terminated = await admin.query(terminate.replace(/\d+/, String(rows[0]?.pid)))
  expect(terminated.rows).toEqual([{ pg_terminate_backend: true }])
  await listener.close()
  await locked
})
