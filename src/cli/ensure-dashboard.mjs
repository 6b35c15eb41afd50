// Builds the dashboard's pages into dist/dashboard if they are missing or older than their sources, or with `--always`,
// and compresses them once for all requests. Does nothing where there is nothing to build them with: an installed package
// has them. A build that fails is reported, but does not keep a server from starting.
//
// Plain JavaScript for any Node: one that is too old is left to what comes next, which says so.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = join(root, 'dist/dashboard')
const config = join(root, 'vite.dashboard.config.ts')
const compressible = new Set(['.css', '.html', '.js', '.json', '.svg', '.txt', '.webmanifest'])
/** A smaller file fits into one packet anyway. */
const minCompressedBytes = 1_400

const always = process.argv.includes('--always')
const canBuild =
  fs.globSync !== undefined && fs.existsSync(config) && fs.existsSync(join(root, 'node_modules/vite/package.json'))
if (fs.globSync !== undefined) await import('./ensure-generated.mjs')
if (canBuild && (always || isStale())) {
  process.stderr.write("Building the dashboard's pages; this takes some seconds.\n")
  const problem = await build()
  if (problem) process.stderr.write(`${problem}\n`)
  if (problem && always) process.exit(1)
} else if (always) {
  process.stderr.write('Building the dashboard takes a clone with its development packages: npm ci.\n')
  process.exit(1)
}

function isStale() {
  const changed = (file) => fs.statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = fs.globSync(
    ['src/dashboard/**/*', 'vite.dashboard.config.ts', 'schema/valueTypes.json', 'package.json'],
    {
      cwd: root,
      exclude: ['src/dashboard/gql', 'src/dashboard/gql/**'],
    },
  )
  return changed('dist/dashboard/index.html') < Math.max(...sources.map(changed))
}

/** Builds beside the old pages and swaps them, so that there is never half a build. @returns what went wrong */
async function build() {
  const startedAt = new Date()
  fs.mkdirSync(dirname(pages), { recursive: true })
  const made = fs.mkdtempSync(`${pages}-`)
  try {
    const command = ['exec', '--no', '--', 'vite', 'build', '--config', config, '--outDir', made, '--logLevel', 'warn']
    const { status, stdout, stderr, error } = spawnSync('npm', command, {
      cwd: root,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    if (status !== 0) return `The dashboard's pages could not be built: ${error?.message ?? ''}\n${stdout}${stderr}`
    await compress(made)
    // What changed during the build is newer than its result.
    fs.utimesSync(join(made, 'index.html'), startedAt, startedAt)
    // Other users may run the server.
    fs.chmodSync(made, 0o755)
    fs.rmSync(pages, { recursive: true, force: true })
    fs.renameSync(made, pages)
  } catch (error) {
    // Another process has put its build there in the same moment.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  } finally {
    fs.rmSync(made, { recursive: true, force: true })
  }
}

async function compress(folder) {
  const paths = fs.globSync('**/*', { cwd: folder }).filter((path) => compressible.has(extname(path)))
  const compressed = paths.map(async (path) => {
    const file = join(folder, path)
    const body = fs.readFileSync(file)
    if (body.length < minCompressedBytes) return
    const [brotli, gzipped] = await Promise.all([promisify(brotliCompress)(body), promisify(gzip)(body, { level: 9 })])
    fs.writeFileSync(`${file}.br`, brotli)
    fs.writeFileSync(`${file}.gz`, gzipped)
  })
  await Promise.all(compressed)
}
