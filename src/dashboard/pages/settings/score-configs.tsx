/** The rules of scores by name: what people and programs may give, and which way is better. */
import { Button, Group, Modal, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { IconAdjustments, IconPlus } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import {
  directionWords,
  newScoreRules,
  policyWords,
  rangeOf,
  rulesDraft,
  rulesOf,
  typeWords,
} from '../../components/score-rules/score-rules.ts'
import { ScoreRulesFields } from '../../components/score-rules/score-rules-fields.tsx'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { SettingsScoreConfigsQuery } from '../../gql/graphql.ts'
import classes from './settings.module.css'

const scoreConfigs = graphql(`
  query SettingsScoreConfigs($after: String) {
    scoreConfigs(first: 100, after: $after) {
      nodes { id name dataType direction min max categories failurePolicy }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const setScoreConfig = graphql(`
  mutation SetScoreConfig($input: SetScoreConfigInput!) {
    setScoreConfig(input: $input) {
      ... on SetScoreConfigPayload { scoreConfig { id name dataType direction min max categories failurePolicy } }
      ... on UserError { message path }
    }
  }
`)

const deleteScoreConfig = graphql(`
  mutation DeleteScoreConfig($input: DeleteScoreConfigInput!) {
    deleteScoreConfig(input: $input) { ... on DeleteScoreConfigPayload { deletedId } ... on UserError { message path } }
  }
`)

type Config = NonNullable<SettingsScoreConfigsQuery['scoreConfigs']>['nodes'][number]

export function ScoreConfigs({ mayWrite }: { mayWrite: boolean }) {
  const [result, reread] = useQuery({ query: scoreConfigs, variables: { after: null } })
  const [editing, setEditing] = useState<Config | 'NEW' | null>(null)
  const [removing, setRemoving] = useState<Config | null>(null)
  const [, remove] = useMutation(deleteScoreConfig)
  const refresh = () => reread({ requestPolicy: 'network-only' })
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('NEW')}>
      New score
    </Button>
  )
  return (
    <div className={classes.part}>
      <div className={classes.head}>
        <p className={classes.intro}>
          What the scores of a name may be, and which of them are better. People’s labels and scores of programs follow
          these rules. A run keeps those it had when it got its first score.
        </p>
        {mayWrite && (result.data?.scoreConfigs?.nodes.length ?? 0) > 0 && add}
      </div>
      <Answer of={result} retry={refresh} skeleton={<Skeleton height={120} />}>
        {({ scoreConfigs }) =>
          scoreConfigs?.nodes.length === 0 ? (
            <EmptyState
              icon={<IconAdjustments size={40} stroke={1.3} color="var(--accent)" aria-hidden />}
              title="No rules yet"
              message="Say what a score such as “helpful” is: yes or no, a number from 1 to 5, or one of some categories; then people label items with it by number keys."
            >
              {mayWrite && add}
            </EmptyState>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
            <section className={classes.scrolls} aria-label="Scores" tabIndex={0}>
              <table className={classes.table} aria-label="Rules of scores">
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>A score is</th>
                    <th>Direction</th>
                    <th>Items without a value</th>
                    <th>
                      <span className="hidden-visually">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <Rows after={null} mayWrite={mayWrite} onEdit={setEditing} onRemove={setRemoving} />
                </tbody>
              </table>
            </section>
          )
        }
      </Answer>
      <Modal
        opened={editing !== null}
        onClose={() => setEditing(null)}
        title={editing === 'NEW' ? 'New score' : `Rules of “${editing?.name}”`}
        size="lg"
      >
        {editing !== null && (
          <Form
            config={editing === 'NEW' ? null : editing}
            onDone={() => {
              setEditing(null)
              refresh()
            }}
          />
        )}
      </Modal>
      <Modal
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Delete the rules of “${removing?.name}”?`}
      >
        <Stack>
          <Text size="sm">
            Scores that are there stay, with the rules that their runs keep. New ones may be anything.
          </Text>
          <Button
            color="red"
            onClick={async () => {
              if (removing && notifyOf(await remove({ input: { id: removing.id } }))) refresh()
              setRemoving(null)
            }}
          >
            Delete the rules
          </Button>
        </Stack>
      </Modal>
    </div>
  )
}

interface RowsProps {
  after: string | null
  mayWrite: boolean
  onEdit: (config: Config) => void
  onRemove: (config: Config) => void
}

function Rows({ after, ...props }: RowsProps) {
  const [{ data }] = useQuery({ query: scoreConfigs, variables: { after } })
  const [more, setMore] = useState(false)
  const page = data?.scoreConfigs
  return (
    <>
      {page?.nodes.map((config) => (
        <tr key={config.id}>
          <td>{config.name}</td>
          <td>{describe(config)}</td>
          <td>{directionWords[config.direction]}</td>
          <td>{policyWords[config.failurePolicy]}</td>
          <td>
            {props.mayWrite && (
              <Group gap={6} justify="flex-end" wrap="nowrap">
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`Change ${config.name}`}
                  onClick={() => props.onEdit(config)}
                >
                  Change
                </Button>
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`Delete ${config.name}`}
                  onClick={() => props.onRemove(config)}
                >
                  Delete
                </Button>
              </Group>
            )}
          </td>
        </tr>
      ))}
      {page?.pageInfo.hasNextPage &&
        (more ? (
          <Rows after={page.pageInfo.endCursor ?? null} {...props} />
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

function describe({ dataType, categories, min, max }: Config): string {
  if (categories) return `one of ${categories.join(', ')}`
  const range = rangeOf({ min, max })
  return dataType === 'NUMERIC' && range ? `a number, ${range}` : typeWords[dataType]
}

function Form({ config, onDone }: { config: Config | null; onDone: () => void }) {
  const [name, setName] = useState(config?.name ?? '')
  const [rules, setRules] = useState(config ? rulesDraft(config) : newScoreRules)
  const [problem, setProblem] = useState<{ field: string; message: string } | null>(null)
  const [setting, set] = useMutation(setScoreConfig)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const refusal = problemOf(await set({ input: { name: name.trim(), ...rulesOf(rules) } }))
    const field = Object.keys(rules).find((member) => refusal?.path?.includes(member)) ?? 'name'
    if (refusal) return setProblem({ field, message: refusal.message })
    onDone()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name of the score"
          value={name}
          readOnly={config !== null}
          required
          withAsterisk={false}
          error={problem?.field === 'name' ? problem.message : undefined}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <ScoreRulesFields
          rules={rules}
          problems={problem ? { [problem.field]: problem.message } : {}}
          onChange={setRules}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={setting.fetching}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
