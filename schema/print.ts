/**
 * `node schema/print.ts` writes schema.graphql; with `--check` it fails if the file is out of date, and lists every
 * difference and whether it breaks clients.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema, lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './index.ts'

const file = new URL('schema.graphql', import.meta.url)
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`

if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8')
  if (committed !== printed) {
    console.error('schema/schema.graphql does not say what the code says. Run `npm run schema` and commit it.')
    for (const { message, criticality } of await diff(buildSchema(committed), buildSchema(printed))) {
      console.error(`  ${criticality.level === CriticalityLevel.Breaking ? 'breaking: ' : ''}${message}`)
    }
    process.exitCode = 1
  }
} else {
  await writeFile(file, printed)
}
