/** A model server in its own process, for benchmarks: answers after 200 ms, streamed in 40 parts. Ends with its parent. */
import { startModelServer } from '../helpers/model-server/model-server.ts'

const text = Array.from({ length: 40 }, (_, n) => `word${n}`).join(' ')
const server = await startModelServer(({ stream }) =>
  // A stream spreads its parts over the time that the whole answer takes otherwise.
  stream ? { text, partMs: 5 } : { text, delayMs: 200 },
)
process.send?.({ url: server.openai })
process.on('disconnect', () => process.exit())
