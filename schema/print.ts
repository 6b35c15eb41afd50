/**
 * `node schema/print.ts` writes schema.graphql, what client caches need of it, and the schema of experiment files; with
 * `--check` it fails if a file is out of date, and lists every difference of the schema and whether it breaks clients.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema, lexicographicSortSchema, printSchema } from 'graphql'
import { possibleTypes, typePolicies, valueTypes } from './client-files.ts'
import { experimentFileSchema } from './experiment-file.ts'
import { schema } from './index.ts'

const sorted = lexicographicSortSchema(schema)
const sdl = `${printSchema(sorted)}\n`
const files = {
  'schema.graphql': sdl,
  'possibleTypes.json': json(possibleTypes(sorted)),
  'valueTypes.json': json(valueTypes(sorted)),
  'typePolicies.json': json(typePolicies(sorted)),
  'experiment-file.json': json(experimentFileSchema(sorted)),
}

for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, import.meta.url)
  if (!process.argv.includes('--check')) await writeFile(file, text)
  else {
    const committed = await readFile(file, 'utf8').catch(() => '')
    if (committed === text) continue
    console.error(`schema/${name} does not say what the code says. Run \`npm run schema\` and commit it.`)
    if (text === sdl) await printChanges(committed)
    process.exitCode = 1
  }
}

async function printChanges(committed: string): Promise<void> {
  for (const { message, criticality } of await diff(buildSchema(committed), buildSchema(sdl))) {
    console.error(`  ${criticality.level === CriticalityLevel.Breaking ? 'breaking: ' : ''}${message}`)
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
