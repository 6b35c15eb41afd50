import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const maxTarballMb = 7
/** As `du -m` counts them. */
const maxInstalledMb = 450
export const maxPackages = 250
/** What only a build needs. */
export const forbidden =
  /node_modules\/(vite|prisma|@prisma\/client|@pothos\/plugin-prisma|typescript|vitest|esbuild|rollup|@graphql-codegen\/.*|@prisma\/(engines|fetch-engine|dev|config))$/
const allowedFiles =
  /^(LICENSE|src\/cli\/bin\.mjs|README\.md|package\.json|dist\/(client|domain)\/[\w/.-]+\.(js|d\.ts)|dist\/server\/(package\.json|(src|schema|examples)\/[\w/.-]+\.(js|mjs|d\.ts|json|jsonl|md|txt)|packages\/@[\w/.-]+\.(js|mjs|json)|packages\/@[\w/-]+\/LICENSE|prisma\/migrations\/[\w/.-]+\.(sql|toml)|dist\/dashboard\/.+))$/
const neededFiles = [
  'dist/client/index.js',
  'dist/client/index.d.ts',
  'dist/client/vitest.js',
  'src/cli/bin.mjs',
  'dist/server/src/cli/main.js',
  'dist/server/src/index.d.ts',
  'dist/server/dist/dashboard/index.html',
  'dist/server/examples/support-tickets/tickets.jsonl',
]

/** What `npm pack --json` says. */
export interface Packed {
  filename: string
  files: { path: string }[]
  size: number
  unpackedSize: number
}

/** @returns what was found, as a sentence */
export function expectTarball({ files, size, unpackedSize }: Packed): string {
  const paths = files.map(({ path }) => path)
  const strange = paths.filter((path) => !allowedFiles.test(path))
  if (strange.length > 0) throw new Error(`the package has files that it should not have: ${strange.join(', ')}`)
  const missing = neededFiles.filter((path) => !paths.includes(path))
  if (missing.length > 0) throw new Error(`the package lacks ${missing.join(', ')}`)
  if (size > maxTarballMb * 1e6) throw new Error(`expected at most ${maxTarballMb} MB, got ${megabytes(size)}`)
  return `packed: ${paths.length} files, ${megabytes(size)}, ${megabytes(unpackedSize)} unpacked`
}

/** @returns what was found, as a sentence */
export function expectTree(project: string): string {
  const { packages } = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'))
  const installed = Object.keys(packages)
  const wrong = installed.filter((path) => forbidden.test(path))
  if (wrong.length > 0) throw new Error(`packages of a build are installed: ${wrong.join(', ')}`)
  if (installed.length > maxPackages)
    throw new Error(`expected at most ${maxPackages} packages, got ${installed.length}`)
  const { stdout } = spawnSync('du', ['-sm', join(project, 'node_modules')], { encoding: 'utf8' })
  const size = Number.parseInt(stdout, 10)
  if (!(size <= maxInstalledMb)) throw new Error(`expected at most ${maxInstalledMb} MB installed, got ${size}`)
  return `${installed.length} packages, ${size} MB`
}

/** The dashboard's pages and what they load come from the package. */
export async function expectPages(url: string): Promise<void> {
  const page = await fetch(url, { headers: { accept: 'text/html' } })
  const html = await page.text()
  const [, script] = /<script type="module"[^>]+src="([^"]+)"/.exec(html) ?? []
  if (page.status !== 200 || !script) throw new Error(`expected the dashboard at ${url}, got ${page.status}:\n${html}`)
  const loaded = await fetch(new URL(script, url))
  if (loaded.status !== 200 || (await loaded.text()).length < 1_000) throw new Error(`${script} is not there`)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
