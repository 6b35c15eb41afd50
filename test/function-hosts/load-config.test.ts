import { execFile } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configKinds } from '../package/configs.ts'

/** Loading is Node's own import with type stripping, so it happens in a Node process. */
const loader = path.join(import.meta.dirname, '../../src/function-hosts/load-config.ts')
const program = (loader: string) => `
const { findConfig, loadConfig, ConfigError } = await import(${JSON.stringify(loader)})
try {
  const path = findConfig(process.argv[1] || null)
  const { modules, hash } = path === null ? { modules: { tasks: new Map(), evaluators: new Map() } } : await loadConfig(path)
  const tasks = await Promise.all([...modules.tasks.values()].map(async (t) => ({ ...t, run: await t.run({ text: 'hi' }, {}, {}) })))
  const evaluators = [...modules.evaluators.values()].map((e) => ({ ...e, evaluate: e.evaluate({ output: 'hi' }) }))
  console.log(JSON.stringify({ path, tasks, evaluators, hash }))
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  console.log(JSON.stringify({ ...error.place, message: error.message }))
}`

let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'assay-config-')))
})
afterAll(() => rm(folder, { recursive: true }))

/** Loads a folder with these files. */
async function load(files: Record<string, string>, { file = '', target = '', by = loader } = {}) {
  const project = await mkdtemp(path.join(folder, 'project-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(project, name)), { recursive: true })
    await writeFile(path.join(project, name), text)
  }
  const argument = target || (file === '' ? project : path.join(project, file))
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program(by), argument],
    { cwd: project },
  )
  return { project, stderr, loaded: JSON.parse(stdout) }
}

const good = `
import { defineConfig, result, type TaskItem } from 'assay'
interface Input { text: string }
export default defineConfig({
  tasks: {
    shout: (input: Input, _item: TaskItem) => input.text.toUpperCase(),
    priced: { description: 'It costs.', run: async (input: Input) => result({ output: input.text, costUsd: 1 }) },
  },
  evaluators: {
    short: ({ output }) => output.length < 3,
    tone: { evaluate: () => 'kind', dataType: 'CATEGORICAL', direction: 'NONE', description: 'Its tone.' },
  },
})
`

describe('a config', () => {
  it.each(configKinds)('of a project is loaded: $name', async ({ files, functions }) => {
    const { loaded, stderr } = await load(files)
    expect(loaded.message).toBeUndefined()
    expect(loaded.tasks.map(({ name }: { name: string }) => name).sort()).toEqual(functions)
    expect(stderr).toBe('')
  })

  it("registers the project's functions, in an otherwise empty folder", async () => {
    const { project, loaded, stderr } = await load({ 'assay.config.ts': good })
    expect(loaded).toEqual({
      path: path.join(project, 'assay.config.ts'),
      tasks: [
        { name: 'shout', run: 'HI' },
        { name: 'priced', description: 'It costs.', run: { output: 'hi', costUsd: 1 } },
      ],
      evaluators: [
        { name: 'short', evaluate: true },
        { name: 'tone', evaluate: 'kind', dataType: 'CATEGORICAL', direction: 'NONE', description: 'Its tone.' },
      ],
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(stderr).toBe('')
  })

  it('may be in a CommonJS package, and import other files', async () => {
    const { loaded } = await load({
      'package.json': '{ "type": "commonjs" }',
      'lib/shout.mts': 'export const shout = (input: { text: string }) => input.text.concat("!")',
      'assay.config.ts': "import { shout } from './lib/shout.mts'\nexport default { tasks: { shout } }",
    })
    expect(loaded.tasks).toEqual([{ name: 'shout', run: 'hi!' }])
  })

  it.each([
    ['assay.config.mts', 'export default { tasks: { n: (): number => 1 } }'],
    ['assay.config.mjs', 'export default { tasks: { n: () => 1 } }'],
    ['assay.config.js', 'module.exports = { tasks: { n: () => 1 } }'],
  ])('may be %s', async (name, text) => {
    // Without it, one above the folder for temporary files would say what kind of module it is.
    const files = { 'package.json': '{}', [name]: text }
    expect((await load(files)).loaded.tasks).toEqual([{ name: 'n', run: 1 }])
  })

  it('may have any name when passed as a file', async () => {
    const text = 'export default { tasks: { n: () => 1 } }'
    expect((await load({ 'my.config.mjs': text }, { file: 'my.config.mjs' })).loaded.tasks).toHaveLength(1)
  })

  it('is optional', async () => {
    expect((await load({})).loaded).toEqual({ path: null, tasks: [], evaluators: [] })
  })

  it('has a hash of all that it imports, wherever it is', async () => {
    const files = {
      'assay.config.ts': "import { f } from './lib/f.mts'\nimport { g } from 'g'\nexport default { tasks: { f, g } }",
      'lib/f.mts':
        "import { createRequire } from 'node:module'\nexport const f = createRequire(import.meta.url)('./f.cjs')",
      'lib/f.cjs': 'module.exports = () => 1',
      'node_modules/g/package.json': '{ "name": "g", "main": "g.mjs" }',
      'node_modules/g/g.mjs': 'export const g = () => 2',
      'unused.mts': 'export const unused = 1',
    }
    const hashOf = async (changes: Record<string, string> = {}) => (await load({ ...files, ...changes })).loaded.hash
    const first = await hashOf()
    expect(await hashOf({ 'unused.mts': 'export const unused = 2' })).toBe(first)
    const others = await Promise.all([
      hashOf({ 'assay.config.ts': `${files['assay.config.ts']}\n` }),
      hashOf({ 'lib/f.cjs': 'module.exports = () => 2' }),
      hashOf({ 'node_modules/g/g.mjs': 'export const g = () => 3' }),
    ])
    expect(new Set([first, ...others]).size).toBe(4)
  })

  it('has the same hash under another version of Assay, unless the project itself imports what has changed', async () => {
    const root = path.join(import.meta.dirname, '../..')
    const upgraded = await mkdtemp(path.join(folder, 'upgraded-'))
    for (const part of ['src/function-hosts', 'src/domain', 'src/tasks', 'src/evaluators', 'src/calculations']) {
      await cp(path.join(root, part), path.join(upgraded, part), { recursive: true })
    }
    for (const file of ['src/index.ts', 'src/define-config.ts', 'src/define-experiment.ts', 'package.json']) {
      await cp(path.join(root, file), path.join(upgraded, file))
    }
    await mkdir(path.join(upgraded, 'node_modules/added'), { recursive: true })
    for (const name of await readdir(path.join(root, 'node_modules'))) {
      await symlink(path.join(root, 'node_modules', name), path.join(upgraded, 'node_modules', name))
    }
    await writeFile(path.join(upgraded, 'node_modules/added/index.js'), 'exports.added = 1')
    await appendFile(path.join(upgraded, 'src/index.ts'), "\nimport 'added'\n")
    const by = path.join(upgraded, 'src/function-hosts/load-config.ts')

    const files = { 'assay.config.ts': good }
    const { loaded } = await load(files)
    expect((await load(files, { by })).loaded.hash).toBe(loaded.hash)
    const added = path.join(upgraded, 'node_modules/added/index.js')
    const importing = { 'assay.config.ts': `${good}\nimport ${JSON.stringify(added)}` }
    const before = (await load(importing, { by })).loaded.hash
    await writeFile(added, 'exports.added = 2')
    expect((await load(importing, { by })).loaded.hash).not.toBe(before)
    expect((await load(files, { by })).loaded.hash).toBe(loaded.hash)
  })
})

describe('a broken config names the file and the line', () => {
  it.each<[string, Record<string, string>, string, number | null, string]>([
    [
      'a syntax error',
      { 'assay.config.ts': 'const a = 1\nexport default { tasks: {\n' },
      'assay.config.ts',
      2,
      'SyntaxError',
    ],
    [
      'a syntax error in JavaScript',
      { 'assay.config.mjs': 'const a = 1\n\nexport default {{ }\n' },
      'assay.config.mjs',
      3,
      'SyntaxError',
    ],
    [
      'TypeScript that Node does not run',
      { 'assay.config.ts': '\nenum A { B }\nexport default {}' },
      'assay.config.ts',
      2,
      'enum is not supported',
    ],
    [
      'an exception',
      { 'assay.config.ts': "export default {}\n\nthrow new Error('boom')" },
      'assay.config.ts',
      3,
      'Error: boom',
    ],
    [
      'an exception that is none',
      { 'assay.config.ts': "export default {}\nthrow 'boom'" },
      'assay.config.ts',
      null,
      'threw boom',
    ],
    [
      'a missing file',
      { 'assay.config.ts': "\nimport x from './nowhere.ts'\nexport default { x }" },
      'assay.config.ts',
      2,
      'Cannot find module',
    ],
    [
      'a missing package',
      { 'assay.config.ts': "import x from 'no-such-package'\nexport default { x }" },
      'assay.config.ts',
      1,
      "Cannot find package 'no-such-package'",
    ],
    [
      'a missing export',
      { 'lib.mts': 'export {}', 'assay.config.ts': "\n\nimport { x } from './lib.mts'\nexport default { x }" },
      'assay.config.ts',
      3,
      "does not provide an export named 'x'",
    ],
    [
      'an error in a file that it imports',
      {
        'lib.mts': "\nexport const x = 1\nthrow new Error('boom')",
        'assay.config.ts': "import './lib.mts'\nexport default {}",
      },
      'lib.mts',
      3,
      'boom',
    ],
    [
      'an error in a function that it calls',
      {
        'lib.mts': "export const f = () => {\n  throw new Error('boom')\n}",
        'assay.config.ts': "import { f } from './lib.mts'\n\nf()\nexport default {}",
      },
      'assay.config.ts',
      3,
      'boom',
    ],
    [
      'what is no task',
      { 'assay.config.ts': "import { defineConfig } from 'assay'\n\nexport default defineConfig({ tasks: { a: 5 } })" },
      'assay.config.ts',
      3,
      'tasks.a: expected a function or { run, description, version }, got 5',
    ],
    [
      'what is no task, without defineConfig',
      { 'assay.config.ts': '\nexport default { tasks: { a: { run: 5 } } }' },
      'assay.config.ts',
      2,
      'tasks.a.run: expected a function, got 5',
    ],
    [
      'an unknown option',
      { 'assay.config.ts': 'export default { evaluators: { a: { evaluate: () => 1, dataTyp: 1 } } }' },
      'assay.config.ts',
      1,
      'evaluators.a: expected no member "dataTyp"',
    ],
    [
      'an unknown data type',
      { 'assay.config.ts': "export default { evaluators: { a: { evaluate: () => 1, dataType: 'FLOAT' } } }" },
      'assay.config.ts',
      1,
      'got "FLOAT"',
    ],
    [
      'an unknown section',
      { 'assay.config.ts': 'export default { task: {} }' },
      'assay.config.ts',
      1,
      'config: expected no member "task"',
    ],
    [
      'no default export',
      { 'assay.config.ts': 'export const tasks = {}' },
      'assay.config.ts',
      null,
      'default export: expected defineConfig({ tasks, evaluators }), got nothing',
    ],
  ])('%s', async (_, files, file, line, message) => {
    const { project, loaded } = await load(files)
    const where = path.join(project, file)
    expect(loaded).toMatchObject({ file: where, line, message: expect.stringContaining(message) })
    expect(loaded.message).toContain(line === null ? `${where}: ` : `${where}:${line}: `)
  })

  it('a missing file', async () => {
    const { loaded } = await load({}, { target: '/nowhere/assay.config.ts' })
    expect(loaded.message).toBe('/nowhere/assay.config.ts: expected a config file, got nothing.')
  })
})
