/** A prompt of the project by version or label, what it says, and parameters in place of its own. */
import { Button, Group, Select, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconPencil } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useQuery } from 'urql'
import { ParameterFields } from '../prompts/editor/parameter-fields.tsx'
import { draftOf, emptyParameters, mergedParameters } from '../prompts/editor/prompt-draft.ts'
import { PromptContentView } from '../prompts/prompt-content-view.tsx'
import { problemsIn } from './experiment-form.ts'
import { promptOfForm, promptsOfForm } from './form-query.ts'
import classes from './new-experiment.module.css'
import type { ExperimentFormApi } from './use-experiment-form.ts'

export function StoredPrompt({ form }: { form: ExperimentFormApi }) {
  const { promptName, promptPin, overrides } = form.values
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 200)
  const [list] = useQuery({
    query: promptsOfForm,
    variables: { search: search === promptName ? null : search || null },
  })
  const [by, value = ''] = promptPin.split(/:(.*)/)
  const [{ data }] = useQuery({
    query: promptOfForm,
    variables: {
      name: promptName ?? '',
      version: by === 'version' ? Number(value) : null,
      label: by === 'label' ? value : null,
    },
    pause: promptName === null,
  })
  const prompt = promptName === null ? null : (data?.prompt ?? null)
  const version = prompt && data?.promptVersion
  const names = (list.data?.prompts?.nodes ?? []).map(({ name }) => name)
  const isEmpty = list.data !== undefined && names.length === 0 && search === '' && promptName === null

  if (isEmpty) {
    return (
      <Text c="dimmed" size="sm">
        There is no stored prompt yet. <Link to="/prompts/new">Write one</Link> to have versions and labels, or write it
        here.
      </Text>
    )
  }
  return (
    <>
      <div className={classes.model}>
        <Select
          label="Prompt"
          withAsterisk
          searchable
          placeholder="Choose a prompt"
          nothingFoundMessage="No prompt has this in its name"
          data={promptName === null || names.includes(promptName) ? names : [promptName, ...names]}
          filter={({ options }) => options}
          searchValue={typed}
          onSearchChange={setTyped}
          {...form.getInputProps('promptName')}
          onChange={(name) => form.setValues({ promptName: name, promptPin: '' })}
        />
        <Select
          label="Which version"
          description="It is resolved when a run starts; the run keeps its content."
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          allowDeselect={false}
          disabled={prompt === null}
          data={[
            {
              group: 'Moves on',
              items: [
                { value: '', label: prompt ? `The newest (${prompt.version})` : 'The newest' },
                ...(prompt?.labels ?? []).map((label) => ({
                  value: `label:${label.name}`,
                  label: `${label.name} (${label.version})`,
                })),
              ],
            },
            {
              group: 'Stays',
              items: (prompt?.versions?.nodes ?? []).map((one) => ({
                value: `version:${one.version}`,
                label: one.message ? `${one.version} · ${one.message}` : `Version ${one.version}`,
              })),
            },
          ]}
          value={promptPin}
          error={form.errors.promptPin}
          onChange={(pin) => form.setFieldValue('promptPin', pin ?? '')}
        />
      </div>
      {version && prompt && (
        <>
          <div className={classes.stored}>
            <Group justify="space-between" mb="xs">
              <Text size="sm" fw={560}>
                Version {version.version} of{' '}
                <Link to="/prompts/$promptId" params={{ promptId: prompt.id }}>
                  {prompt.name}
                </Link>
              </Text>
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<IconPencil size={14} aria-hidden />}
                onClick={() => {
                  const draft = draftOf(version.content)
                  const parameters = mergedParameters(draft.parameters, overrides)
                  form.setValues({ promptFrom: 'OWN', draft: { ...draft, parameters }, overrides: emptyParameters })
                }}
              >
                Change a copy of it here
              </Button>
            </Group>
            <PromptContentView content={version.content} />
          </div>
          <details className={classes.details} open={Object.keys(problemsIn(form.errors, 'overrides')).length > 0}>
            <summary>Parameters in place of the prompt’s own</summary>
            <ParameterFields
              parameters={overrides}
              problems={problemsIn(form.errors, 'overrides')}
              placeholder="as the prompt"
              onChange={(changed) => form.setFieldValue('overrides', changed)}
            />
          </details>
        </>
      )}
    </>
  )
}
