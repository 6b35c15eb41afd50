/**
 * What a page of a comparison costs without Assay, in a process of its own: `node:http`, bare SQL and `JSON.stringify`. Its
 * arguments are the URL of the database and the runs.
 */
import pg from 'pg'
import { barePage } from './bare-page.ts'
import { answerBare } from './bare-server.ts'

const [url = '', ...runIds] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: url })
await answerBare(() => barePage(pool, runIds))
