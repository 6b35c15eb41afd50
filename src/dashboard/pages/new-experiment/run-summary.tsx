/** What creating it starts: how many calls, and about what they cost. */
import { Button, Loader } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconPlayerPlay } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Notice } from '../../components/notice.tsx'
import { formatCost, formatCount, plural } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import type { CostEstimateOfFormQuery, TaskInput } from '../../gql/graphql.ts'
import type { DatasetOfForm } from './dataset-choice.tsx'
import { type ExperimentForm, taskProblems } from './experiment-form.ts'
import { taskOf } from './experiment-input.ts'
import { costEstimate } from './form-query.ts'
import classes from './new-experiment.module.css'
import { RunPlan } from './run-plan.tsx'

interface Props {
  form: ExperimentForm
  dataset: DatasetOfForm | null
  /** Id of the run that the new one is compared with; null: there is none. */
  baselineId: string | null
  /** Takes so many items, so often each. */
  onUse: (items: number, repetitions: number) => void
  problem: string | null
  isBusy: boolean
}

type Estimate = NonNullable<
  Extract<NonNullable<CostEstimateOfFormQuery['node']>, { costEstimate: unknown }>['costEstimate']
>

export function RunSummary({ form, dataset, baselineId, onUse, problem, isBusy }: Props) {
  const { estimate, isReading } = useEstimate(form)
  const items = itemsOf(form, dataset)
  const repetitions = typeof form.repetitions === 'number' ? form.repetitions : 1
  const atMost = form.tags.length > 0 ? 'at most ' : ''
  return (
    <section className={classes.summary} aria-label="Summary">
      <dl className={classes.facts}>
        <dt>Calls</dt>
        <dd>
          {items === null ? (
            <span className={classes.faint}>choose a dataset</span>
          ) : (
            <>
              {atMost}
              {formatCount(items * repetitions)}
              <span className={classes.faint}>
                {' '}
                · {plural(items, 'item')} × {repetitions}
              </span>
            </>
          )}
        </dd>
        <dt>Cost</dt>
        <dd aria-live="polite">
          {estimate && items !== null ? (
            <Cost estimate={estimate} calls={items * repetitions} />
          ) : (
            <span className={classes.faint}>
              {isReading ? <Loader size={13} aria-label="Estimating" /> : 'estimated when it is known what is tested'}
            </span>
          )}
        </dd>
        <dt>Budget</dt>
        <dd>{typeof form.budgetUsd === 'number' ? formatCost(form.budgetUsd) : 'none'}</dd>
      </dl>
      {estimate && items !== null && <Doubts estimate={estimate} calls={items * repetitions} budget={form.budgetUsd} />}
      {dataset && baselineId !== null && <RunPlan dataset={dataset} baselineId={baselineId} onUse={onUse} />}
      {problem !== null && (
        <Notice tone="WORSE" title="It could not be started" mt="sm">
          {problem}
        </Notice>
      )}
      <Button
        type="submit"
        size="md"
        mt="md"
        fullWidth
        leftSection={<IconPlayerPlay size={17} aria-hidden />}
        loading={isBusy}
      >
        Create and start
      </Button>
    </section>
  )
}

function Cost({ estimate, calls }: { estimate: Estimate; calls: number }) {
  const { costUsd, inputCostUsd, maxCostUsd, run } = estimate
  const follows = run && (
    <Link to="/runs/$runId" params={{ runId: run.id }}>
      {titleOfRun(run.name)}
    </Link>
  )
  const details = <Tokens estimate={estimate} />
  if (costUsd !== null) {
    return (
      <>
        about {formatCost(costUsd * calls)}
        <span className={classes.note}>
          {inputCostUsd === null ? 'The mean of ' : 'With answers as long as those of '}
          {follows}. {details}
        </span>
      </>
    )
  }
  if (inputCostUsd !== null) {
    return (
      <>
        {formatCost(inputCostUsd * calls)} and the answers
        <span className={classes.note}>
          {maxCostUsd === null
            ? 'How long the answers are is not known before the first run.'
            : `At most ${formatCost(maxCostUsd * calls)}, if every answer has the most tokens that are allowed.`}{' '}
          {details}
        </span>
      </>
    )
  }
  return (
    <>
      unknown
      <span className={classes.note}>
        {estimate.inputTokens === null
          ? 'No run of it on this dataset has a known cost.'
          : 'The price of the model is not known.'}{' '}
        {details}
      </span>
    </>
  )
}

function Tokens({ estimate: { inputTokens, outputTokens } }: { estimate: Estimate }) {
  if (inputTokens === null) return null
  const out = outputTokens === null ? '' : ` and ${formatCount(Math.round(outputTokens))} back`
  return (
    <>
      About {formatCount(Math.round(inputTokens))} tokens sent{out} a call.
    </>
  )
}

/** What should be seen before paying. */
function Doubts({ estimate, calls, budget }: { estimate: Estimate; calls: number; budget: number | string }) {
  const { unrenderedCount, sampleSize, costUsd } = estimate
  const isAbove = typeof budget === 'number' && costUsd !== null && costUsd * calls > budget
  return (
    <>
      {unrenderedCount > 0 && (
        <Notice tone="WARN" mt="sm" title="Items will fail">
          The prompt cannot be made for {unrenderedCount} of {plural(sampleSize, 'sampled item')}: a name in it has no
          value there.
        </Notice>
      )}
      {isAbove && (
        <Notice tone="WARN" mt="sm" title="Above the budget">
          The run will stop before it has executed all items.
        </Notice>
      )}
    </>
  )
}

function useEstimate(form: ExperimentForm): { estimate: Estimate | null; isReading: boolean } {
  const { datasetId } = form
  const isWhole = datasetId !== null && Object.keys(taskProblems(form)).length === 0
  const [asked] = useDebouncedValue(isWhole ? JSON.stringify(taskOf(form)) : null, 600)
  const [{ data, fetching }] = useQuery({
    query: costEstimate,
    variables: { id: datasetId ?? '', task: JSON.parse(asked ?? 'null') as TaskInput },
    pause: asked === null || datasetId === null,
    requestPolicy: 'network-only',
  })
  if (asked === null || !isWhole) return { estimate: null, isReading: false }
  const node = data?.node && 'costEstimate' in data.node ? data.node : null
  return { estimate: node?.costEstimate ?? null, isReading: fetching }
}

/** Null while it is not known of which. */
function itemsOf({ sample, itemIds, datasetVersion }: ExperimentForm, dataset: DatasetOfForm | null): number | null {
  if (!dataset) return null
  const version = dataset.versions?.nodes.find((one) => String(one.version) === datasetVersion)
  const all = itemIds.length > 0 ? itemIds.length : (version?.itemCount ?? dataset.itemCount)
  return typeof sample === 'number' ? Math.min(sample, all) : all
}
