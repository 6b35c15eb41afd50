/** Which runs people have scored, how far, and the way into each. */
import { Select, Skeleton } from '@mantine/core'
import { IconUserCheck } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { defaultLabel } from '../../components/labels/use-labels.ts'
import { LinkButton } from '../../components/link-button.tsx'
import { formatCount } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { usePageQuery } from '../../data/page-query.ts'
import { useRunsFeed } from '../../data/use-runs-feed.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import classes from './review.module.css'
import { labelledCount, runsToReview } from './review-query.ts'
import { ReviewQueues } from './review-queues.tsx'

const route = getRouteApi('/review')

export function ReviewsPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  usePageQuery(runsToReview, {})
  const [result, reread] = useQuery({ query: runsToReview })
  useRunsFeed(({ changed, deleted }) => {
    const listed = new Set(result.data?.runs?.nodes.map(({ id }) => id))
    if (deleted.length > 0 || changed.some((id) => !listed.has(id))) reread({ requestPolicy: 'network-only' })
  })
  return (
    <Answer
      of={result}
      retry={reread}
      skeleton={
        <Page title="Review">
          <Skeleton height={260} />
        </Page>
      }
    >
      {({ runs, scoreConfigs }) => {
        const found = (runs?.nodes ?? []).filter(({ progress }) => progress.succeeded > 0)
        const names = scoreConfigs?.nodes.map(({ name }) => name) ?? []
        const score = search.score ?? names[0] ?? defaultLabel
        return (
          <Page
            title="Review"
            description="People score outputs one by one, by keyboard. What they say stands beside what evaluators said, and shows how far these can be trusted."
            actions={
              <>
                <LinkButton to="/settings" search={{ part: 'scores' }} variant="default">
                  What can be said
                </LinkButton>
                <Select
                  aria-label="The score that is given"
                  w={220}
                  searchable
                  allowDeselect={false}
                  data={[...new Set([score, ...names, defaultLabel])]}
                  value={score}
                  onChange={(name) => name && void navigate({ search: { score: name }, replace: true })}
                />
              </>
            }
          >
            <ReviewQueues />
            {found.length === 0 ? (
              <EmptyState
                icon={<IconUserCheck size={38} stroke={1.3} color="var(--accent)" aria-hidden />}
                title="Nothing to review yet"
                message="Outputs of runs are reviewed here. Start an experiment first."
              >
                <LinkButton to="/experiments/new" search={{}}>
                  New experiment
                </LinkButton>
              </EmptyState>
            ) : (
              <Runs runs={found} score={score} />
            )}
          </Page>
        )
      }}
    </Answer>
  )
}

function Runs({ runs, score }: { runs: readonly RunSummaryFragment[]; score: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.scroller} aria-label="Runs to review" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Dataset</th>
            <th scope="col">Started</th>
            <th scope="col">With {score}</th>
            <th scope="col">
              <span className="hidden-visually">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const labelled = labelledCount(run, score)
            const left = run.progress.succeeded - labelled
            const way = labelled > 0 ? 'Go on' : 'Review'
            return (
              <tr key={run.id}>
                <th scope="row">
                  <Link to="/runs/$runId" params={{ runId: run.id }}>
                    {titleOfRun(run.name)}
                  </Link>
                </th>
                <td>{run.dataset.name}</td>
                <td>
                  <Age of={run.createdAt} />
                </td>
                <td>
                  {formatCount(labelled)} of {formatCount(run.progress.succeeded)}
                </td>
                <td>
                  <div className={classes.steps}>
                    <LinkButton
                      size="compact-sm"
                      variant="subtle"
                      to="/review/new"
                      search={{ run: run.id }}
                      aria-label={`New queue of ${titleOfRun(run.name)}`}
                    >
                      New queue
                    </LinkButton>
                    {left > 0 && (
                      <LinkButton
                        size="compact-sm"
                        variant="default"
                        to="/runs/$runId/review"
                        params={{ runId: run.id }}
                        search={{ score }}
                        aria-label={`${way} ${titleOfRun(run.name)}`}
                      >
                        {way}
                      </LinkButton>
                    )}
                  </div>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
