/**
 * `node schema/check-released.ts` fails if schema.graphql breaks clients of the last release in a way that the policy
 * in docs/graphql.md does not allow.
 */
import { readFile } from 'node:fs/promises'
import { forbiddenChanges } from './breaking-changes.ts'

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

const forbidden = await forbiddenChanges({
  released: await read('released.graphql'),
  current: await read('schema.graphql'),
  version: JSON.parse(await read('../package.json')).version,
  listed: await read('../docs/api-changes.md'),
})
for (const sentence of forbidden) console.error(sentence)
if (forbidden.length > 0) process.exitCode = 1
