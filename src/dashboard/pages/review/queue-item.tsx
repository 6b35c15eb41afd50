/** An item of a queue before its reviewer: each score has its keys, one after the other; with the last one it is done. */

import { Button, Kbd, TextInput } from '@mantine/core'
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react'
import { type FormEvent, useRef, useState } from 'react'
import { LabelButtons } from '../../components/labels/label-buttons.tsx'
import { type Choice, useLabelChoices } from '../../components/labels/label-choices.ts'
import { writeScore } from '../../components/score-value.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { OthersScores } from './others-scores.tsx'
import type { QueuedItem, QueueSummary } from './queue-query.ts'
import classes from './review.module.css'
import { ReviewedContent, ReviewedValue } from './reviewed-content.tsx'
import { WhyField } from './why-field.tsx'

/** What is said, by the names of scores. */
export type Said = Record<string, Choice>

interface Props {
  item: QueuedItem
  queue: QueueSummary
  scores: RunSummaryFragment['stats']['scores']
  author: string
  /** What the reviewer has said of it before. */
  before: Said | null
  open: boolean
  onOpen: (open: boolean) => void
  onDone: (said: Said, why: string | null) => void
  onSkip: () => void
  onBack: (() => void) | null
}

const keys: readonly Shortcut[] = [
  { key: 'j', label: 'Skip: leave it to others' },
  { key: 'k', label: 'The item before' },
  { key: 'c', label: 'Write why' },
  { key: 'o', label: 'Show or hide what others said' },
]

export function QueueItem({ item, queue, scores, author, before, open, onOpen, onDone, onSkip, onBack }: Props) {
  const [said, setSaid] = useState<Said>(before ?? {})
  const [at, setAt] = useState(queue.scores[0] ?? '')
  const [why, setWhy] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  useShortcuts(keys, (key, event) => {
    event.preventDefault()
    if (key === 'j') onSkip()
    else if (key === 'k') onBack?.()
    else if (key === 'c') field.current?.focus()
    else onOpen(!open)
  })
  const { runItem, baselineItem } = item
  const own = runItem.scores.filter((score) => score.source === 'HUMAN' && score.author === author)

  function say(choice: Choice) {
    const now = { ...said, [at]: choice }
    setSaid(now)
    const next = queue.scores.find((name) => now[name] === undefined)
    if (next === undefined) onDone(now, why.trim() || null)
    else setAt(next)
  }

  function unsay() {
    setSaid(({ [at]: _, ...others }) => others)
  }

  const run = (
    <ReviewedValue
      key="run"
      name={queue.pairwise ? (item.baselineFirst ? 'Second' : 'First') : 'Output'}
      item={runItem}
    />
  )
  const beside = baselineItem && (
    <ReviewedValue
      key="baseline"
      name={queue.pairwise ? (item.baselineFirst ? 'First' : 'Second') : 'Output of the baseline'}
      item={baselineItem}
    />
  )
  return (
    <div className={classes.review}>
      <ReviewedContent item={runItem}>
        {queue.pairwise && item.baselineFirst ? [beside, run] : [run, beside]}
      </ReviewedContent>
      <section aria-label="Label" className={classes.panel}>
        {queue.scores.map((name) => (
          <div key={name} className={classes.score}>
            <h2 className={classes.panelTitle}>{name}</h2>
            <div className={classes.choices}>
              {name === at ? (
                <ScoreKeys
                  name={name}
                  scores={scores}
                  pair={queue.pairwise ? item.baselineFirst : null}
                  said={said[name]}
                  onSay={say}
                  onUnsay={unsay}
                />
              ) : (
                <Button size="xs" variant="subtle" onClick={() => setAt(name)}>
                  {said[name]?.text ?? 'Not said yet'}
                </Button>
              )}
            </div>
          </div>
        ))}
        <WhyField ref={field} value={why} onChange={setWhy} />
        <div className={classes.steps}>
          <Button
            variant="default"
            size="xs"
            disabled={onBack === null}
            leftSection={<IconArrowLeft size={15} aria-hidden />}
            rightSection={<Kbd size="xs">k</Kbd>}
            onClick={() => onBack?.()}
          >
            Before
          </Button>
          <Button
            variant="default"
            size="xs"
            rightSection={
              <span className={classes.next}>
                <Kbd size="xs">j</Kbd>
                <IconArrowRight size={15} aria-hidden />
              </span>
            }
            onClick={onSkip}
          >
            Skip
          </Button>
        </div>
        {!queue.pairwise && (
          <OthersScores
            item={runItem}
            own={own.map(({ id }) => id)}
            shown={open || before !== null}
            onShow={() => onOpen(true)}
          />
        )}
      </section>
    </div>
  )
}

interface KeysProps {
  name: string
  scores: RunSummaryFragment['stats']['scores']
  /** Of a pair whether the baseline is shown first; null of one output. */
  pair: boolean | null
  said: Choice | undefined
  onSay: (choice: Choice) => void
  onUnsay: () => void
}

function ScoreKeys({ name, scores, pair, said, onSay, onUnsay }: KeysProps) {
  const { choices, dataType } = useLabelChoices(scores, name)
  if (pair === null && dataType === 'TEXT') return <TextLabel said={said} onSay={onSay} />
  const own = said && { id: name, value: said.value ?? null, label: said.label ?? null }
  return (
    <LabelButtons
      choices={pair === null ? choices : preferences(pair)}
      own={own}
      size="md"
      onLabel={onSay}
      onUnlabel={onUnsay}
    />
  )
}

/** Which is better, by what is shown first; 1 is the run, 0 the baseline. */
export function preferences(baselineFirst: boolean): Choice[] {
  const [first, second] = baselineFirst ? [0, 1] : [1, 0]
  return [
    { text: 'First is better', dataType: 'NUMERIC', value: first },
    { text: 'Second is better', dataType: 'NUMERIC', value: second },
    { text: 'Neither', dataType: 'NUMERIC', value: 0.5 },
  ]
}

function TextLabel({ said, onSay }: { said: Choice | undefined; onSay: (choice: Choice) => void }) {
  const [typed, setTyped] = useState(said?.label ?? '')
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (typed.trim() !== '') onSay({ text: typed, dataType: 'TEXT', label: typed.trim() })
      }}
    >
      <TextInput
        aria-label="Text"
        placeholder="Text, Enter"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    </form>
  )
}

/** What a person has said of an output in all scores of a queue; null where something is missing. */
export function saidBefore(item: QueuedItem, queue: QueueSummary, author: string): Said | null {
  const own = item.runItem.scores.filter((score) => score.source === 'HUMAN' && score.author === author)
  const said = queue.scores.flatMap((name) => {
    const score = own.find((one) => one.name === name)
    if (!score) return []
    const text = queue.pairwise
      ? (preferences(item.baselineFirst).find(({ value }) => value === score.value)?.text ?? '')
      : writeScore(score.dataType, score.value, score.label)
    const label = queue.pairwise ? undefined : (score.label ?? undefined)
    return [[name, { text, dataType: score.dataType, value: score.value ?? undefined, label }] as const]
  })
  return said.length === queue.scores.length ? Object.fromEntries(said) : null
}
