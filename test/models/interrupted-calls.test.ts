import { afterAll, describe, expect, it } from 'vitest'
import { call, failureOf, providersBothWays } from '../helpers/model-call.ts'
import { type Answering, startModelServer } from '../helpers/model-server/model-server.ts'

let answering: Answering = () => ({ text: '' })
const server = await startModelServer((request) => answering(request))
afterAll(() => server.stop())

describe.each(providersBothWays)('%s', (_name, provider) => {
  it('may repeat after an answer that is cut', async () => {
    answering = () => ({ text: 'one two three', cutAfter: 1 })
    expect(await failureOf(server, provider)).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true })
  })

  it('ends the request when it is aborted', async () => {
    answering = () => ({ text: 'one two three', partMs: 60_000, delayMs: provider.stream ? 0 : 60_000 })
    const controller = new AbortController()
    const running = call(server, { ...provider, context: { signal: controller.signal } }).catch(
      (error: unknown) => error,
    )
    await expect.poll(() => server.open).toBe(1)
    controller.abort(new Error('cancelled'))
    await running
    await expect.poll(() => server.open).toBe(0)
  })

  it('ends a stream that stalls, before the whole call times out', async () => {
    if (!provider.stream) return
    answering = () => ({ text: 'one two three', stallAfter: 2 })
    const failure = await failureOf(server, { ...provider, nextTokenTimeoutMs: 50 })
    expect(failure).toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
      message: expect.stringContaining('No further token within 50 ms.'),
    })
    answering = () => ({ text: 'one', stallAfter: 0 })
    const first = await failureOf(server, { ...provider, firstTokenTimeoutMs: 50 })
    expect(first).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('No token within 50 ms.') })
  })
})

it('says that nothing listens', async () => {
  const closed = await startModelServer(() => ({ text: '' }))
  await closed.stop()
  expect(await failureOf(closed)).toMatchObject({ code: 'CONNECTION_REFUSED', retryable: true })
})
