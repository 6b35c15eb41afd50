/**
 * Queries the page of a run, one after another with short pauses, in a process that does nothing else. Its argument is the
 * URL of the server; a line on its standard input with the id of a run begins, the next one ends and prints the times in
 * milliseconds as JSON.
 */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { ask, runPage } from './queries.ts'

const url = process.argv[2] ?? ''
let over = true
let queries: Promise<number[]> = Promise.resolve([])

async function query(id: string): Promise<number[]> {
  const times: number[] = []
  while (!over) {
    const startedAt = performance.now()
    const { node } = await ask<{ node: unknown }>(url, runPage, { id })
    if (!node) throw new Error(`there is no run ${id}`)
    times.push(performance.now() - startedAt)
    await delay(5)
  }
  return times
}

for await (const line of createInterface({ input: process.stdin })) {
  over = !over
  if (over) console.log(JSON.stringify(await queries))
  else {
    queries = query(line)
    console.log('begun')
  }
}
