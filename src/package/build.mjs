// Builds what the package consists of, in dist: `client` and `domain` (the client), and `server`, a tree like this
// repository's with JavaScript in place of TypeScript, because Node strips no types below node_modules.
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../..', import.meta.url))
const server = join(root, 'dist/server')

rmSync(server, { recursive: true, force: true })
run(process.execPath, ['src/cli/ensure-dashboard.mjs'])
run(process.execPath, ['src/client/build.mjs'])
tsc('tsconfig.package.json')
tsc('tsconfig.types.json')

await bundle('src/mcp/sdk')
await bundle('src/mcp/tokens')
copy('prisma/migrations')
copy('dist/dashboard')
for (const file of globSync('examples/*/*.{jsonl,md}', { cwd: root })) copy(file)

// Programs and modules that are named by their URL: the compiler changes only imports.
const named = /(new URL\((['"])[^'"]+\.)ts(\2, import\.meta\.url\))/g
for (const file of globSync('{src,schema,examples}/**/*.js', { cwd: server })) {
  rewrite(file, (text) => text.replaceAll(named, '$1js$3'))
}
copyPackages()
for (const file of globSync('**/*.d.ts', { cwd: server })) {
  rewrite(file, (text) => text.replaceAll(/((?:from |import\()["'][./][^"']*)\.ts(["'])/g, '$1.js$2'))
}

/**
 * What is used of two packages that bring along what nobody uses: the engines of other databases (65 MB), and with them as a
 * peer the plugin of the schema.
 */
function copyPackages() {
  const engine = 'query_compiler_small_bg.postgresql'
  const packages = [
    {
      name: '@prisma/client',
      files: ['LICENSE', ...['client', engine, `${engine}.wasm-base64`].map((name) => `runtime/${name}.mjs`)],
      modules: {
        client: 'client.mjs',
        [`${engine}.mjs`]: `${engine}.mjs`,
        [`${engine}.wasm-base64.mjs`]: `${engine}.wasm-base64.mjs`,
      },
      specifier: (module) => `@prisma/client/runtime/${module}`,
      folder: 'runtime',
    },
    {
      name: '@pothos/plugin-prisma',
      files: ['LICENSE', 'esm/**/*.js', 'esm/package.json'],
      modules: { '': 'index.js' },
      specifier: () => '@pothos/plugin-prisma',
      folder: 'esm',
    },
  ]
  const places = new Map()
  for (const { name, files, modules, specifier, folder } of packages) {
    const from = join(root, 'node_modules', name)
    for (const file of globSync(files, { cwd: from, exclude: ['esm/generator.js'] })) {
      cpSync(join(from, file), join(server, 'packages', name, file))
    }
    for (const [module, file] of Object.entries(modules)) {
      places.set(specifier(module), join(server, 'packages', name, folder, file))
    }
  }
  for (const file of globSync('{src,schema}/**/*.js', { cwd: server })) {
    rewrite(file, (text) =>
      text.replaceAll(/(["'])(@(?:prisma\/client|pothos\/plugin-prisma)[^"']*)\1/g, (found, quote, name) => {
        const place = places.get(name)
        if (!place) return found
        const path = relative(join(server, dirname(file)), place).replaceAll('\\', '/')
        return `${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`
      }),
    )
  }
}

/** With the packages in it, but those that the package depends on anyway. */
async function bundle(module) {
  const external = [/^node:/, /^(zod|ajv|ajv-formats)($|\/)/]
  const built = await rolldown({ input: join(root, `${module}.ts`), platform: 'node', external })
  const { output } = await built.write({ file: join(server, `${module}.js`), format: 'esm' })
  const paths = Object.keys(output[0].modules).flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [])
  const texts = [...new Set(paths)].sort().map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
    const [file] = globSync('{LICENSE,LICENCE,license}*', { cwd: path })
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(path, file), 'utf8') : ''}`
  })
  writeFileSync(join(server, `${module}.licenses.txt`), texts.join('\n\n'))
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}

function tsc(config) {
  run('npm', ['exec', '--no', '--', 'tsc', '-p', config])
}

function copy(path) {
  cpSync(join(root, path), join(server, path), { recursive: true })
}

function rewrite(path, change) {
  const file = join(server, path)
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  if (changed !== text) writeFileSync(file, changed)
}
