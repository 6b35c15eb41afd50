/** The limits of endpoints: how many calls all runs of the project may make together. */
import { Button, Modal, NumberInput, Skeleton, Stack, TextInput } from '@mantine/core'
import { IconGauge, IconPlus } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { formatCount } from '../../components/number-format.ts'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { SettingsLimitsQuery } from '../../gql/graphql.ts'
import classes from './settings.module.css'

const limitsQuery = graphql(`
  query SettingsLimits($after: String) {
    endpointLimits(first: 100, after: $after) {
      nodes { id endpoint concurrency requestsPerMinute tokensPerMinute }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const setLimit = graphql(`
  mutation SetEndpointLimit($input: SetEndpointLimitInput!) {
    setEndpointLimit(input: $input) {
      __typename
      ... on SetEndpointLimitPayload { endpointLimit { id endpoint concurrency requestsPerMinute tokensPerMinute } }
      ... on UserError { message path }
    }
  }
`)

const deleteLimit = graphql(`
  mutation DeleteEndpointLimit($input: DeleteEndpointLimitInput!) {
    deleteEndpointLimit(input: $input) { __typename ... on UserError { message path } }
  }
`)

type Limit = NonNullable<SettingsLimitsQuery['endpointLimits']>['nodes'][number]

interface Props {
  mayWrite: boolean
  /** The beginning of the endpoint that a new limit is for; null: none is being added by the address of the page. */
  adding: string | null
  onAdded: () => void
}

export function Limits({ mayWrite, adding, onAdded }: Props) {
  const [result, reread] = useQuery({ query: limitsQuery, variables: { after: null } })
  const [editing, setEditing] = useState<Limit | 'NEW' | null>(null)
  const [, remove] = useMutation(deleteLimit)
  const isNew = editing === 'NEW' || (editing === null && adding !== null)
  const close = () => {
    setEditing(null)
    onAdded()
  }
  const refresh = () => reread({ requestPolicy: 'network-only' })
  return (
    <div className={classes.part}>
      <div className={classes.head}>
        <p className={classes.intro}>
          All runs of the project together stay below these limits, in all processes. An endpoint is the origin of a
          URL, <span className="mono">provider:name/model</span> for a model, or{' '}
          <span className="mono">module:name</span> for a function.
        </p>
        {mayWrite && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('NEW')}>
            New limit
          </Button>
        )}
      </div>
      <Answer of={result} retry={reread} skeleton={<Skeleton height={120} />}>
        {({ endpointLimits }) =>
          endpointLimits?.nodes.length === 0 ? (
            <EmptyState
              icon={<IconGauge size={40} stroke={1.3} color="var(--accent)" aria-hidden />}
              title="No limits"
              message="Calls are limited by the concurrency of each run alone. Add a limit when an endpoint can take less than all runs together ask for."
            />
          ) : (
            <div className={classes.scrolls}>
              <table className={classes.table} aria-label="Endpoint limits">
                <thead>
                  <tr>
                    <th>Endpoint</th>
                    <th>Concurrent calls</th>
                    <th>Calls per minute</th>
                    <th>Tokens per minute</th>
                    <th>
                      <span className="hidden-visually">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <LimitRows
                    after={null}
                    mayWrite={mayWrite}
                    onEdit={setEditing}
                    onDelete={async ({ id }) => {
                      if (notifyOf(await remove({ input: { id } }), 'The endpoint has no limit any more.')) refresh()
                    }}
                  />
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
      <Modal
        opened={editing !== null || adding !== null}
        onClose={close}
        title={isNew ? 'New limit' : 'Change the limit'}
      >
        {(editing !== null || adding !== null) && (
          <Form
            limit={editing === 'NEW' ? null : editing}
            endpointStart={adding ?? ''}
            onDone={() => {
              close()
              refresh()
            }}
          />
        )}
      </Modal>
    </div>
  )
}

interface RowsProps {
  after: string | null
  mayWrite: boolean
  onEdit: (limit: Limit) => void
  onDelete: (limit: Limit) => void
}

function LimitRows({ after, ...props }: RowsProps) {
  const [{ data }] = useQuery({ query: limitsQuery, variables: { after } })
  const [more, setMore] = useState(false)
  const page = data?.endpointLimits
  return (
    <>
      {page?.nodes.map((limit) => (
        <tr key={limit.id}>
          <td className="mono">{limit.endpoint}</td>
          <td>{written(limit.concurrency)}</td>
          <td>{written(limit.requestsPerMinute)}</td>
          <td>{written(limit.tokensPerMinute)}</td>
          <td>
            {props.mayWrite && (
              <Button.Group style={{ justifyContent: 'flex-end' }}>
                <Button size="compact-sm" variant="default" onClick={() => props.onEdit(limit)}>
                  Change
                </Button>
                <Button size="compact-sm" variant="default" onClick={() => props.onDelete(limit)}>
                  Remove
                </Button>
              </Button.Group>
            )}
          </td>
        </tr>
      ))}
      {page?.pageInfo.hasNextPage &&
        (more ? (
          <LimitRows after={page.pageInfo.endCursor ?? null} {...props} />
        ) : (
          <tr>
            <td colSpan={5}>
              <Button variant="subtle" fullWidth onClick={() => setMore(true)}>
                Show more
              </Button>
            </td>
          </tr>
        ))}
    </>
  )
}

function written(limit: number | null | undefined): string {
  return limit == null ? 'no limit' : formatCount(limit)
}

interface FormProps {
  /** Null for a new one. */
  limit: Limit | null
  endpointStart: string
  onDone: () => void
}

function Form({ limit, endpointStart, onDone }: FormProps) {
  const [setting, set] = useMutation(setLimit)
  const [endpoint, setEndpoint] = useState(limit?.endpoint ?? endpointStart)
  const [concurrency, setConcurrency] = useState<number | string>(limit?.concurrency ?? '')
  const [requests, setRequests] = useState<number | string>(limit?.requestsPerMinute ?? '')
  const [tokens, setTokens] = useState<number | string>(limit?.tokensPerMinute ?? '')
  const [problem, setProblem] = useState<string | null>(null)
  const numberOf = (value: number | string) => (value === '' ? null : Number(value))

  async function submit(event: FormEvent) {
    event.preventDefault()
    const input = {
      endpoint: endpoint.trim(),
      concurrency: numberOf(concurrency),
      requestsPerMinute: numberOf(requests),
      tokensPerMinute: numberOf(tokens),
    }
    const found = problemOf(await set({ input }))
    setProblem(found?.message ?? null)
    if (!found) onDone()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Endpoint"
          description="https://api.example.com, provider:openai/gpt-4o-mini, or module:name"
          value={endpoint}
          onChange={(event) => setEndpoint(event.currentTarget.value)}
          error={problem}
          readOnly={limit !== null}
          required
          withAsterisk={false}
          data-autofocus
        />
        <NumberInput
          label="Concurrent calls"
          value={concurrency}
          onChange={setConcurrency}
          min={1}
          allowDecimal={false}
        />
        <NumberInput label="Calls per minute" value={requests} onChange={setRequests} min={1} allowDecimal={false} />
        <NumberInput
          label="Tokens per minute"
          description="Empty: no limit."
          value={tokens}
          onChange={setTokens}
          min={1}
          allowDecimal={false}
        />
        <Button type="submit" loading={setting.fetching}>
          Save
        </Button>
      </Stack>
    </form>
  )
}
