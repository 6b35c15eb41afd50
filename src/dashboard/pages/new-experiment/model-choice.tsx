/** A provider and one of its models, with its price; where there is none yet, one is added and tested here. */
import { Button, Group, Select, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlugConnected, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { NewExperimentQuery } from '../../gql/graphql.ts'
import { AddProvider } from '../settings/providers/add-provider.tsx'
import { ModelInput } from '../settings/providers/model-input.tsx'
import { kindOf } from '../settings/providers/provider-kinds.ts'
import { ProviderTest } from '../settings/providers/provider-test.tsx'
import classes from './new-experiment.module.css'
import type { ExperimentFormApi } from './use-experiment-form.ts'

interface Props {
  form: ExperimentFormApi
  choices: NewExperimentQuery | undefined
  onProvider: () => void
}

export function ModelChoice({ form, choices, onProvider }: Props) {
  const { provider, model } = form.values
  const [adding, add] = useDisclosure(false)
  const [served, setServed] = useState<string[]>([])
  const providers = choices?.providers?.nodes ?? []
  const mayAdd = choices?.viewer.role === 'ADMIN'
  const chosen = providers.find(({ name }) => name === provider)
  const missing = provider !== null && choices !== undefined && chosen === undefined
  return (
    <>
      {choices !== undefined && providers.length === 0 ? (
        <div className={classes.noProvider}>
          <IconPlugConnected size={26} stroke={1.4} color="var(--accent)" aria-hidden />
          <Text size="sm" flex="1 1 240px">
            {mayAdd
              ? 'There is no provider of models yet. Add one, with its key or a server of your own, and test it here.'
              : 'There is no provider of models yet. An administrator adds one in the settings.'}
            {form.errors.provider && (
              <Text span display="block" size="xs" c="var(--worse)">
                {form.errors.provider}
              </Text>
            )}
          </Text>
          {mayAdd && (
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open}>
              Add a provider
            </Button>
          )}
        </div>
      ) : (
        <div className={classes.model}>
          <Select
            label="Provider"
            withAsterisk
            placeholder="Choose one"
            allowDeselect={false}
            data={[
              ...providers.map(({ name, kind }) => ({
                value: name,
                label:
                  name.toLowerCase() === kindOf(kind).label.toLowerCase()
                    ? kindOf(kind).label
                    : `${name} · ${kindOf(kind).label}`,
              })),
              ...(missing ? [{ value: provider, label: `${provider}, which was removed` }] : []),
            ]}
            {...form.getInputProps('provider')}
            onChange={(name) => {
              form.setFieldValue('provider', name)
              setServed([])
            }}
          />
          <ModelInput
            providerId={chosen?.id ?? null}
            value={model}
            served={served}
            error={form.errors.model}
            onChange={(name) => form.setFieldValue('model', name)}
          />
        </div>
      )}
      {providers.length > 0 && (
        <Group gap="xs" align="flex-start">
          {chosen && (
            <ProviderTest key={`${chosen.id} ${model}`} providerId={chosen.id} model={model} onServed={setServed} />
          )}
          {mayAdd && (
            <Button variant="subtle" leftSection={<IconPlus size={15} aria-hidden />} onClick={add.open}>
              Add a provider
            </Button>
          )}
        </Group>
      )}
      <AddProvider
        opened={adding}
        taken={providers.map(({ name }) => name)}
        onClose={add.close}
        onAdded={({ name }, tested) => {
          form.setValues({ provider: name, ...(tested.trim() ? { model: tested.trim() } : {}) })
          onProvider()
        }}
      />
    </>
  )
}
