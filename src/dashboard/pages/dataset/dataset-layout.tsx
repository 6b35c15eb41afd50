/** What the pages of a dataset share: its name, what it is for, and the way between them. */
import { Skeleton } from '@mantine/core'
import { getRouteApi, Link, Outlet } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { formatCount } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { graphql } from '../../gql/gql.ts'
import classes from './dataset-layout.module.css'

const datasetHead = graphql(`
  query DatasetHead($id: ID!) {
    node(id: $id) {
      id
      ... on Dataset { name description itemCount version }
    }
  }
`)

const route = getRouteApi('/datasets/$datasetId')

export function DatasetLayout() {
  const { datasetId } = route.useParams()
  const [result, reread] = useQuery({ query: datasetHead, variables: { id: datasetId } })
  return (
    <Answer
      of={result}
      retry={reread}
      skeleton={
        <Page title="Dataset">
          <Skeleton height={240} />
        </Page>
      }
    >
      {({ node }) =>
        node && 'itemCount' in node ? (
          <Page
            title={node.name}
            description={node.description}
            aside={
              <span className={classes.size}>
                {formatCount(node.itemCount)} items · version {node.version}
              </span>
            }
          >
            <nav aria-label="Pages of this dataset" className={classes.tabs}>
              <Link to="/datasets/$datasetId/runs" params={{ datasetId }} className={classes.tab}>
                Runs
              </Link>
            </nav>
            <Outlet />
          </Page>
        ) : (
          <EmptyState
            order={1}
            title="There is no such dataset"
            message="It was deleted, or belongs to another project."
          >
            <LinkButton to="/" variant="default">
              Go to the start
            </LinkButton>
          </EmptyState>
        )
      }
    </Answer>
  )
}
