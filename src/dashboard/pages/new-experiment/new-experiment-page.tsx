/** A new experiment from nothing, for a dataset or a prompt, or with the configuration of another experiment or a run. */
import { Skeleton } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import type { ToCopyFromQuery } from '../../gql/graphql.ts'
import { formOfExperiment, formOfRun } from './experiment-copy.ts'
import { emptyForm } from './experiment-form.ts'
import { ExperimentFormView } from './experiment-form-view.tsx'
import { copyQuery } from './form-query.ts'

const route = getRouteApi('/experiments/new')

export function NewExperimentPage() {
  const { dataset, from, against, prompt } = route.useSearch()
  const [result, reread] = useQuery({ query: copyQuery, variables: { id: from ?? '' }, pause: from === undefined })
  if (from === undefined) {
    const empty = emptyForm()
    const stored = prompt === undefined ? {} : { promptFrom: 'STORED' as const, promptName: prompt }
    return (
      <Page title="New experiment">
        <ExperimentFormView initial={{ ...empty, ...stored, datasetId: dataset ?? null }} copied={false} />
      </Page>
    )
  }
  return (
    <Answer
      of={result}
      retry={reread}
      skeleton={
        <Page title="New experiment">
          <Skeleton height={400} />
        </Page>
      }
    >
      {({ node }) => <Copy node={node} against={against ?? null} />}
    </Answer>
  )
}

interface CopyProps {
  node: ToCopyFromQuery['node']
  /** Id of the run that the new one is compared with; null: the one that is copied. */
  against: string | null
}

function Copy({ node, against }: CopyProps) {
  if (node?.__typename === 'Run') {
    const form = formOfRun(node)
    return (
      <Page
        title="New run with changes"
        description={`With what ${titleOfRun(node.name)} was started with. Change the model, the prompt or anything else, then see what it did.`}
      >
        <ExperimentFormView initial={{ ...form, compareWith: against ?? form.compareWith }} copied />
      </Page>
    )
  }
  if (node?.__typename === 'Experiment') {
    return (
      <Page title="New experiment" description={`With what ${node.name} says; change what should be different.`}>
        <ExperimentFormView initial={formOfExperiment(node)} copied={node.evaluators !== null} />
      </Page>
    )
  }
  return (
    <EmptyState
      order={1}
      title="There is nothing to start from"
      message="It was deleted, or belongs to another project."
    >
      <LinkButton to="/experiments/new" variant="default">
        Begin with an empty form
      </LinkButton>
    </EmptyState>
  )
}
