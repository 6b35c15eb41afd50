/** The command that prints the import graph fails when it must, and detects every kind of import. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readImports } from './graph.ts'
import { findForbidden, rules } from './rules.ts'

/** A folder with these files, by their paths. */
function project(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'assay-imports-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

function print(files: Record<string, string>) {
  const command = fileURLToPath(new URL('print.ts', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, project(files)], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

const clean = {
  'src/domain/run.ts': `import * as z from 'zod'\nexport type Run = z.infer<typeof z.string>`,
  'src/db/sql/load.ts': `import type { Run } from '../../domain/run.ts'\nexport const load = (run: Run) => run`,
  'schema/index.ts': `import { GraphQLSchema } from 'graphql'\nimport { load } from '../src/db/sql/load.ts'\nexport { load }`,
}

test('a graph without cycles that follows the rules is printed by room', () => {
  const { status, stdout, stderr } = print(clean)
  expect(stderr).toBe('')
  expect(stdout).toBe('domain\ndb → domain 1\nschema → db 1\n\nImports: 2, circles: 0, forbidden: 0\n')
  expect(status).toBe(0)
})

test('a cycle of type imports fails', () => {
  const { status, stdout, stderr } = print({
    ...clean,
    'src/engine/worker.ts': `import type { Lane } from './lane.ts'\nexport interface Worker { lanes: Lane[] }`,
    'src/engine/lane.ts': `export interface Lane { plan: import('./run/plan.ts').Plan }`,
    'src/engine/run/plan.ts': `export type { Worker } from '../worker.ts'\nexport interface Plan { id: string }`,
    'src/engine/slots.ts': `export type { Lane } from './lane.ts'`,
  })
  expect(status).toBe(1)
  expect(stdout).toContain('circles: 1, forbidden: 0')
  expect(stderr.trim().split('\n').slice(1).toSorted()).toEqual([
    '  src/engine/lane.ts → src/engine/run/plan.ts (type)',
    '  src/engine/run/plan.ts → src/engine/worker.ts (type)',
    '  src/engine/worker.ts → src/engine/lane.ts (type)',
  ])
})

test.each([
  ['src/domain/a.ts', '../db/b.ts', 'domain may import nothing of ours'],
  ['src/db/a.ts', '../engine/b.ts', 'db may import only domain'],
  ['src/telemetry/a.ts', '../db/b.ts', 'telemetry may import only domain'],
  ['src/models/a.ts', '../tasks/b.ts', 'models may import only domain'],
  ['src/tasks/a.ts', '../evaluators/b.ts', 'tasks may import only models, domain'],
  ['src/embedded-postgres/a.ts', '../domain/b.ts', 'embedded-postgres may import nothing of ours'],
  ['src/define-config.ts', './tasks/b.ts', 'define-config may import only domain, types of tasks'],
  ['src/engine/runs/a.ts', '../../feed/b.ts', 'engine may import only'],
  ['src/feed/a.ts', '../../schema/b.ts', 'feed may import only'],
  ['schema/run/a.ts', '../../src/server/b.ts', 'schema may import only'],
  ['schema/run/a.ts', '../../src/cli/b.ts', 'schema may import only'],
  ['src/server/a.ts', '../cli/b.ts', 'server may import only'],
  ['src/client/a.ts', '../tasks/b.ts', 'client may import only domain'],
  ['src/dashboard/a.ts', '../client/b.ts', 'dashboard may import only schema/possibleTypes.json, schema/'],
  ['src/dashboard/a.ts', '../../schema/builder.ts', 'dashboard may import only schema/possibleTypes.json, schema/'],
  ['src/engine/a.ts', 'graphql', 'engine does not know GraphQL'],
  ['src/feed/a.ts', '@pothos/core', 'feed does not know GraphQL'],
  ['src/feed/a.ts', 'graphql-yoga', 'feed does not know GraphQL'],
  ['src/attic/a.ts', '../domain/b.ts', 'there is no rule for what attic may import'],
])('%s must not import %s', (path, specifier, problem) => {
  const problems = findForbidden(readImports(project({ [path]: `import '${specifier}'` }), ['src', 'schema']), rules)
  expect(problems).toEqual([expect.stringContaining(problem)])
})

test('a forbidden import fails', () => {
  const { status, stderr } = print({ ...clean, 'src/domain/item.ts': `export type { load } from '../db/sql/load.ts'` })
  expect(stderr).toContain('  src/domain/item.ts → src/db/sql/load.ts: domain may import nothing of ours\n')
  expect(status).toBe(1)
})

test('types of a room may be imported where its values may not', () => {
  const importing = (kind: string) => project({ 'src/define-config.ts': `import ${kind} { A } from './tasks/a.ts'` })
  expect(findForbidden(readImports(importing('type'), ['src']), rules)).toEqual([])
  expect(findForbidden(readImports(importing(''), ['src']), rules)).toHaveLength(1)
})

test('imports are detected in every syntax', () => {
  const forms = [
    "import '$'",
    "import { a } from '$'",
    "import { type A } from '$'",
    "import type A from '$'",
    "import type * as all from '$'",
    "export { a } from '$'",
    "export type { A } from '$'",
    "export * from '$'",
    "export type * from '$'",
    "const lazy = async () => (await import('$')).a",
    "type A = Array<import('$').A>",
    "type A = { [K in keyof import('$').A]: 1 }",
    "type A = B extends import('$').A ? 1 : 2",
    "type A = typeof import('$')",
    "type A = [import('$').A['a'], ...string[]]",
    "interface A extends B<import('$').A> {}",
    "interface A { method(): () => import('$').A }",
    "class A implements B<import('$').A> {}",
    "class A { #field: import('$').A | null = null }",
    "const a = b as import('$').A",
    "const a = b satisfies import('$').A",
    "const a = b<import('$').A>()",
    "function f(a: unknown): a is import('$').A { return true }",
  ]
  const files = forms.map((form, n) => [`src/domain/form-${n}.ts`, form.replace('$', `./imported-${n}.ts`)])
  const found = readImports(project(Object.fromEntries(files)), ['src'])
  const imported = new Set(found.map(({ from, to }) => `${from} → ${to}`))
  expect(forms.filter((_, n) => !imported.has(`src/domain/form-${n}.ts → src/domain/imported-${n}.ts`))).toEqual([])
})
