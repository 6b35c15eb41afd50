/** Adds a provider and tests it, before anything depends on it. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { ProviderFieldsFragment } from '../../../gql/graphql.ts'
import { ModelInput } from './model-input.tsx'
import { ProviderForm } from './provider-form.tsx'
import { ProviderTest } from './provider-test.tsx'

interface Props {
  opened: boolean
  taken: readonly string[]
  onClose: () => void
  /** @param model that it was tested with; empty: none */
  onAdded: (provider: ProviderFieldsFragment, model: string) => void
}

export function AddProvider({ opened, onClose, ...props }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="Add a provider of models" size="lg">
      <Steps onClose={onClose} {...props} />
    </Modal>
  )
}

function Steps({ taken, onClose, onAdded }: Omit<Props, 'opened'>) {
  const [added, setAdded] = useState<ProviderFieldsFragment | null>(null)
  const [model, setModel] = useState('')
  const [served, setServed] = useState<string[]>([])
  if (added === null) {
    return (
      <ProviderForm
        provider={null}
        taken={taken}
        onDone={(provider) => {
          setAdded(provider)
          onAdded(provider, '')
        }}
      />
    )
  }
  return (
    <Stack>
      <Text size="sm">{added.name} is added. Call one of its models once, to see that key and address work.</Text>
      <ModelInput providerId={added.id} value={model} served={served} onChange={setModel} />
      <ProviderTest providerId={added.id} model={model} onServed={setServed} />
      <Group justify="flex-end">
        <Button
          onClick={() => {
            onAdded(added, model)
            onClose()
          }}
        >
          Done
        </Button>
      </Group>
    </Stack>
  )
}
