/** Who is here: by which key, until when; or, on a server that needs none, the name for what one writes. */
import { Button, Group, Skeleton, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { formatMoment } from '../../components/number-format.ts'
import { reportSignedIn, reportSignedOut } from '../../data/connection.ts'
import { namePerson, readSession, type SessionState, signOut } from '../../data/session.ts'
import classes from './settings.module.css'

export function You() {
  const [state, setState] = useState<SessionState | null>(null)
  useEffect(() => {
    void readSession().then(setState)
  }, [])
  if (!state?.viewer) return <Skeleton height={160} maw={640} />
  const { keyRequired, viewer, session } = state
  return (
    <div className={classes.part}>
      <dl className={classes.facts}>
        <dt>Person</dt>
        <dd>{viewer.person.name}</dd>
        <dt>Role</dt>
        <dd>
          {roles[viewer.role]}
          {viewer.installation ? ', in every project' : `, in the project ${viewer.project.name}`}
        </dd>
        {session?.key && (
          <>
            <dt>Key</dt>
            <dd>
              {session.key.name} <span className="mono">{session.key.prefix}…</span>
            </dd>
          </>
        )}
        {session && (
          <>
            <dt>Session</dt>
            <dd>ends {formatMoment(session.expiresAt)}, later if you use it</dd>
          </>
        )}
      </dl>
      {keyRequired ? (
        <Group>
          <Button variant="default" onClick={() => signOut().then(reportSignedOut)}>
            Sign out
          </Button>
        </Group>
      ) : (
        <NameForm name={viewer.person.name} onNamed={setState} />
      )}
    </div>
  )
}

const roles = { READ: 'reads', WRITE: 'reads and writes', ADMIN: 'administrator' } as const

function NameForm({ name, onNamed }: { name: string; onNamed: (state: SessionState) => void }) {
  const [text, setText] = useState(name)
  const [problem, setProblem] = useState<string | null>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const named = await namePerson(text.trim())
    setProblem('problem' in named ? named.problem : null)
    if ('problem' in named) return
    onNamed(named.state)
    // What is shown has been read as somebody else.
    reportSignedIn()
  }

  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap={8}>
        <TextInput
          label="Your name"
          description="This server needs no key. Scores and approvals that you give have this name."
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={problem}
          w={360}
          maw="100%"
        />
        <Button type="submit" variant="default" disabled={text.trim() === '' || text.trim() === name}>
          Save
        </Button>
      </Group>
    </form>
  )
}
