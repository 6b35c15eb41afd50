/**
 * What a page of a comparison costs at least, in a process of its own: `node:http`, bare SQL and `JSON.stringify`. Its
 * arguments are the URL of the database and the runs. It says its URL, and after each line on its standard input the CPU
 * microseconds of all requests since the one before.
 */
import { openDatabase } from '../../src/db/client.ts'
import { barePage } from './bare-page.ts'
import { answerBare } from './bare-server.ts'

const [url = '', ...runIds] = process.argv.slice(2)
const { pool } = openDatabase(url)
await answerBare(() => barePage(pool, runIds))
