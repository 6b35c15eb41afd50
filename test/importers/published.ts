// Imports result files that others published, each by `assay import --from`, and prints their counts and means, what the files
// say of themselves, and what was not taken over. Fails when a file is refused, or says something else.
//   npm run test:published -- promptfoo ~/results/*.json inspect ~/logs/*.eval openai-evals ~/evallogs/*.jsonl
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Assay } from '../../src/client/index.ts'
import { type Tool, tools } from '../../src/importers/import-results.ts'
import { serve } from '../package/serve.ts'
import { type StatedFigures, statedFigures } from './stated-figures.ts'

type Counts = Record<'total' | 'succeeded' | 'failed' | 'cancelled', number>

interface Imported {
  dataset: { items: number }
  runs: { id: string; progress: Counts; scores: { name: string; mean: number | null; count: number }[] }[]
  notTakenOver: { what: string; count: number }[]
}

const bin = fileURLToPath(new URL('../../src/cli/bin.mjs', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'assay-published-'))
const { DATABASE_URL: _, ASSAY_URL: __, ...inherited } = process.env
const options = { cwd: data, env: { ...inherited, ASSAY_DATA_DIR: join(data, 'data') } }

try {
  await serve([process.execPath, [bin, 'serve', '--port', '0']], options, async (url) => {
    let tool: Tool | undefined
    let wrong = 0
    let count = 0
    for (const argument of process.argv.slice(2)) {
      const named = tools.find((name) => name === argument)
      if (named) tool = named
      else if (!tool) throw new Error(`Name a tool before the files: ${tools.join(', ')}.`)
      else {
        count++
        if (!(await tryFile(url, tool, argument))) wrong++
      }
    }
    console.log(`${count - wrong} passed, ${wrong} failed`)
    process.exitCode = wrong > 0 || count === 0 ? 1 : 0
  })
} finally {
  rmSync(data, { recursive: true, force: true })
}

async function tryFile(url: string, tool: Tool, path: string): Promise<boolean> {
  const args = [bin, 'import', path, '--from', tool, '--json', '--url', url]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { ...options, encoding: 'utf8' })
  console.log(`\n${tool} ${basename(path)}`)
  if (status !== 0) {
    console.log(`  refused: ${stderr.trim()}`)
    // There is nothing to import.
    return /Expected samples in .* got none/.test(stderr)
  }
  const { dataset, runs, notTakenOver } = JSON.parse(stdout) as Imported
  const sum = (name: keyof Counts) => runs.reduce((total, { progress }) => total + progress[name], 0)
  const stated = await statedFigures(tool, path)
  console.log(
    `  ${stated.format}: ${dataset.items} items, ${runs.length} runs, ${sum('succeeded')} succeeded, ${sum('failed')} failed, ${sum('cancelled')} not executed`,
  )
  const scores = runs.length > 4 ? [] : runs.map((run) => run.scores)
  for (const list of scores) {
    const texts = list.map(
      ({ name, mean, count }) => `${name} ${mean === null ? '–' : +mean.toPrecision(4)} (n = ${count})`,
    )
    if (texts.length > 0) console.log(`  ${texts.join('; ')}`)
  }
  for (const { what, count } of notTakenOver) console.log(`  not taken over: ${count} × ${what}`)
  const differences = await differencesOf(url, stated, {
    runs,
    results: sum('succeeded') + sum('failed'),
    errors: sum('failed'),
  })
  console.log(
    differences.length === 0 ? `  as the file says: ${textOf(stated)}` : `  DIFFERS: ${differences.join('; ')}`,
  )
  return differences.length === 0
}

function textOf({ results, errors, sums, means }: StatedFigures): string {
  const counts = [
    ...(results === undefined ? [] : [`${results} results`]),
    ...(errors === undefined ? [] : [`${errors} errors`]),
  ]
  const scores = [
    ...Object.entries(sums).map(([name, value]) => `sum of ${name} ${+value.toPrecision(4)}`),
    ...Object.entries(means).map(([name, value]) => `mean of ${name} ${+value.toPrecision(4)}`),
  ]
  return [...counts, ...scores].join(', ') || 'nothing'
}

async function differencesOf(
  url: string,
  stated: StatedFigures,
  { runs, results, errors }: { runs: Imported['runs']; results: number; errors: number },
): Promise<string[]> {
  const found: string[] = []
  const compare = (what: string, expected: number | undefined, got: number | null) => {
    if (expected === undefined || (got !== null && Math.abs(expected - got) < 1e-6)) return
    found.push(`${what}: the file says ${expected}, imported ${got}`)
  }
  compare('results', stated.results, results)
  compare('errors', stated.errors, errors)
  const assay = new Assay({ url })
  const items = (await Promise.all(runs.map(async ({ id }) => (await assay.runs.get(id)).items()))).flat()
  for (const [name, value] of Object.entries(stated.sums)) {
    const values = items.flatMap(({ scores }) => scores.filter((score) => score.name === name))
    compare(
      `sum of ${name}`,
      value,
      values.reduce((total, score) => total + (score.value ?? 0), 0),
    )
  }
  for (const [name, value] of Object.entries(stated.means)) {
    const score = runs.flatMap((run) => run.scores).find((one) => one.name === name)
    compare(`mean of ${name}`, value, score?.mean ?? null)
  }
  return found
}
