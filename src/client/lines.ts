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
