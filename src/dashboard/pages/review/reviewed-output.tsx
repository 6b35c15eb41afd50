/** One output before its reviewer: what others said of it is shown when one has said something oneself, or asks for it. */

import { Button, Kbd } from '@mantine/core'
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { LabelButtons } from '../../components/labels/label-buttons.tsx'
import { type Choice, useLabelChoices } from '../../components/labels/label-choices.ts'
import { useLabels } from '../../components/labels/use-labels.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { OthersScores } from './others-scores.tsx'
import classes from './review.module.css'
import type { ReviewedItem, ReviewedRun } from './review-query.ts'
import { ReviewedContent, ReviewedValue } from './reviewed-content.tsx'
import { WhyField } from './why-field.tsx'

interface Props {
  item: ReviewedItem
  run: ReviewedRun
  score: string
  /** Name of the reviewer. */
  author: string
  /** Whether the scores of others are shown. */
  open: boolean
  onOpen: (open: boolean) => void
  onStep: (by: number) => void
  /** The item has changed. */
  onChanged: () => void
  onLabelled: () => void
}

const keys: readonly Shortcut[] = [
  { key: 'c', label: 'Write why' },
  { key: 'o', label: 'Show or hide what others said' },
]

export function ReviewedOutput({ item, run, score, author, open, onOpen, onStep, onChanged, onLabelled }: Props) {
  const { choices } = useLabelChoices(run.stats.scores, score)
  const { own, label, unlabel } = useLabels(item, score, author)
  const [why, setWhy] = useState(own?.comment ?? '')
  const field = useRef<HTMLTextAreaElement>(null)
  useShortcuts(keys, (key, event) => {
    event.preventDefault()
    if (key === 'c') field.current?.focus()
    else onOpen(!open)
  })

  async function give(choice: Choice) {
    if (!(await label(choice, why.trim() || undefined))) return
    onLabelled()
    onStep(1)
  }

  async function take() {
    if (!(await unlabel())) return
    onLabelled()
    onChanged()
  }

  return (
    <div className={classes.review}>
      <ReviewedContent item={item}>
        <ReviewedValue name="Output" item={item} />
      </ReviewedContent>
      <section aria-label="Label" className={classes.panel}>
        <h2 className={classes.panelTitle}>{score}</h2>
        <div className={classes.choices}>
          <LabelButtons choices={choices} own={own} size="md" onLabel={give} onUnlabel={take} />
        </div>
        <WhyField ref={field} value={why} onChange={setWhy} />
        <div className={classes.steps}>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconArrowLeft size={15} aria-hidden />}
            rightSection={<Kbd size="xs">k</Kbd>}
            onClick={() => onStep(-1)}
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
            onClick={() => onStep(1)}
          >
            Skip
          </Button>
        </div>
        <OthersScores
          item={item}
          own={own ? [own.id] : []}
          shown={open || own !== undefined}
          onShow={() => onOpen(true)}
        />
      </section>
    </div>
  )
}
