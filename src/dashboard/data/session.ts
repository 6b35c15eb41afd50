/** Signing in: a key is exchanged for a cookie that scripts cannot read. */

/** Null when it worked, else what to tell the person. */
export async function signIn(key: string): Promise<string | null> {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
  }).catch(() => null)
  if (!response) return 'The server does not answer. Is it running?'
  if (response.ok) return null
  const body: unknown = await response.json().catch(() => null)
  return messageOf(body) ?? `The server answered with ${response.status}.`
}

export async function signOut(): Promise<void> {
  await fetch('/session', { method: 'DELETE' })
}

function messageOf(body: unknown): string | null {
  const errors = (body as { errors?: { message?: unknown }[] } | null)?.errors
  const message = errors?.[0]?.message
  return typeof message === 'string' ? message : null
}
