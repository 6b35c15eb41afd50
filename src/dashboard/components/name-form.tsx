/** The name and description of something: for a new one, or in place of those that it has. */
import { Button, Stack, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'

interface Props {
  name: string
  description: string
  /** What a name may look like. */
  nameHint: string
  /** What the button says. */
  action: string
  /** @returns what is wrong with the name; null when it worked */
  onSubmit: (values: { name: string; description: string | null }) => Promise<string | null>
}

export function NameForm({ nameHint, action, onSubmit, ...initial }: Props) {
  const [name, setName] = useState(initial.name)
  const [description, setDescription] = useState(initial.description)
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem(await onSubmit({ name: name.trim(), description: description.trim() || null }))
    setBusy(false)
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description={nameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Textarea
          label="What it is for"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          autosize
          minRows={2}
        />
        <Button type="submit" loading={isBusy}>
          {action}
        </Button>
      </Stack>
    </form>
  )
}
