import { formatCount } from './number-format.ts'
import classes from './run-progress.module.css'

interface Progress {
  total: number
  succeeded: number
  failed: number
  cancelled: number
  running: number
  openEvaluations: number
}

/** A bar with the items that succeeded, failed and are running, of all; the numbers beside it say the same. */
export function RunProgressBar({ progress, label = true }: { progress: Progress; label?: boolean }) {
  const { total, succeeded, failed, cancelled, running, openEvaluations } = progress
  const done = succeeded + failed
  const share = (count: number) => ({ width: `${total === 0 ? 0 : (count / total) * 100}%` })
  return (
    <span className={classes.progress}>
      <span
        role="progressbar"
        aria-label="Items done"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-valuetext={`${done} of ${total} done, ${failed} failed`}
        className={classes.bar}
      >
        <span className={classes.succeeded} style={share(succeeded)} />
        <span className={classes.failed} style={share(failed)} />
        <span className={classes.cancelled} style={share(cancelled)} />
        <span className={classes.running} style={share(running)} />
      </span>
      {label && (
        <span className={classes.label}>
          {formatCount(done)} of {formatCount(total)}
          {done === total && openEvaluations > 0 && ` · ${formatCount(openEvaluations)} to score`}
          {failed > 0 && <span className={classes.failures}> · {formatCount(failed)} failed</span>}
        </span>
      )}
    </span>
  )
}
