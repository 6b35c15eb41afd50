/** The calls of a run without the engine: the same calls of the SDK, as many at once, in a process of their own. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'

export interface BareLoop {
  seconds: number
  cpuMs: number
}

process.on('message', async ({ url, calls, concurrency, stream }: Asked) => {
  const provider = createOpenAICompatible({ name: 'bench', baseURL: url, includeUsage: true })
  const call = async (prompt: string) => {
    const options = { model: provider.chatModel('model'), prompt, maxRetries: 0 }
    if (!stream) return (await generateText(options)).text
    let text = ''
    for await (const part of streamText(options).stream) if (part.type === 'text-delta') text += part.text
    return text
  }
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  let next = 0
  const work = async () => {
    while (next < calls) await call(`How many are left of ${next++}?`)
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  const { user, system } = process.cpuUsage(cpu)
  process.send?.({ seconds: (performance.now() - startedAt) / 1_000, cpuMs: (user + system) / 1_000 })
})

interface Asked {
  url: string
  calls: number
  concurrency: number
  stream: boolean
}
