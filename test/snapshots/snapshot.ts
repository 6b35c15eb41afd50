/** The snapshots beside this file, see make.ts. */
import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { migrate } from '../../src/db/migrate.ts'
import { loadRows, migrationsOf } from './dump.ts'
import type { Figures } from './read-figures.ts'

/** A bug of a snapshot's version that has been fixed since, and the figures that changed with it. */
export interface Correction {
  /** The bug, in a sentence. */
  fault: string
  /** The correct figures by path, e.g. `runs.careless.stats.costUsd`. */
  figures: Record<string, unknown>
}

interface Snapshot {
  /** The API key for requests. */
  key: string
  /** The figures as its version reported them. */
  figures: Figures
  corrections: Correction[]
  /** The path of its config file. */
  config: string
}

const migrationsDirectory = join(import.meta.dirname, '../../prisma/migrations')

export async function snapshotNames(): Promise<string[]> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/**
 * Fills an empty database with a snapshot, at the schema of its version.
 * @param temporary an empty directory
 */
export async function loadSnapshot(name: string, url: string, temporary: string): Promise<Snapshot> {
  const directory = join(import.meta.dirname, name)
  const read = async (file: string) => gunzipSync(await readFile(join(directory, file))).toString()
  const dump = await read('database.sql.gz')
  const migrations = join(temporary, 'migrations')
  await mkdir(migrations)
  for (const migration of migrationsOf(dump))
    await cp(join(migrationsDirectory, migration), join(migrations, migration), { recursive: true })
  await migrate(url, { directory: migrations })
  await loadRows(url, dump)

  const { key, ...figures } = JSON.parse(await read('figures.json.gz')) as Figures & { key: string }
  const { corrections } = (await import(`./${name}/corrections.ts`)) as { corrections: Correction[] }
  return { key, figures, corrections, config: join(directory, 'assay.config.ts') }
}

/**
 * Figures that differ from those of a snapshot, or from their corrections, by path. Figures that the snapshot does not
 * have do not count, because its version could not report them; nor do those that were null and are no longer
 * reported, and the reasons of gates, which may be reworded.
 */
export function differences(
  { figures, corrections }: Snapshot,
  now: Figures,
): Record<string, { expected: unknown; got: unknown }> {
  const right = Object.assign({}, ...corrections.map((correction) => correction.figures))
  const before = leaves(bySeries(figures))
  const after = byItem(leaves(bySeries(now)), now)
  const expected = byItem(new Map([...before, ...Object.entries(right)]), figures)
  const found = [...expected].filter(([path, value]) => !path.endsWith('.reason') && !isSame(value, after.get(path)))
  return Object.fromEntries(found.map(([path, expected]) => [path, { expected, got: after.get(path) }]))
}

/**
 * Summaries of scores and metrics by their names, not their places in lists, which other ones change. The first versions
 * did not tell scores of one name apart; the preferred source, which comes first, has the name alone.
 */
function bySeries<T>(figures: T): T {
  const keyed = (parts: Record<string, unknown>[]) => {
    const named: Record<string, unknown> = {}
    for (const part of parts) {
      const { name = part.metric, source, candidate } = part
      const key = candidate ? `${name} of ${(candidate as { id: string }).id}` : String(name)
      named[key in named ? `${key} ${source}` : key] = part
    }
    return named
  }
  return JSON.parse(JSON.stringify(figures), (key, value) => {
    const isNamed = key === 'metrics' || (key === 'scores' && value[0] && ('count' in value[0] || 'change' in value[0]))
    return Array.isArray(value) && isNamed ? keyed(value) : value
  })
}

/**
 * Compared rows by their items, not by their places: the first versions put items that only later runs have at the end of a
 * comparison.
 */
function byItem(found: Map<string, unknown>, { comparisons }: Figures): Map<string, unknown> {
  const named = (path: string) =>
    path.replace(/^(comparisons\.(\d+)\.rows\.nodes)\.(\d+)\./, (_, rows, comparison, row) => {
      return `${rows}.${comparisons[comparison].rows.nodes[row].datasetItem.id}.`
    })
  return new Map([...found].map(([path, value]) => [named(path), value]))
}

function leaves(value: unknown, path = '', found = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return found.set(path, value)
  // A list that became longer is a difference, too.
  if (Array.isArray(value)) found.set(`${path}.length`, value.length)
  for (const [key, part] of Object.entries(value)) leaves(part, path ? `${path}.${key}` : key, found)
  return found
}

/** PostgreSQL may sum the same values in a different order. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return (a ?? null) === (b ?? null)
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
}
