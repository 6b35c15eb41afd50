/**
 * The rows of a database as a script that psql can run as well. Only rows: Assay's tables are created by its migrations
 * before the script is loaded, those of the queue by the statements that the script begins with.
 */
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Client } from 'pg'
import { from, to } from 'pg-copy-streams'

const schemas = ['public', 'pgboss']

/**
 * @param url of a database that may be in use: the rows are a consistent snapshot
 * @param queueTables statements that create the tables of schema pgboss
 */
export async function dumpRows(url: string, queueTables: string): Promise<string> {
  const client = await connect(url)
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const tables = await client.query<{ name: string; columns: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name,
              (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
               WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY n.nspname DESC, c.relname`,
      [schemas],
    )
    const copies: string[] = []
    for (const { name, columns } of tables.rows) {
      const rows = await text(client.query(to(`COPY (SELECT ${columns} FROM ${name}) TO STDOUT`)))
      copies.push(`COPY ${name} (${columns}) FROM stdin;\n${rows}\\.\n`)
    }
    const sequences = await client.query<{ statement: string }>(
      `SELECT format('SELECT setval(%L, %s);', format('%I.%I', schemaname, sequencename), last_value) AS statement
       FROM pg_sequences WHERE schemaname = ANY ($1) AND last_value IS NOT NULL ORDER BY 1`,
      [schemas],
    )
    const emptied = tables.rows.map(({ name }) => name).join(', ')
    // The tables reference each other in cycles, so they are filled without checks.
    return `${queueTables}\nSET session_replication_role = replica;\nTRUNCATE ${emptied};\n${copies.join('')}${sequences.rows
      .map(({ statement }) => `${statement}\n`)
      .join('')}RESET session_replication_role;\n`
  } finally {
    await client.end()
  }
}

/** The names of the migrations applied to the database of a dump. */
export function migrationsOf(dump: string): string[] {
  const [, columns = '', rows = ''] =
    /^COPY public\._prisma_migrations \((.*)\) FROM stdin;\n([\s\S]*?)^\\\.$/m.exec(dump) ?? []
  const column = columns.split(', ').indexOf('migration_name')
  return rows
    .trim()
    .split('\n')
    .map((row) => row.split('\t')[column] ?? '')
}

/** Replaces all rows of a database that has the tables. @param url for a user who may disable foreign keys */
export async function loadRows(url: string, dump: string): Promise<void> {
  const client = await connect(url)
  try {
    // Every second part is a COPY with its rows.
    for (const part of dump.split(/^(COPY .* FROM stdin;\n[\s\S]*?)^\\\.\n/m)) {
      const [, copy] = /^(COPY .* FROM stdin);\n/.exec(part) ?? []
      if (!copy) {
        await client.query(part)
        continue
      }
      const stream = client.query(from(copy))
      stream.end(part.slice(copy.length + 2))
      await once(stream, 'finish')
    }
  } finally {
    await client.end()
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}
