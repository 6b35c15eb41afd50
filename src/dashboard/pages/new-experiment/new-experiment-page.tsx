/** A new experiment from nothing, for a dataset, or with the configuration of another one. */
import { Skeleton } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Page } from '../../components/page.tsx'
import { emptyForm, formOf } from './experiment-form.ts'
import { ExperimentFormView } from './experiment-form-view.tsx'
import { copyQuery } from './form-query.ts'

const route = getRouteApi('/experiments/new')

export function NewExperimentPage() {
  const { dataset, from } = route.useSearch()
  const [result, reread] = useQuery({ query: copyQuery, variables: { id: from ?? '' }, pause: from === undefined })
  const title = 'New experiment'
  if (from === undefined) {
    return (
      <Page title={title}>
        <ExperimentFormView initial={{ ...emptyForm, datasetId: dataset ?? null }} copied={false} />
      </Page>
    )
  }
  return (
    <Answer
      of={result}
      retry={reread}
      skeleton={
        <Page title={title}>
          <Skeleton height={400} />
        </Page>
      }
    >
      {({ node }) => (
        <Page
          title={title}
          description={
            node && 'settings' in node ? `With what ${node.name} says; change what should be different.` : null
          }
        >
          <ExperimentFormView
            initial={node && 'settings' in node ? formOf(node) : emptyForm}
            copied={node !== null && 'settings' in node && node.evaluators !== null}
          />
        </Page>
      )}
    </Answer>
  )
}
