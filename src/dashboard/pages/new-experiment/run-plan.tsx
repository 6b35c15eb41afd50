/** Whether so many items are enough: what the run could show, and how many a difference takes that is worth showing. */
import { NumberInput, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useQuery } from 'urql'
import { messageOf } from '../../components/answer.tsx'
import { formatCost, formatCount, plural } from '../../components/number-format.ts'
import { unitOf } from '../../components/verdict.ts'
import type { PlanOfFormQuery } from '../../gql/graphql.ts'
import type { DatasetOfForm } from './dataset-choice.tsx'
import { baselineOfForm, planOfForm } from './form-query.ts'
import classes from './new-experiment.module.css'

interface Props {
  dataset: DatasetOfForm
  /** Of the run that the new one is compared with. */
  baselineId: string
  onUse: (items: number, repetitions: number) => void
}

type Plan = NonNullable<PlanOfFormQuery['planRun']>

export function RunPlan({ dataset, baselineId, onUse }: Props) {
  // The newest one beside the baseline tells how much items differ from run to run.
  const like = dataset.runs?.nodes.find(({ id, status }) => id !== baselineId && status === 'COMPLETED')?.id ?? null
  const [{ data }] = useQuery({ query: baselineOfForm, variables: { id: baselineId } })
  const scores = (data?.node && 'stats' in data.node ? data.node.stats.scores : []).filter(
    ({ dataType }) => dataType === 'BOOLEAN' || dataType === 'NUMERIC',
  )
  const [chosen, setChosen] = useState<string | null>(null)
  const score = scores.find(({ name }) => name === chosen) ?? scores[0]
  const [typed, setTyped] = useState<number | string>('')
  const isShare = score?.dataType === 'BOOLEAN'
  const [asked] = useDebouncedValue(
    typeof typed === 'number' && typed > 0 ? (isShare ? typed / 100 : typed) : null,
    400,
  )
  const [plan] = useQuery({
    query: planOfForm,
    variables: {
      runId: like ?? baselineId,
      baselineId: like === null ? null : baselineId,
      score: score?.name ?? '',
      effect: asked ?? 0,
    },
    pause: score === undefined || asked === null,
  })
  if (!score) return null
  return (
    <section className={classes.plan} aria-label="How many items">
      <div className={classes.planFields}>
        <Select
          size="xs"
          label="To show a difference in"
          allowDeselect={false}
          data={[...new Set(scores.map(({ name }) => name))]}
          value={score.name}
          onChange={setChosen}
        />
        <NumberInput
          size="xs"
          label={isShare ? 'of points' : 'of'}
          placeholder={isShare ? '3' : '0.1'}
          min={0}
          value={typed}
          onChange={setTyped}
        />
      </div>
      <div className={classes.note} aria-live="polite">
        {asked !== null && plan.error && messageOf(plan.error)}
        {asked !== null && plan.data?.planRun && <Answered plan={plan.data.planRun} isShare={isShare} onUse={onUse} />}
      </div>
    </section>
  )
}

function Answered({ plan, isShare, onUse }: { plan: Plan; isShare: boolean; onUse: Props['onUse'] }) {
  const { recommended, options, reached, datasetItems, power, baseline } = plan
  const { size, suffix } = unitOf('SCORE', isShare ? 'BOOLEAN' : 'NUMERIC')
  const least = options.toSorted((a, b) => a.executions - b.executions)[0]
  return (
    <>
      {recommended ? (
        <>
          {plural(recommended.items, 'pair')}
          {recommended.repetitions > 1 && `, ${recommended.repetitions} repetitions of each`}
          {recommended.costUsd !== null && `, about ${formatCost(recommended.costUsd)}`}, show it with{' '}
          {Math.round(power * 100)} % probability.{' '}
          <button
            type="button"
            className={classes.use}
            onClick={() => onUse(recommended.items, recommended.repetitions)}
          >
            Take so many
          </button>
        </>
      ) : (
        `It takes ${least ? plural(least.items, 'pair') : 'more pairs than can be counted'}; the dataset has ${plural(datasetItems, 'item')}.`
      )}{' '}
      {reached !== null && `All ${formatCount(datasetItems)} items would show ${size(reached)}${suffix}.`}{' '}
      {baseline === null && 'How much items differ is guessed from one run.'}
    </>
  )
}
