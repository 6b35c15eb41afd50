import { ConnectionError, messageOf, RefusedError } from './errors.ts'
import { head, type Transport } from './transport.ts'

const maxFailures = 5
const pauseMs = 500

/**
 * The lines of an export that does not change any more, parsed as they arrive. When the connection is lost, another one
 * goes on after the last line that came.
 * @throws {RefusedError} the server has no such export
 * @throws {ConnectionError} several connections in succession brought no line
 */
export async function* exportedLines(transport: Transport, path: string): AsyncGenerator<unknown> {
  let taken = 0
  for (let failures = 0; ; failures += 1) {
    const response = await transport.send(path, { method: 'GET' }, head)
    if (!response.ok) throw new RefusedError(`${path} was refused with status ${response.status}.`, 'UNKNOWN')
    let place = 0
    try {
      for await (const line of readJsonLines(response)) {
        place += 1
        if (place <= taken) continue
        taken = place
        failures = 0
        yield line
      }
      return
    } catch (error) {
      if (failures === maxFailures) {
        const message = `The connection to ${transport.url} was lost: ${messageOf(error)}.`
        throw new ConnectionError(message, { cause: error })
      }
    }
    await transport.clock.sleep(pauseMs)
  }
}

/** The lines of a response of JSON Lines, parsed as they arrive. */
export async function* readJsonLines(response: Response): AsyncGenerator<unknown> {
  const reader = response.body?.getReader()
  if (!reader) return
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') yield JSON.parse(line)
    }
    if (rest !== '') yield JSON.parse(rest)
  } finally {
    await reader.cancel().catch(() => {})
  }
}
