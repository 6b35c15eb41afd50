/** A person's own score for the item, set by a click or a number key. */
import { Autocomplete, Button, Kbd, NumberInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useMutation } from 'urql'
import { notifyOf } from '../../../data/mutate.ts'
import { graphql } from '../../../gql/gql.ts'
import { type Shortcut, useShortcuts } from '../../../keyboard/shortcuts.ts'
import type { RunPageRun } from '../run-query.ts'
import classes from './item-drawer.module.css'
import type { DetailedItem } from './item-query.ts'
import { type Choice, useLabelChoices } from './label-choices.ts'

const setScore = graphql(`
  mutation LabelItem($input: SetScoreInput!) {
    setScore(input: $input) {
      ... on SetScorePayload { score { id name source value label } }
      ... on UserError { message path }
    }
  }
`)

const deleteScore = graphql(`
  mutation UnlabelItem($input: DeleteScoreInput!) {
    deleteScore(input: $input) { ... on DeleteScorePayload { deletedId } ... on UserError { message path } }
  }
`)

/** What somebody labels with who has not chosen a name yet. */
const defaultName = 'good'

interface Props {
  run: RunPageRun
  item: DetailedItem
  name: string | undefined
  onName: (name: string) => void
  onChanged: () => void
}

export function Labels({ run, item, name = defaultName, onName, onChanged }: Props) {
  const [, set] = useMutation(setScore)
  const [, remove] = useMutation(deleteScore)
  const found = useLabelChoices(run, name)
  const key = JSON.stringify(found.choices)
  const choices = useMemo(() => JSON.parse(key) as Choice[], [key])
  const own = item.scores.find((score) => score.name === name && score.source === 'HUMAN')

  const label = async ({ dataType, value, label }: Choice) => {
    const target = { runItemId: item.id }
    if (notifyOf(await set({ input: { name, dataType, value, label, source: 'HUMAN', target } }))) onChanged()
  }
  const unlabel = async () => {
    if (own && notifyOf(await remove({ input: { id: own.id } }))) onChanged()
  }
  const keys = useMemo(
    (): Shortcut[] => [
      ...choices.map(({ text }, index) => ({ key: String(index + 1), label: `Label: ${text}` })),
      { key: '0', label: 'Remove the label' },
    ],
    [choices],
  )
  useShortcuts(keys, (key) => {
    const choice = choices[Number(key) - 1]
    if (choice) void label(choice)
    else void unlabel()
  })

  return (
    <section aria-label="Label">
      <h3>Label</h3>
      <div className={classes.labels}>
        <Autocomplete
          size="xs"
          w={170}
          aria-label="Name of the label"
          value={name}
          onChange={(value) => value.trim() && onName(value.trim())}
          data={[...new Set([defaultName, ...found.names])]}
        />
        {choices.map((choice, index) => {
          const chosen =
            own !== undefined && own.value === (choice.value ?? null) && own.label === (choice.label ?? null)
          return (
            <Button
              key={choice.text}
              size="xs"
              variant={chosen ? 'filled' : 'default'}
              aria-pressed={chosen}
              onClick={() => label(choice)}
              rightSection={<Kbd size="xs">{index + 1}</Kbd>}
            >
              {choice.text}
            </Button>
          )
        })}
        {choices.length === 0 && (
          <NumberLabel
            key={item.id}
            value={own?.value ?? null}
            onSet={(value) => label({ text: String(value), dataType: 'NUMERIC', value })}
          />
        )}
        {own && (
          <Button size="xs" variant="subtle" color="gray" onClick={unlabel} rightSection={<Kbd size="xs">0</Kbd>}>
            Remove
          </Button>
        )}
      </div>
    </section>
  )
}

/** For a scale that has more values than keys. */
function NumberLabel({ value, onSet }: { value: number | null; onSet: (value: number) => void }) {
  const [typed, setTyped] = useState<number | string>(value ?? '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (typed !== '') onSet(Number(typed))
      }}
    >
      <NumberInput
        size="xs"
        w={120}
        aria-label="Value"
        placeholder="Value, Enter"
        value={typed}
        onChange={setTyped}
        hideControls
      />
    </form>
  )
}
