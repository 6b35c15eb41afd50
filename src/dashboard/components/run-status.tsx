import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconHandStop,
  IconLoader2,
  type TablerIcon,
} from '@tabler/icons-react'
import clsx from 'clsx'
import type { RunStatus as Status, StopReason } from '../gql/graphql.ts'
import classes from './run-status.module.css'

const shown: Record<Status, { word: string; icon: TablerIcon; tone: string | undefined }> = {
  QUEUED: { word: 'Queued', icon: IconCircleDashed, tone: classes.neutral },
  RUNNING: { word: 'Running', icon: IconLoader2, tone: classes.running },
  COMPLETED: { word: 'Completed', icon: IconCircleCheck, tone: classes.done },
  CANCELLED: { word: 'Cancelled', icon: IconCircleX, tone: classes.neutral },
  STOPPED: { word: 'Stopped', icon: IconHandStop, tone: classes.warn },
}

const reasons: Record<StopReason, string> = {
  BUDGET: 'Stopped at its budget',
  FAILURE_RATE: 'Stopped: too many failed',
  EARLY_DECISION: 'Decided early',
  PROVIDER: 'Stopped: its provider refuses calls',
}

/** The status of a run as a word with its sign. */
export function RunStatus({ status, stopReason }: { status: Status; stopReason: StopReason | null }) {
  const { word, icon: Icon, tone } = shown[status] ?? { word: status, icon: IconCircleDashed, tone: classes.neutral }
  return (
    <span className={clsx(classes.status, tone)}>
      <Icon size={14} stroke={2} aria-hidden className={status === 'RUNNING' ? classes.turning : undefined} />
      {status === 'STOPPED' && stopReason ? reasons[stopReason] : word}
    </span>
  )
}
