/** How far the run is, what it costs, and what the baseline says of it. */
import { Anchor } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconAlertTriangle,
  IconArrowDownRight,
  IconArrowUpRight,
  IconShieldCheck,
  IconTilde,
} from '@tabler/icons-react'
import clsx from 'clsx'
import { lazy, type ReactNode, Suspense } from 'react'
import { formatCost, formatCount, formatDuration, plural } from '../../components/number-format.ts'
import pageClasses from '../../components/page.module.css'
import { RunProgressBar } from '../../components/run-progress.tsx'
import { type Conclusion, conclude, describe, nameOf } from '../../components/verdict.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import classes from './run-page.module.css'
import { failedScoresOf, type RunPageRun } from './run-query.ts'
import { rateOf } from './throughput.ts'
import type { Sample } from './use-run-feed.ts'

const LiveLines = lazy(() => import('./live-lines.tsx'))
const RescoringNotice = lazy(() => import('./rescoring-notice.tsx'))
const CorrectedScores = lazy(() => import('./corrected-scores.tsx'))

interface Props {
  run: RunPageRun
  samples: readonly Sample[]
  metrics: readonly MetricFiguresFragment[] | null
  baselineId: string | null
  problem: string | null
}

/** How many verdicts are shown at first. */
const shownVerdicts = 4

export function RunHead({ run, samples, metrics, baselineId, problem }: Props) {
  const { progress, stats, settings, status } = run
  const isOpen = status === 'RUNNING' || status === 'QUEUED'
  const missing = stats.scores.reduce((most, { missingCount }) => Math.max(most, missingCount), 0)
  const failedScores = failedScoresOf(stats)
  const rate = isOpen ? rateOf(samples) : null
  return (
    <section aria-label="Progress and verdict" className={clsx(pageClasses.card, classes.head)}>
      <div className={classes.main}>
        <RunProgressBar progress={progress} label={false} />
        <dl className={classes.facts}>
          <Fact name="Done">
            {formatCount(progress.succeeded + progress.failed)} of {formatCount(progress.total)}
          </Fact>
          <Fact name="Failed">
            <span className={progress.failed > 0 ? classes.worse : undefined}>{formatCount(progress.failed)}</span>
          </Fact>
          <Fact name="Without a score">{formatCount(missing)}</Fact>
          {failedScores > 0 && (
            <Fact name="Scores that failed">
              <span className={classes.worse}>{formatCount(failedScores)}</span>
            </Fact>
          )}
          {progress.openEvaluations > 0 && <Fact name="Evaluations left">{formatCount(progress.openEvaluations)}</Fact>}
          {progress.cancelled > 0 && <Fact name="Not executed">{formatCount(progress.cancelled)}</Fact>}
          {isOpen && <Fact name="Running">{formatCount(progress.running)}</Fact>}
          {isOpen && <Fact name="Rate">{rate === null ? '–' : `${rate.toFixed(rate < 10 ? 1 : 0)} / s`}</Fact>}
          {isOpen && (
            <Fact name="Time left">
              {progress.etaSeconds === null ? '–' : formatDuration(progress.etaSeconds * 1_000)}
            </Fact>
          )}
          {!isOpen && run.durationMs !== null && <Fact name="Took">{formatDuration(run.durationMs)}</Fact>}
          {stats.latencyMs && (
            <Fact name="Latency, median and p95">
              {formatDuration(stats.latencyMs.p50)} · {formatDuration(stats.latencyMs.p95)}
            </Fact>
          )}
          {(stats.costUsd !== null || settings.budgetUsd !== null) && (
            <Fact name="Cost">
              {stats.costUsd === null ? 'unknown' : formatCost(stats.costUsd)}
              {settings.budgetUsd !== null && ` of ${formatCost(settings.budgetUsd)}`}
              {stats.unknownCostCount > 0 &&
                stats.costUsd !== null &&
                ` (${formatCount(stats.unknownCostCount)} unknown)`}
            </Fact>
          )}
          {settings.repetitions > 1 && <Fact name="Repetitions">{settings.repetitions}</Fact>}
        </dl>
        {run.stopMessage !== null && <Notice>{run.stopMessage}</Notice>}
        {run.waitingReason !== null && <Notice>{run.waitingReason}</Notice>}
        {run.scoring !== null && (
          <Suspense fallback={null}>
            <RescoringNotice run={run} />
          </Suspense>
        )}
        {problem !== null && <p className={classes.worse}>{problem}</p>}
        {baselineId !== null && metrics !== null && <Verdicts metrics={metrics} />}
        {!isOpen && stats.scores.some(({ source }) => source === 'HUMAN') && (
          <Suspense fallback={null}>
            <CorrectedScores run={run} />
          </Suspense>
        )}
      </div>
      {samples.length > 2 && isOpen && (
        <Suspense fallback={<div style={{ height: 84 }} />}>
          <LiveLines samples={samples} scores={stats.scores} />
        </Suspense>
      )}
    </section>
  )
}

/** What keeps the run from going on, and what to do. */
function Notice({ children }: { children: string }) {
  return (
    <p className={classes.notice} role="status">
      <IconAlertTriangle size={16} aria-hidden /> {children}
    </p>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const signs: Record<Conclusion, { icon: typeof IconTilde; tone: string | undefined }> = {
  BETTER: { icon: IconArrowUpRight, tone: classes.better },
  WORSE: { icon: IconArrowDownRight, tone: classes.worse },
  NOT_WORSE: { icon: IconShieldCheck, tone: classes.better },
  OPEN: { icon: IconTilde, tone: classes.open },
}

/** One sentence for every metric that can be better or worse: scores first, those that are decided before the others. */
function Verdicts({ metrics }: { metrics: readonly MetricFiguresFragment[] }) {
  const [all, { toggle }] = useDisclosure(false)
  const compared = metrics
    .filter(({ direction, pairs }) => direction !== 'NONE' && pairs > 0)
    .toSorted((a, b) => rankOf(a) - rankOf(b))
  if (compared.length === 0) return null
  return (
    <ul className={classes.verdicts} aria-label="Compared with the baseline">
      {(all ? compared : compared.slice(0, shownVerdicts)).map((metric) => {
        const { icon: Icon, tone } = signs[conclude(metric)]
        return (
          <li key={`${metric.metric.kind} ${metric.metric.source} ${metric.metric.name}`} className={classes.verdict}>
            <Icon size={16} stroke={2.2} className={clsx(classes.sign, tone)} aria-hidden />
            <span className={classes.verdictName}>{nameOf(metric.metric)}</span>
            <span>{describe(metric)}</span>
          </li>
        )
      })}
      {compared.length > shownVerdicts && (
        <li>
          <Anchor component="button" size="sm" onClick={toggle} aria-expanded={all}>
            {all ? 'Show fewer' : `Show ${plural(compared.length - shownVerdicts, 'more metric')}`}
          </Anchor>
        </li>
      )}
    </ul>
  )
}

function rankOf(metric: MetricFiguresFragment): number {
  return (metric.metric.kind === 'SCORE' ? 0 : 2) + (conclude(metric) === 'OPEN' ? 1 : 0)
}
