/** The labels of a version: given, taken from the version that has them, removed. */
import { Button, Group, Popover, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconTag } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { Age } from '../../components/age.tsx'
import { problemOf } from '../../data/mutate.ts'
import { LabelChip } from './label-chip.tsx'
import classes from './prompt-page.module.css'
import { type PromptOfPage, removeLabel, setLabel } from './prompt-query.ts'

interface Props {
  prompt: PromptOfPage
  version: number
  onChanged: () => void
}

export function LabelEditor({ prompt, version, onChanged }: Props) {
  const [opened, popover] = useDisclosure(false)
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [setting, set] = useMutation(setLabel)
  const [removing, remove] = useMutation(removeLabel)
  const here = prompt.labels.filter((label) => label.version === version)
  const elsewhere = prompt.labels.filter((label) => label.version !== version)

  function done(result: Parameters<typeof problemOf>[0]) {
    const refusal = problemOf(result)
    setProblem(refusal?.message ?? null)
    if (refusal) return
    setTyped('')
    onChanged()
  }
  const give = async (label: string) => done(await set({ input: { promptId: prompt.id, label, version } }))

  async function submit(event: FormEvent) {
    event.preventDefault()
    await give(typed.trim())
  }

  return (
    <Group gap={8}>
      {here.map(({ name }) => (
        <LabelChip key={name} name={name} />
      ))}
      {!prompt.archivedAt && (
        <Popover opened={opened} onChange={popover.toggle} width={320} position="bottom-end" trapFocus withArrow>
          <Popover.Target>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconTag size={14} aria-hidden />}
              onClick={popover.toggle}
            >
              Labels
            </Button>
          </Popover.Target>
          <Popover.Dropdown aria-label={`Labels of version ${version}`}>
            <Stack gap="sm">
              {here.length > 0 && (
                <ul className={classes.labels} aria-label="Labels of this version">
                  {here.map(({ name, movedAt, movedBy }) => (
                    <li key={name}>
                      <span>
                        <LabelChip name={name} />
                        <span className={classes.faint}>
                          {' '}
                          {movedBy && `${movedBy.name} · `}
                          <Age of={movedAt} />
                        </span>
                      </span>
                      <Button
                        size="compact-xs"
                        variant="default"
                        loading={removing.fetching}
                        aria-label={`Remove ${name}`}
                        onClick={async () => done(await remove({ input: { promptId: prompt.id, label: name } }))}
                      >
                        Remove
                      </Button>
                    </li>
                  ))}
                </ul>
              )}
              {elsewhere.length > 0 && (
                <ul className={classes.labels} aria-label="Labels of other versions">
                  {elsewhere.map(({ name, version: other }) => (
                    <li key={name}>
                      <LabelChip name={name} version={other} />
                      <Button
                        size="compact-xs"
                        variant="default"
                        loading={setting.fetching}
                        aria-label={`Move ${name} here`}
                        onClick={() => give(name)}
                      >
                        Move here
                      </Button>
                    </li>
                  ))}
                </ul>
              )}
              <form onSubmit={submit}>
                <Group gap="xs" align="flex-start" wrap="nowrap">
                  <TextInput
                    flex={1}
                    aria-label="New label"
                    placeholder="production"
                    value={typed}
                    error={problem}
                    onChange={(event) => setTyped(event.currentTarget.value)}
                  />
                  <Button type="submit" loading={setting.fetching} disabled={typed.trim() === ''}>
                    Add
                  </Button>
                </Group>
              </form>
              <Text size="xs" c="dimmed">
                Runs that start from now on use the version that has the label.
              </Text>
            </Stack>
          </Popover.Dropdown>
        </Popover>
      )}
    </Group>
  )
}
