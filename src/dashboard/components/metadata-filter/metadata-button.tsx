/** Filters items by what their metadata has; paths and values are suggested from some of the items. */
import { Autocomplete, Button, Popover, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconBraces } from '@tabler/icons-react'
import { type FormEvent, useEffect, useState } from 'react'
import {
  type KnownMetadata,
  knownMetadata,
  type MetadataFilter,
  parseValue,
  withCondition,
  writeValue,
} from './metadata-filter.ts'

interface Props {
  value: MetadataFilter | undefined
  /** The metadata of some items, to suggest from. */
  load: () => Promise<readonly unknown[]>
  onChange: (filter: MetadataFilter) => void
}

export function MetadataButton({ value, load, onChange }: Props) {
  const [opened, { toggle, close }] = useDisclosure(false)
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconBraces size={14} aria-hidden />}
          onClick={toggle}
          aria-expanded={opened}
        >
          Metadata
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={280}>
        {opened && (
          <Condition
            load={load}
            onApply={(path, wanted) => {
              close()
              onChange(withCondition(value ?? {}, { path, value: wanted }))
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

interface ConditionProps {
  load: Props['load']
  onApply: (path: readonly string[], value: unknown) => void
}

function Condition({ load, onApply }: ConditionProps) {
  const [known, setKnown] = useState<KnownMetadata>(new Map())
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when it is opened
  useEffect(() => {
    void load().then((samples) => setKnown(knownMetadata(samples)))
  }, [])
  const found = known.get(name.trim())

  function submit(event: FormEvent) {
    event.preventDefault()
    const path = found?.path ?? name.trim().split('.').filter(Boolean)
    if (path.length > 0 && text.trim() !== '') onApply(path, parseValue(text.trim()))
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <Autocomplete
          label="Metadata at"
          placeholder="customer.country"
          size="xs"
          data={[...known.keys()]}
          value={name}
          onChange={setName}
          comboboxProps={{ withinPortal: false }}
          data-autofocus
        />
        <Autocomplete
          label="is"
          placeholder="CH"
          description='A number, true or false as such; "5" is a text.'
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          size="xs"
          data={[...new Set((found?.values ?? []).map(writeValue))].slice(0, 50)}
          value={text}
          onChange={setText}
          comboboxProps={{ withinPortal: false }}
        />
        <Button type="submit" size="xs">
          Filter
        </Button>
      </Stack>
    </form>
  )
}
