/**
 * Many subscriptions of one document: `node subscribers.ts <url> <key> <run id> <sockets> <per socket>`. It says "following"
 * when each has had a batch or an error, and the message of the first error.
 */
import WebSocket from 'ws'

const [url = '', key = '', runId = '', sockets = '', perSocket = ''] = process.argv.slice(2)
const query = 'subscription ($id: ID!) { runFeed(runId: $id, until: NEVER) { cursor run { progress { succeeded } } } }'
const payload = { query, variables: { id: runId } }
const heard = new Set<string>()
let refused = ''

for (let s = 0; s < Number(sockets); s++) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const send = (message: object) => socket.send(JSON.stringify(message))
  socket.on('open', () => send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
  socket.on('message', (data) => {
    const text = String(data)
    const { type, id } = JSON.parse(text)
    if (type === 'connection_ack') {
      for (let n = 0; n < Number(perSocket); n++) send({ id: String(n), type: 'subscribe', payload })
    } else if (type === 'ping') send({ type: 'pong' })
    else {
      if (text.includes('"errors"') || type === 'error') refused ||= text
      heard.add(`${s} ${id}`)
      if (heard.size === Number(sockets) * Number(perSocket)) process.stdout.write(`following ${refused}\n`)
    }
  })
}
