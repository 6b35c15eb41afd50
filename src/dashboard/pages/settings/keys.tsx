/** The API keys that the caller manages: made, shown once, revoked. */
import { Button, Checkbox, Code, Modal, Select, Skeleton, Stack, Switch, Text, TextInput } from '@mantine/core'
import { IconKey, IconPlus } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { Snippet } from '../../components/snippet.tsx'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { signIn } from '../../data/session.ts'
import { graphql } from '../../gql/gql.ts'
import type { Role, SettingsKeysQuery } from '../../gql/graphql.ts'
import classes from './settings.module.css'

const keysQuery = graphql(`
  query SettingsKeys($after: String, $includeRevoked: Boolean!) {
    apiKeys(first: 100, after: $after, filter: { includeRevoked: $includeRevoked }) {
      nodes {
        id name prefix role createdAt lastUsedAt revokedAt
        person { id name }
        project { id name }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const createKey = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      __typename
      ... on CreateApiKeyPayload { key apiKey { id name } }
      ... on UserError { message path }
    }
  }
`)

const revokeKey = graphql(`
  mutation RevokeApiKey($input: RevokeApiKeyInput!) {
    revokeApiKey(input: $input) {
      __typename
      ... on RevokeApiKeyPayload { apiKey { id revokedAt } }
      ... on UserError { message path }
    }
  }
`)

interface Props {
  viewer: { installation: boolean; project: { name: string } }
  mayManage: boolean
}

export function Keys({ viewer, mayManage }: Props) {
  const [includeRevoked, setIncludeRevoked] = useState(false)
  const variables = { after: null, includeRevoked }
  const [result, reread] = useQuery({ query: keysQuery, variables, pause: !mayManage })
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<Key | null>(null)
  const [, revoke] = useMutation(revokeKey)
  const refresh = () => reread({ requestPolicy: 'network-only' })
  if (!mayManage) {
    return <EmptyState title="Only administrators see keys" message="Sign in with a key that has the role ADMIN." />
  }
  return (
    <div className={classes.part}>
      <div className={classes.head}>
        <p className={classes.intro}>
          Programs send a key with every request; people sign in with one. A revoked key stops working everywhere within
          10 seconds.
        </p>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
          New key
        </Button>
      </div>
      <Switch
        label="Show revoked keys"
        checked={includeRevoked}
        onChange={(event) => setIncludeRevoked(event.currentTarget.checked)}
      />
      <Answer of={result} retry={refresh} skeleton={<Skeleton height={160} />}>
        {({ apiKeys }) =>
          apiKeys?.nodes.length === 0 ? (
            <EmptyState
              icon={<IconKey size={40} stroke={1.3} color="var(--accent)" aria-hidden />}
              title="No key yet"
              message="Without keys everybody on this machine may do everything. From the first key on, everybody needs one."
            >
              <Snippet code="npx assay keys create me" />
            </EmptyState>
          ) : (
            <div className={classes.scrolls}>
              <table className={classes.table} aria-label="API keys">
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>Begins with</th>
                    <th>Role</th>
                    <th>Valid in</th>
                    <th>Person</th>
                    <th>Last used</th>
                    <th>
                      <span className="hidden-visually">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <KeyRows after={null} includeRevoked={includeRevoked} onRevoke={setRevoking} />
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
      <Modal opened={creating} onClose={() => setCreating(false)} title="New API key">
        <CreateKey
          viewer={viewer}
          isFirst={result.data?.apiKeys?.nodes.length === 0}
          onCreated={refresh}
          onDone={() => setCreating(false)}
        />
      </Modal>
      <Modal opened={revoking !== null} onClose={() => setRevoking(null)} title={`Revoke “${revoking?.name}”?`}>
        <Stack>
          <Text size="sm">
            Programs that use it are refused at once, and everybody who signed in with it is out within 10 seconds. A
            revoked key stays revoked.
          </Text>
          <Button
            color="red"
            onClick={async () => {
              if (revoking && notifyOf(await revoke({ input: { id: revoking.id } }), 'The key is revoked.')) refresh()
              setRevoking(null)
            }}
          >
            Revoke the key
          </Button>
        </Stack>
      </Modal>
    </div>
  )
}

type Key = NonNullable<SettingsKeysQuery['apiKeys']>['nodes'][number]

interface KeyRowsProps {
  after: string | null
  includeRevoked: boolean
  onRevoke: (key: Key) => void
}

function KeyRows({ after, includeRevoked, onRevoke }: KeyRowsProps) {
  const [{ data }] = useQuery({ query: keysQuery, variables: { after, includeRevoked } })
  const [more, setMore] = useState(false)
  const page = data?.apiKeys
  return (
    <>
      {page?.nodes.map((key) => (
        <tr key={key.id}>
          <td>{key.name}</td>
          <td className="mono">{key.prefix}…</td>
          <td>{key.role}</td>
          <td>{key.project?.name ?? 'every project'}</td>
          <td>{key.person.name}</td>
          <td>{key.lastUsedAt ? <Age of={key.lastUsedAt} /> : <span className={classes.faint}>never</span>}</td>
          <td>
            {key.revokedAt ? (
              <span className={classes.faint}>
                revoked <Age of={key.revokedAt} />
              </span>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => onRevoke(key)}
                aria-label={`Revoke ${key.name}`}
              >
                Revoke
              </Button>
            )}
          </td>
        </tr>
      ))}
      {page?.pageInfo.hasNextPage &&
        (more ? (
          <KeyRows after={page.pageInfo.endCursor ?? null} includeRevoked={includeRevoked} onRevoke={onRevoke} />
        ) : (
          <tr>
            <td colSpan={7}>
              <Button variant="subtle" fullWidth onClick={() => setMore(true)}>
                Show more
              </Button>
            </td>
          </tr>
        ))}
    </>
  )
}

interface CreateProps {
  viewer: Props['viewer']
  /** Whoever has none needs one that can make others. */
  isFirst: boolean
  onCreated: () => void
  onDone: () => void
}

function CreateKey({ viewer, isFirst, onCreated, onDone }: CreateProps) {
  const [creating, create] = useMutation(createKey)
  const [name, setName] = useState('')
  const [person, setPerson] = useState('')
  const [role, setRole] = useState<Role>(isFirst ? 'ADMIN' : 'WRITE')
  const [installation, setInstallation] = useState(isFirst)
  const [problem, setProblem] = useState<string | null>(null)
  const [made, setMade] = useState<string | null>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const result = await create({
      input: { name: name.trim(), role, installation, person: person.trim() || null },
    })
    setProblem(problemOf(result)?.message ?? null)
    const outcome = result.data?.createApiKey
    if (outcome?.__typename !== 'CreateApiKeyPayload') return
    // From now on the server needs a key: that of this page, or the person would be out before it is copied.
    if (isFirst) await signIn(outcome.key)
    setMade(outcome.key)
    onCreated()
  }

  if (made !== null) {
    return (
      <Stack>
        <Text size="sm">
          This is the key. It is not stored and cannot be shown again: copy it now. Programs send it as{' '}
          <Code>Authorization: Bearer …</Code>
          {isFirst && ' From now on everybody needs a key; you are signed in with this one.'}
        </Text>
        <Snippet code={made} />
        <Button onClick={onDone}>I have copied it</Button>
      </Stack>
    )
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="What it is for."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Select
          label="Role"
          data={[
            { value: 'READ', label: 'READ: reads' },
            { value: 'WRITE', label: 'WRITE: reads and changes, starts runs' },
            { value: 'ADMIN', label: 'ADMIN: also manages keys' },
          ]}
          value={role}
          allowDeselect={false}
          onChange={(value) => value !== null && setRole(value as Role)}
        />
        <TextInput
          label="Person"
          description="The author of what is written with it. Empty: its name."
          value={person}
          onChange={(event) => setPerson(event.currentTarget.value)}
        />
        {viewer.installation && (
          <Checkbox
            label={`Valid in every project, not only in ${viewer.project.name}`}
            checked={installation}
            onChange={(event) => setInstallation(event.currentTarget.checked)}
          />
        )}
        <Button type="submit" loading={creating.fetching}>
          Create the key
        </Button>
      </Stack>
    </form>
  )
}
