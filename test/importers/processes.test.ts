/** `assay import --from` as users call it, and the commands of docs/migrating.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tools } from '../../src/importers/import-results.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { root, spawnAssay } from '../helpers/spawn-assay.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

const files = join(root, 'test/importers/files')

test('the same file again changes nothing, by the command line, which says what it did', async () => {
  const again = async () => {
    const spawned = spawnAssay([
      'import',
      join(files, 'promptfoo-3-late.json'),
      '--from',
      'promptfoo',
      '--dataset',
      'twice',
      '--url',
      t.url,
    ])
    expect(await spawned.exited, spawned.stderr).toBe(0)
    return spawned.stdout
  }
  const first = await again()
  expect(first).toContain('Dataset "twice" is at version 1: 3 items of the file, 3 added, 0 changed.')
  expect(first).toMatch(
    /Run "llama – french" COMPLETED: 3 items, 2 succeeded, 1 failed\n {2}pass 0\.5 \(n = 2\); score 0\.5 \(n = 2\)/,
  )
  expect(first).toContain('Not taken over:\n  1 × `traces` of the file')
  const second = await again()
  expect(second).toContain('Dataset "twice" is at version 1: 3 items of the file, 0 added, 0 changed.')
  expect(second).toContain('Run "llama – french" was imported before: 3 items')
})

test('docs/migrating.md: its commands import a file of each tool', async () => {
  const page = readFileSync(join(root, 'docs/migrating.md'), 'utf8')
  const commands = [...page.matchAll(/^assay (import \S+ --from (\S+))$/gm)]
  expect(commands.map(([, , from]) => from)).toEqual([...tools])
  const own: Record<string, string> = {
    promptfoo: 'promptfoo-3-late.json',
    inspect: 'inspect-2.json',
    'openai-evals': 'openai-event-log.jsonl',
  }
  for (const [, command = '', from = ''] of commands) {
    const [name, , ...options] = command.split(' ')
    const spawned = spawnAssay([name ?? '', join(files, own[from] ?? ''), ...options, '--url', t.url])
    expect(await spawned.exited, spawned.stderr).toBe(0)
    expect(spawned.stdout).toMatch(/^Dataset "[^"]+" is at version 1: /)
  }
})
