/**
 * Many subscribers of one run in a process of their own: `node subscribers.ts <server url> <run id> <count> <stalled>`.
 * The first `stalled` of them stop reading their sockets after the first batch. When all others are done, it prints the
 * time of each, in milliseconds since 1970.
 */
import WebSocket from 'ws'

const [url = '', runId = '', count = '', stalled = ''] = process.argv.slice(2)

const tryAgainLater = 1013

const query = `subscription ($runId: ID!) {
  runFeed(runId: $runId) { cursor done items { id status output attempts latencyMs scores { name value } } }
}`

function follow(stalls: boolean): Promise<{ doneAt: number; finals: number }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const { promise, resolve, reject } = Promise.withResolvers<{ doneAt: number; finals: number }>()
  let finals = 0
  socket.on('open', () => socket.send('{"type":"connection_init"}'))
  socket.on('error', reject)
  socket.on('close', (code) => {
    // As clients do: too many come at once.
    if (code === tryAgainLater) setTimeout(() => follow(stalls).then(resolve, reject), 100 + Math.random() * 400)
    else reject(new Error(`closed with ${code}`))
  })
  socket.on('message', (data) => {
    const message = JSON.parse(String(data))
    if (message.type === 'connection_ack') {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { runId } } }))
    } else if (message.type === 'ping') socket.send('{"type":"pong"}')
    else if (message.type === 'next') {
      if (!message.payload.data) return reject(new Error(JSON.stringify(message.payload)))
      const { items, done } = message.payload.data.runFeed
      for (const item of items) if (item.status === 'SUCCEEDED') finals += 1
      if (stalls) socket.pause()
      if (done) resolve({ doneAt: Date.now(), finals })
    }
  })
  return promise
}

const all = Array.from({ length: Number(count) }, (_, index) => follow(index < Number(stalled)))
for (const one of all.slice(0, Number(stalled))) one.catch(() => {})
process.stdout.write('following\n')
const results = await Promise.all(all.slice(Number(stalled)))
process.stdout.write(`${JSON.stringify(results)}\n`)
process.exit()
