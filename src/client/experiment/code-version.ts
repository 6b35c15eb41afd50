/** A short hash of a function's text. It knows nothing of what the function calls: name a version where that matters. */
export async function codeVersion(code: { name?: string; toString(): string }): Promise<string> {
  const bytes = new TextEncoder().encode(`${code.name ?? ''}\n${code}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
