/** The pages of one evaluator: from the catalogue to a new one, and one that is changed. */

import { Button, Modal, Skeleton, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconArchive, IconArchiveOff } from '@tabler/icons-react'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { notifyOf } from '../../data/mutate.ts'
import { usePageQuery } from '../../data/page-query.ts'
import type { EvaluatorFieldsFragment } from '../../gql/graphql.ts'
import { EvaluatorCatalogue } from './evaluator-catalogue.tsx'
import { draftOfEvaluator, emptyEvaluator, type Scorer, scorerOf } from './evaluator-draft.ts'
import { EvaluatorForm } from './evaluator-form.tsx'
import { evaluatorKinds } from './evaluator-kinds.ts'
import { deleteEvaluator, evaluatorChoices, evaluatorPage, restoreEvaluator } from './evaluator-query.ts'
import { JudgeReport } from './report/judge-report.tsx'

const newRoute = getRouteApi('/evaluators/new')
const route = getRouteApi('/evaluators/$evaluatorId')

const trail = (
  <Link to="/evaluators" search={{}}>
    Evaluators
  </Link>
)

export function NewEvaluatorPage() {
  const { kind, run } = newRoute.useSearch()
  const navigate = newRoute.useNavigate()
  const [result, reread] = useQuery({ query: evaluatorChoices })
  const scorer = kind === undefined ? null : scorerNamed(kind)
  return (
    <Answer of={result} retry={reread} skeleton={<Loading />}>
      {({ modules, datasets, providers, judgeTemplates }) =>
        scorer === null ? (
          <Page title="New evaluator" description="What should be scored?" trail={trail}>
            <EvaluatorCatalogue
              templates={judgeTemplates}
              functions={modules.filter((module) => module.kind === 'EVALUATOR')}
            />
          </Page>
        ) : (
          <Page
            title={`New evaluator: ${labelOf(scorer)}`}
            description={helpOf(scorer)}
            trail={trail}
            actions={
              <LinkButton to="/evaluators/new" search={{ run }} variant="default">
                Choose another kind
              </LinkButton>
            }
          >
            <EvaluatorForm
              key={kind}
              evaluator={null}
              scorer={scorer}
              initial={emptyEvaluator(
                scorer,
                judgeTemplates.find(({ name }) => kind === `judge:${name}`),
              )}
              datasets={datasets?.nodes ?? []}
              providers={providers?.nodes ?? []}
              onProvider={reread}
              runId={run}
              onRun={(id) => void navigate({ search: (before) => ({ ...before, run: id }), replace: true })}
              onSaved={() => void navigate({ to: '/evaluators', search: {} })}
            />
          </Page>
        )
      }
    </Answer>
  )
}

export function EvaluatorPage() {
  const { evaluatorId } = route.useParams()
  usePageQuery(evaluatorPage, { id: evaluatorId })
  const [result, reread] = useQuery({ query: evaluatorPage, variables: { id: evaluatorId } })
  const [choices, rereadChoices] = useQuery({ query: evaluatorChoices })
  return (
    <Answer of={result} retry={reread} skeleton={<Loading />}>
      {({ node }) => {
        if (node?.__typename !== 'Evaluator') {
          return (
            <EmptyState
              order={1}
              title="There is no such evaluator"
              message="It was deleted, or belongs to another project."
            >
              <LinkButton to="/evaluators" search={{}} variant="default">
                Go to the evaluators
              </LinkButton>
            </EmptyState>
          )
        }
        return (
          <Change
            evaluator={node}
            datasets={choices.data?.datasets?.nodes ?? []}
            providers={choices.data?.providers?.nodes ?? []}
            onProvider={() => rereadChoices({ requestPolicy: 'network-only' })}
          />
        )
      }}
    </Answer>
  )
}

interface ChangeProps {
  evaluator: EvaluatorFieldsFragment
  datasets: { id: string; name: string }[]
  providers: { id: string; name: string }[]
  onProvider: () => void
}

function Change({ evaluator, datasets, providers, onProvider }: ChangeProps) {
  const { run, report } = route.useSearch()
  const navigate = route.useNavigate()
  const scorer = scorerOf(evaluator)
  const { name, version, deletedAt } = evaluator
  return (
    <Page
      title={name}
      description={
        deletedAt
          ? 'It is archived: it scores nothing new, and runs keep its scores.'
          : `${scorer ? labelOf(scorer) : 'Of another kind'} · version ${version}. What affects its scores makes a new version; runs keep theirs.`
      }
      trail={trail}
      actions={deletedAt ? <Restore evaluator={evaluator} /> : <Archive evaluator={evaluator} />}
    >
      <JudgeReport
        evaluatorId={evaluator.id}
        version={version}
        shown={report ?? version}
        isExpected={evaluator.definition.__typename !== 'BuiltinEvaluator'}
        onShow={(chosen) =>
          void navigate({ search: (before) => ({ ...before, report: chosen === version ? undefined : chosen }) })
        }
      />
      {!deletedAt && (
        <EvaluatorForm
          key={`${evaluator.id} ${version}`}
          evaluator={evaluator}
          scorer={scorer}
          initial={draftOfEvaluator(evaluator)}
          datasets={datasets}
          providers={providers}
          onProvider={onProvider}
          runId={run}
          onRun={(id) => void navigate({ search: (before) => ({ ...before, run: id }), replace: true })}
          onSaved={(saved) =>
            notifications.show({
              message:
                saved.version === version
                  ? 'It is saved; its scores stay the same.'
                  : `It is saved as version ${saved.version}.`,
            })
          }
        />
      )}
    </Page>
  )
}

function Archive({ evaluator: { id, name } }: { evaluator: EvaluatorFieldsFragment }) {
  const [asking, ask] = useDisclosure(false)
  const [removing, remove] = useMutation(deleteEvaluator)
  const navigate = useNavigate()
  return (
    <>
      <Button variant="default" leftSection={<IconArchive size={16} aria-hidden />} onClick={ask.open}>
        Archive
      </Button>
      <Modal opened={asking} onClose={ask.close} title={`Archive “${name}”?`}>
        <Stack>
          <Text size="sm">
            It scores nothing new, also in experiments that name it, and its name is free for another one. Runs keep its
            versions and scores. It can be restored while no other evaluator has its name.
          </Text>
          <Button
            color="red"
            loading={removing.fetching}
            onClick={async () => {
              if (notifyOf(await remove({ input: { id } }), 'The evaluator is archived.'))
                await navigate({ to: '/evaluators', search: {} })
            }}
          >
            Archive the evaluator
          </Button>
        </Stack>
      </Modal>
    </>
  )
}

function Restore({ evaluator: { id } }: { evaluator: EvaluatorFieldsFragment }) {
  const [restoring, restore] = useMutation(restoreEvaluator)
  return (
    <Button
      leftSection={<IconArchiveOff size={16} aria-hidden />}
      loading={restoring.fetching}
      onClick={async () =>
        notifyOf(
          await restore({ input: { id } }),
          'The evaluator is there again. It scores new runs once it is active.',
        )
      }
    >
      Restore
    </Button>
  )
}

function Loading() {
  return (
    <Page title="Evaluator">
      <Skeleton height={320} />
    </Page>
  )
}

/** Null for what is neither a kind that comes along nor a function. */
function scorerNamed(name: string): Scorer {
  const module = /^function:(.+)$/.exec(name)?.[1]
  if (module !== undefined) return { module }
  const kind = evaluatorKinds.find(({ member }) => member === name.replace(/^judge:.+/s, 'judge'))
  return kind ? { kind } : null
}

function labelOf(scorer: NonNullable<Scorer>): string {
  return 'kind' in scorer ? scorer.kind.label : `the function ${scorer.module}`
}

function helpOf(scorer: NonNullable<Scorer>): string {
  return 'kind' in scorer
    ? `${scorer.kind.help} ${scorer.kind.example}`
    : 'A function of assay.config.ts scores outputs.'
}
