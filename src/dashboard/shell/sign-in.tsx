import { Button, Code, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { reportSignedIn } from '../data/connection.ts'
import { readSession, signIn } from '../data/session.ts'

/** Asks for a key instead of the page; the page's address stays, so it opens afterwards. */
export function SignIn() {
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  // Somebody may have signed in meanwhile, in another tab.
  useEffect(() => {
    const look = () => void readSession().then((session) => session?.viewer && reportSignedIn())
    look()
    addEventListener('focus', look)
    return () => removeEventListener('focus', look)
  }, [])

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    const refused = await signIn(key.trim())
    setBusy(false)
    setProblem(refused)
    if (refused === null) reportSignedIn()
  }

  return (
    <Stack component="main" align="center" justify="center" mih="100vh" p="md">
      <Paper p="xl" radius="lg" w="100%" maw={400} withBorder bg="var(--surface)">
        <form onSubmit={submit}>
          <Stack gap="md">
            <img src="/favicon.svg" alt="" width={36} height={36} />
            <div>
              <Title order={1}>Sign in to Assay</Title>
              <Text c="dimmed" size="sm" mt={4}>
                This server needs an API key. It is exchanged for a session of this browser and not kept here.
              </Text>
            </div>
            <PasswordInput
              label="API key"
              value={key}
              onChange={(event) => setKey(event.currentTarget.value)}
              error={problem}
              required
              withAsterisk={false}
              data-autofocus
              autoComplete="current-password"
            />
            <Button type="submit" loading={busy}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              No key? On the machine of the server <Code>assay keys create &lt;name&gt;</Code> makes one.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Stack>
  )
}
