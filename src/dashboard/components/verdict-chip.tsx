import { Tooltip } from '@mantine/core'
import { IconArrowDownRight, IconArrowUpRight, IconShieldCheck, IconTilde } from '@tabler/icons-react'
import clsx from 'clsx'
import type { MetricFiguresFragment } from '../gql/graphql.ts'
import { formatDelta } from './number-format.ts'
import { type Conclusion, conclude, describe, nameOf, unitOf } from './verdict.ts'
import classes from './verdict-chip.module.css'

const signs: Record<Conclusion, { icon: typeof IconTilde; tone: string | undefined; word: string }> = {
  BETTER: { icon: IconArrowUpRight, tone: classes.better, word: 'better' },
  WORSE: { icon: IconArrowDownRight, tone: classes.worse, word: 'worse' },
  NOT_WORSE: { icon: IconShieldCheck, tone: classes.better, word: 'not worse' },
  OPEN: { icon: IconTilde, tone: classes.open, word: 'undecided' },
}

/** The verdict of one metric in a word; its sentence on hover and for screen readers. */
export function VerdictChip({ metric, named = true }: { metric: MetricFiguresFragment; named?: boolean }) {
  const { icon: Icon, tone, word } = signs[conclude(metric)]
  const { size, suffix } = unitOf(metric.metric.kind, metric.dataType)
  return (
    <Tooltip label={`${nameOf(metric.metric)}: ${describe(metric)}`}>
      <span className={clsx(classes.chip, tone)}>
        <Icon size={14} stroke={2.2} aria-hidden />
        {named && <span className={classes.name}>{nameOf(metric.metric)}</span>}
        <span className={classes.delta}>
          {metric.delta === null ? word : `${formatDelta(metric.delta, size)}${suffix === '' ? '' : ' pts'}`}
        </span>
        <span className="hidden-visually">{word}</span>
      </span>
    </Tooltip>
  )
}
