import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/**
 * Where SQL may be written, including the layers below: connections, pages, notifications, the queue, migrations and
 * their lock.
 */
const allowed = [
  /^src\/db\/(sql|generated)\//,
  /^src\/db\/(client|keyset|listener|migrate|query-rows|queue|schema-lock)\.ts$/,
  // Clients of the schema: their queries are GraphQL.
  /^src\/(client|dashboard)\//,
  // Prepares the server before Assay's database exists.
  /^src\/embedded-postgres\//,
]

const statement =
  /[`'"]\s*(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|WITH|COPY|CREATE|ALTER|DROP|TRUNCATE|LOCK|LISTEN|NOTIFY|SET|ANALYZE)\s+[\w"$*(]|\$(?:query|execute)Raw|\b(?:pool|client|db|tx|prisma|sender)\.query\s*[<(]/

/** The lines with SQL, as `file:line`. */
async function linesWithSql(folder: string): Promise<string[]> {
  const files = (await readdir(join(root, folder), { recursive: true }))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && !allowed.some((pattern) => pattern.test(file)))
  const found = files.map(async (file) => {
    const lines = (await readFile(join(root, file), 'utf8')).split('\n')
    return lines.flatMap((line, index) => (statement.test(line) ? [`${file}:${index + 1}`] : []))
  })
  return (await Promise.all(found)).flat()
}

test.for([
  "await client.query('DELETE FROM run WHERE id = $1', [id])",
  'const rows = await db.query<Run>(',
  '    `UPDATE run_item SET seq = $3 WHERE run_id = $1`,',
  'await tx.$queryRaw`SELECT FROM evaluator FOR UPDATE`',
])('this is SQL: %s', (line) => {
  expect(line).toMatch(statement)
})

test('SQL is only written in src/db/sql', async () => {
  expect([...(await linesWithSql('src')), ...(await linesWithSql('schema'))]).toEqual([])
})
