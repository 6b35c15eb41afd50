/** Who is here. A key is exchanged for a cookie that scripts cannot read; without keys one may say one's name. */

export interface SessionState {
  /** Whether requests need a key or a session. */
  keyRequired: boolean
  /** Null when a key is required and there is no session. */
  viewer: {
    person: { id: string; name: string }
    role: 'READ' | 'WRITE' | 'ADMIN'
    installation: boolean
    project: { id: string; name: string }
  } | null
  session: { key: { name: string; prefix: string } | null; expiresAt: string } | null
}

/** Null when the server does not answer. */
export async function readSession(): Promise<SessionState | null> {
  const response = await fetch('/session').catch(() => null)
  return response?.ok ? response.json() : null
}

/** Null when it worked, else what to tell the person. */
export async function signIn(key: string): Promise<string | null> {
  const made = await open({ key })
  return 'problem' in made ? made.problem : null
}

/** On a server that needs no key: the name for what the person writes. */
export function namePerson(person: string): Promise<{ state: SessionState } | { problem: string }> {
  return open({ person })
}

export async function signOut(): Promise<void> {
  await fetch('/session', { method: 'DELETE' })
}

async function open(
  body: { key: string } | { person: string },
): Promise<{ state: SessionState } | { problem: string }> {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => null)
  if (!response) return { problem: 'The server does not answer. Is it running?' }
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return { state: answer as SessionState }
  return { problem: messageOf(answer) ?? `The server answered with ${response.status}.` }
}

function messageOf(body: unknown): string | null {
  const errors = (body as { errors?: { message?: unknown }[] } | null)?.errors
  const message = errors?.[0]?.message
  return typeof message === 'string' ? message : null
}
