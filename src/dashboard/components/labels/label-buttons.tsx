/** What a person can label an item with: a button and a number key for each. */
import { Button, Kbd, NumberInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import type { ItemScore } from '../score-value.ts'
import type { Choice } from './label-choices.ts'

interface Props {
  /** None: any number. */
  choices: readonly Choice[]
  own: Pick<ItemScore, 'id' | 'value' | 'label'> | undefined
  size?: 'xs' | 'md'
  onLabel: (choice: Choice) => void
  onUnlabel: () => void
}

export function LabelButtons({ choices, own, size = 'xs', onLabel, onUnlabel }: Props) {
  const key = JSON.stringify(choices)
  const keys = useMemo(
    (): Shortcut[] => [
      ...(JSON.parse(key) as Choice[]).map(({ text }, index) => ({ key: String(index + 1), label: `Label: ${text}` })),
      { key: '0', label: 'Remove the label' },
    ],
    [key],
  )
  useShortcuts(keys, (key) => {
    const choice = choices[Number(key) - 1]
    if (choice) onLabel(choice)
    else onUnlabel()
  })
  return (
    <>
      {choices.map((choice, index) => {
        const chosen = own !== undefined && own.value === (choice.value ?? null) && own.label === (choice.label ?? null)
        return (
          <Button
            key={choice.text}
            size={size}
            variant={chosen ? 'filled' : 'default'}
            aria-pressed={chosen}
            onClick={() => onLabel(choice)}
            rightSection={<Kbd size="xs">{index + 1}</Kbd>}
          >
            {choice.text}
          </Button>
        )
      })}
      {choices.length === 0 && (
        <NumberLabel
          key={own?.id}
          value={own?.value ?? null}
          onSet={(value) => onLabel({ text: String(value), dataType: 'NUMERIC', value })}
        />
      )}
      {own && (
        <Button size={size} variant="subtle" color="gray" onClick={onUnlabel} rightSection={<Kbd size="xs">0</Kbd>}>
          Remove
        </Button>
      )}
    </>
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
