/** Images and files of items, as prompts show them to models. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { Json } from '../../src/domain/json/json.ts'
import { PromptError } from '../../src/domain/prompt/prompt.ts'
import { renderPrompt } from '../../src/domain/prompt/render-prompt.ts'
import { modelMessages } from '../../src/models/model-messages.ts'
import { type CallOptions, call, failureOf, providers } from '../helpers/model-call.ts'
import { startModelServer } from '../helpers/model-server/model-server.ts'

const server = await startModelServer(() => ({ text: 'A dot.' }))
const png = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 1, 2, 3])
const large = Buffer.alloc(19_000_000)
const files = createServer((request, response) => {
  if (request.url === '/large.png') return response.writeHead(200, { 'content-type': 'image/png' }).end(large)
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://any')
  if (pathname === '/circle') return response.writeHead(307, { location: '/circle' }).end()
  if (pathname === '/moved') return response.writeHead(302, { location: searchParams.get('to') ?? '' }).end()
  const isThere = pathname === '/dot.png'
  response.writeHead(isThere ? 200 : 404, { 'content-type': 'image/png' }).end(isThere ? png : '')
}).listen(0, '127.0.0.1')
await once(files, 'listening')
const { port } = files.address() as AddressInfo
const url = `http://127.0.0.1:${port}/dot.png`
afterAll(async () => {
  files.close()
  await server.stop()
})
beforeEach(() => {
  server.requests.length = 0
})

const base64 = (text: string) => Buffer.from(text).toString('base64')
const pdf = base64('%PDF-1.7 an invoice')
const wav = base64('RIFF a voice')
const attached = base64('%PDF-1.7 attached')

/** What a model gets of an item whose input is all that the prompt shows. */
async function show(input: Json): Promise<Pick<CallOptions, 'messages' | 'instructions'>> {
  const content = {
    messages: [{ role: 'USER' as const, content: 'See: {{input}}' }],
    parameters: {},
    tools: [],
    maxSteps: 1,
  }
  const rendered = renderPrompt(content, { input, metadata: null })
  if (rendered instanceof PromptError) throw rendered
  return modelMessages(rendered.messages, async () => ({
    data: Buffer.from('%PDF-1.7 attached'),
    mediaType: 'application/pdf',
  }))
}

const sent = () => JSON.stringify(server.requests[0]?.body)

it.each(providers)('%s gets images and PDF files', async (_name, provider) => {
  const input = [`data:image/png;base64,${png.toString('base64')}`, `data:application/pdf;base64,${pdf}`]
  await call(server, { ...provider, ...(await show([...input, { $file: 'the id of a file' }])) })
  expect(sent()).toContain('See: ')
  for (const data of [png.toString('base64'), pdf, attached]) expect(sent()).toContain(data)
})

it.each(providers)('%s gets audio, or says that it takes none', async (_name, provider) => {
  const input = { type: 'input_audio', input_audio: { data: wav, format: 'wav' } }
  const shown = { ...provider, ...(await show(input)) }
  const takesAudio =
    ['OPENAI_COMPATIBLE', 'GOOGLE'].includes(provider.kind ?? '') || provider.address?.apiVersion != null
  if (takesAudio) {
    await call(server, shown)
    expect(sent()).toContain(wav)
  } else {
    const failure = await failureOf(server, shown)
    expect(failure).toMatchObject({ code: 'INVALID_INPUT', retryable: false })
    expect(failure.message).toMatch(/audio/)
  }
})

it.each(providers)('%s gets an image behind a URL, or its URL', async (_name, provider) => {
  await call(server, { ...provider, ...(await show({ type: 'image_url', image_url: { url } })) })
  const getsUrl = ['OPENAI', 'AZURE', 'ANTHROPIC'].includes(provider.kind ?? '')
  expect(sent()).toContain(getsUrl ? url : png.toString('base64'))
})

const movedTo = (to: string) => `http://127.0.0.1:${port}/moved?to=${encodeURIComponent(to)}`

it('follows redirects to a file', async () => {
  const shown = await show({ type: 'image_url', image_url: { url: movedTo(movedTo('/dot.png')) } })
  await call(server, { ...shown, kind: 'OPENAI_COMPATIBLE' })
  expect(sent()).toContain(png.toString('base64'))
})

it.each([
  ['in a circle', '/circle', 'more than 5 redirects'],
  ['to what is no address of the web', 'file:///etc/passwd', 'a redirect to "file:///etc/passwd"'],
  ['to what is not there', '/gone', 'the status 404'],
])('refuses a redirect %s', async (_where, to, message) => {
  const shown = await show({ type: 'image_url', image_url: { url: movedTo(to) } })
  const failure = await failureOf(server, { ...shown, kind: 'OPENAI_COMPATIBLE' })
  expect(failure).toMatchObject({ code: 'INVALID_INPUT', retryable: false })
  expect(failure.message).toContain(message)
})

it('says that there is no file behind a URL', async () => {
  const gone = url.replace('dot', 'gone')
  const shown = await show({ type: 'image_url', image_url: { url: `${gone}?a=secret` } })
  const failure = await failureOf(server, { ...shown, kind: 'OPENAI_COMPATIBLE' })
  expect(failure).toMatchObject({ code: 'INVALID_INPUT', retryable: false })
  expect(failure.message).toContain(`Expected a file at ${gone}, got the status 404.`)
  expect(server.requests).toHaveLength(0)
})

it('refuses files behind URLs that are too large together', async () => {
  const image = { type: 'image_url', image_url: { url: url.replace('dot', 'large') } }
  const shown = await show([image, image, image])
  const failure = await failureOf(server, { ...shown, kind: 'OPENAI_COMPATIBLE' })
  expect(failure).toMatchObject({ code: 'INVALID_INPUT', retryable: false })
  expect(failure.message).toContain('at most 50 MB together')
  expect(server.requests).toHaveLength(0)
})

it('refuses attachments that are too large together, before it has loaded them all', async () => {
  const loaded: string[] = []
  const content = ['a', 'b', 'a', 'c', 'd'].map((attachment) => {
    return { type: 'file' as const, source: { attachment }, mediaType: null, filename: null }
  })
  const load = async (id: string) => {
    loaded.push(id)
    return { data: new Uint8Array(20_000_000), mediaType: 'application/pdf' }
  }
  await expect(modelMessages([{ role: 'USER', content }], load)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  expect(loaded).toEqual(['a', 'b'])
})
