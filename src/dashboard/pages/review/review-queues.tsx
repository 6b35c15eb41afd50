/** The review queues of the project: how far each is, and the way into it. */
import { Link } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { formatCount } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { type QueueSummary, reviewQueues } from './queue-query.ts'
import classes from './review.module.css'

export function ReviewQueues() {
  const [{ data }] = useQuery({ query: reviewQueues, variables: { filter: null } })
  const queues = data?.reviewQueues?.nodes ?? []
  if (queues.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.scroller} aria-label="Review queues" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Queue</th>
            <th scope="col">Run</th>
            <th scope="col">Scores</th>
            <th scope="col">For</th>
            <th scope="col">Made</th>
            <th scope="col">Done</th>
            <th scope="col">
              <span className="hidden-visually">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {queues.map((queue) => (
            <QueueRow key={queue.id} queue={queue} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function QueueRow({ queue }: { queue: QueueSummary }) {
  const { id, name, run, scores, assignees, closedAt, createdAt, progress } = queue
  const way = progress.reviews > 0 ? 'Go on' : 'Review'
  return (
    <tr>
      <th scope="row">
        <Link to="/review/$queueId" params={{ queueId: id }} search={{}}>
          {name}
        </Link>
      </th>
      <td>
        <Link to="/runs/$runId" params={{ runId: run.id }}>
          {titleOfRun(run.name)}
        </Link>
      </td>
      <td>{scores.join(', ')}</td>
      <td>{assignees.length === 0 ? 'everybody' : assignees.map((person) => person.name).join(', ')}</td>
      <td>
        <Age of={createdAt} />
      </td>
      <td>
        {formatCount(progress.done)} of {formatCount(progress.total)}
      </td>
      <td>
        {closedAt === null && progress.done < progress.total ? (
          <LinkButton
            size="compact-sm"
            variant="default"
            to="/review/$queueId"
            params={{ queueId: id }}
            search={{}}
            aria-label={`${way} ${name}`}
          >
            {way}
          </LinkButton>
        ) : (
          <span className={classes.faint}>{closedAt === null ? 'done' : 'closed'}</span>
        )}
      </td>
    </tr>
  )
}
