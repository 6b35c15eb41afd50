/** Writes the evaluation split to `tickets.jsonl`; run it after any change to the phrases or the generator. */
import { writeFileSync } from 'node:fs'
import { evaluationSplit, toJsonLines } from './tickets.ts'

writeFileSync(new URL('tickets.jsonl', import.meta.url), toJsonLines(evaluationSplit()))
