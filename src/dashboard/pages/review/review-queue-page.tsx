/** A review queue: how far it is, how far people agree, and its items one after the other, by keyboard. */

import { ActionIcon, Menu, Skeleton } from '@mantine/core'
import { IconDotsVertical, IconLock, IconLockOpen, IconTrash } from '@tabler/icons-react'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { ItemSkeleton } from '../../components/item-frame.tsx'
import { formatCount } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { notifyOf } from '../../data/mutate.ts'
import { usePageQuery } from '../../data/page-query.ts'
import type { ReviewQueuePageQuery } from '../../gql/graphql.ts'
import { QueuePass } from './queue-pass.tsx'
import { changeQueue, deleteQueue, type QueueSummary, reviewQueue } from './queue-query.ts'
import classes from './review.module.css'
import { ReviewProgress } from './review-progress.tsx'

const route = getRouteApi('/review/$queueId')

type Queue = Extract<NonNullable<ReviewQueuePageQuery['node']>, { scores: string[] }>

export function ReviewQueuePage() {
  const { queueId } = route.useParams()
  usePageQuery(reviewQueue, { id: queueId })
  const [result, reread] = useQuery({ query: reviewQueue, variables: { id: queueId } })
  return (
    <Answer of={result} retry={reread} skeleton={<QueueSkeleton />}>
      {({ node, viewer }) =>
        node && 'scores' in node ? (
          <Shown
            queue={node}
            author={viewer.person.name}
            mayWrite={viewer.role !== 'READ'}
            reread={() => reread({ requestPolicy: 'network-only' })}
          />
        ) : (
          <EmptyState
            order={1}
            title="There is no such queue"
            message="It was deleted, or belongs to another project."
          />
        )
      }
    </Answer>
  )
}

interface Props {
  queue: Queue
  author: string
  mayWrite: boolean
  reread: () => void
}

function Shown({ queue, author, mayWrite, reread }: Props) {
  const { skipped } = route.useSearch()
  const isOurs = queue.assignees.length === 0 || queue.assignees.some(({ name }) => name === author)
  return (
    <Page
      title={queue.name}
      description={queue.description ?? undefined}
      trail={
        <>
          <Link to="/review" search={{}}>
            Review
          </Link>
          <span aria-hidden>/</span>
          <Link to="/runs/$runId" params={{ runId: queue.run.id }}>
            {titleOfRun(queue.run.name)}
          </Link>
        </>
      }
      actions={mayWrite && <QueueMenu queue={queue} />}
    >
      <HowFar queue={queue} />
      <Agreement queue={queue} />
      {queue.closedAt !== null ? (
        <EmptyState
          title="This queue is closed"
          message="What people said stays. It can be opened again from its menu."
        />
      ) : !isOurs || !mayWrite ? (
        <EmptyState
          title="This queue is for others"
          message={
            mayWrite
              ? `It is assigned to ${queue.assignees.map(({ name }) => name).join(', ')}.`
              : 'To score outputs takes a key that may write.'
          }
        />
      ) : (
        <QueuePass key={String(skipped)} queue={queue} scores={queue.run.stats.scores} author={author} onEnd={reread} />
      )}
    </Page>
  )
}

function HowFar({ queue: { progress, authorsPerItem } }: { queue: QueueSummary }) {
  const { total, done, byPerson } = progress
  return (
    <ReviewProgress done={done} total={total} of="item" as="done">
      {authorsPerItem > 1 && `${authorsPerItem} people for each. `}
      {byPerson
        .map(({ person, done, skipped }) => `${person.name} ${done}${skipped > 0 ? `, ${skipped} skipped` : ''}`)
        .join(' · ')}
    </ReviewProgress>
  )
}

/** Only where several people have said something of one output. */
function Agreement({ queue: { agreement } }: { queue: Queue }) {
  const found = agreement.filter(({ alpha }) => alpha.units > 0)
  if (found.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.scroller} aria-label="Agreement of people" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Agreement of people</th>
            <th scope="col">Krippendorff’s α</th>
            <th scope="col">Outputs</th>
            <th scope="col">Cohen’s κ of two</th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ score, alpha, pairs }) => (
            <tr key={score}>
              <th scope="row">{score}</th>
              <td>
                {alpha.value === null ? '–' : alpha.value.toFixed(2)}
                {alpha.interval && (
                  <span className={classes.faint}>
                    {' '}
                    {alpha.interval.low.toFixed(2)} to {alpha.interval.high.toFixed(2)}
                  </span>
                )}
              </td>
              <td>{formatCount(alpha.units)}</td>
              <td>
                {pairs
                  .slice(0, 6)
                  .map(
                    ({ first, second, kappa }) =>
                      `${first}, ${second}: ${kappa?.value == null ? '–' : kappa.value.toFixed(2)}`,
                  )
                  .join(' · ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function QueueMenu({ queue }: { queue: QueueSummary }) {
  const navigate = useNavigate()
  const [, change] = useMutation(changeQueue)
  const [, remove] = useMutation(deleteQueue)
  const isClosed = queue.closedAt !== null
  const icon = { size: 16, 'aria-hidden': true } as const
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label="More about this queue">
          <IconDotsVertical size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={isClosed ? <IconLockOpen {...icon} /> : <IconLock {...icon} />}
          onClick={async () => notifyOf(await change({ input: { id: queue.id, closed: !isClosed } }))}
        >
          {isClosed ? 'Open again' : 'Close'}
        </Menu.Item>
        <Menu.Item
          color="red"
          leftSection={<IconTrash {...icon} />}
          onClick={async () => {
            const done = 'The queue was deleted. What people said stays.'
            if (notifyOf(await remove({ input: { id: queue.id } }), done)) await navigate({ to: '/review', search: {} })
          }}
        >
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function QueueSkeleton() {
  return (
    <Page title="Review">
      <Skeleton height={20} />
      <ItemSkeleton />
    </Page>
  )
}
