import { Progress } from '@mantine/core'
import type { ReactNode } from 'react'
import { formatCount, plural } from '../../components/number-format.ts'
import classes from './review.module.css'

/** How many are done of all, with what else there is to say. @param of one of them @param as what it is when it is done */
export function ReviewProgress({
  done,
  total,
  of,
  as,
  children,
}: {
  done: number
  total: number
  of: 'item' | 'output'
  as: 'done' | 'labelled'
  children: ReactNode
}) {
  return (
    <div className={classes.progress}>
      <Progress.Root size="sm" className={classes.bar}>
        <Progress.Section
          value={total === 0 ? 0 : (done / total) * 100}
          aria-label={as === 'done' ? 'Items that are done' : 'Outputs with a label'}
          color="var(--accent)"
        />
      </Progress.Root>
      <span role="status">
        {formatCount(done)} of {plural(total, of)} {as}
      </span>
      <span className={classes.faint}>{children}</span>
    </div>
  )
}
