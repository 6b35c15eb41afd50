/** A provider of models; where there is none yet, one is added here. */
import { Button, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { AddProvider } from '../settings/providers/add-provider.tsx'

interface Props {
  label: string
  error: string | undefined
  withAsterisk: boolean | undefined
  providers: readonly { id: string; name: string }[]
  value: string
  onChange: (name: string) => void
  /** What lists them is to be read again. */
  onAdded: () => void
}

export function ProviderInput({ label, error, withAsterisk, providers, value, onChange, onAdded }: Props) {
  const [adding, add] = useDisclosure(false)
  const names = providers.map(({ name }) => name)
  const isRemoved = value !== '' && !names.includes(value)
  return (
    <div>
      <Select
        label={label}
        error={error}
        withAsterisk={withAsterisk}
        allowDeselect={false}
        placeholder="Choose one"
        data={[...names, ...(isRemoved ? [{ value, label: `${value}, which was removed` }] : [])]}
        value={value === '' ? null : value}
        onChange={(chosen) => onChange(chosen ?? '')}
      />
      {providers.length === 0 && (
        <Button
          size="compact-sm"
          variant="subtle"
          mt={4}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={add.open}
        >
          Add a provider
        </Button>
      )}
      <AddProvider
        opened={adding}
        taken={names}
        onClose={add.close}
        onAdded={({ name }) => {
          onChange(name)
          onAdded()
        }}
      />
    </div>
  )
}
