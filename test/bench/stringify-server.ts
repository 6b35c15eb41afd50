/**
 * What an answer costs at least that is made anew each time, in a process of its own: `node:http` and `JSON.stringify` of
 * what the file named by its argument contains.
 */
import { readFileSync } from 'node:fs'
import { answerBare } from './bare-server.ts'

const value: unknown = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
await answerBare(() => JSON.stringify(value))
