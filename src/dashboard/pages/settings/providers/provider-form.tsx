/** The form for a provider: a new one, or the address and key of one that exists. A stored key is never shown. */
import { Button, Group, PasswordInput, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { problemOf } from '../../../data/mutate.ts'
import type { CreateProviderInput, ProviderFieldsFragment, ProviderKind } from '../../../gql/graphql.ts'
import { hostedKinds, kindOf, ownKinds } from './provider-kinds.ts'
import { createProvider, updateProvider } from './provider-query.ts'

interface Props {
  /** Null for a new one. */
  provider: ProviderFieldsFragment | null
  /** Names that are taken. */
  taken: readonly string[]
  onDone: (provider: ProviderFieldsFragment) => void
}

type KeyFrom = 'STORED' | 'VARIABLE' | 'NONE'

const labels = {
  region: { label: 'Region', placeholder: 'us-east-1' },
  resourceName: { label: 'Resource', placeholder: 'my-resource' },
  apiVersion: { label: 'Version of the API', placeholder: 'the newest' },
  accessKeyId: { label: 'Access key id', placeholder: 'none: the key is one of Bedrock' },
} as const

export function ProviderForm({ provider, taken, onDone }: Props) {
  const [kind, setKind] = useState<ProviderKind>(provider?.kind ?? 'OPENAI')
  const known = kindOf(kind)
  const [name, setName] = useState<string | null>(provider?.name ?? null)
  const [keyFrom, setKeyFrom] = useState<KeyFrom | null>(provider?.keySource ?? null)
  const [apiKey, setApiKey] = useState('')
  const [variable, setVariable] = useState<string | null>(provider?.apiKeyVariable ?? null)
  const [fields, setFields] = useState({
    baseUrl: provider?.baseUrl ?? '',
    region: provider?.region ?? '',
    resourceName: provider?.resourceName ?? '',
    apiVersion: provider?.apiVersion ?? '',
    accessKeyId: provider?.accessKeyId ?? '',
  })
  const [problem, setProblem] = useState<{ field: string; message: string } | null>(null)
  const [creating, create] = useMutation(createProvider)
  const [updating, update] = useMutation(updateProvider)
  const suggested = firstFree(known.name, taken)
  const from = keyFrom ?? (known.key === 'NEEDED' ? 'STORED' : 'NONE')
  const keepsKey = provider?.keySource === 'STORED' && apiKey === ''

  async function submit(event: FormEvent) {
    event.preventDefault()
    // The form may be inside of another one.
    event.stopPropagation()
    const given = Object.fromEntries(
      (['baseUrl', ...known.more] as const).map((field) => [field, fields[field].trim() || null]),
    )
    const key: Pick<CreateProviderInput, 'apiKey' | 'apiKeyVariable'> =
      from === 'VARIABLE'
        ? { apiKeyVariable: (variable ?? known.variable).trim() }
        : from === 'STORED'
          ? keepsKey
            ? {}
            : { apiKey: apiKey.trim() }
          : provider
            ? { apiKeyVariable: null }
            : {}
    const result = provider
      ? await update({ input: { id: provider.id, ...given, ...key } })
      : await create({ input: { name: (name ?? suggested).trim(), kind, ...given, ...key } })
    const refusal = problemOf(result)
    if (refusal) return setProblem({ field: refusal.path?.at(-1) ?? '', message: refusal.message })
    const [outcome] = Object.values(result.data ?? {}) as { provider?: ProviderFieldsFragment }[]
    if (outcome?.provider) onDone(outcome.provider)
  }

  const errorOf = (field: string) => (problem?.field === field ? problem.message : undefined)
  const shown = ['name', 'apiKey', 'apiKeyVariable', 'baseUrl', ...known.more]
  return (
    <form onSubmit={submit} autoComplete="off">
      <Stack>
        {provider === null && (
          <>
            <Select
              label="Who serves the models"
              allowDeselect={false}
              searchable
              data={[
                { group: 'Hosted', items: hostedKinds.map(({ value, label }) => ({ value, label })) },
                { group: 'Servers of your own', items: ownKinds.map(({ value, label }) => ({ value, label })) },
              ]}
              value={kind}
              onChange={(chosen) => {
                if (!chosen) return
                setKind(chosen as ProviderKind)
                setKeyFrom(null)
                setVariable(null)
              }}
            />
            <TextInput
              label="Name"
              description="Experiments and judges name it; it never changes."
              value={name ?? suggested}
              error={errorOf('name')}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </>
        )}
        <Stack gap={6}>
          <Text size="sm" fw={500} id="key-from">
            Key
          </Text>
          <SegmentedControl
            aria-labelledby="key-from"
            value={from}
            onChange={(chosen) => setKeyFrom(chosen as KeyFrom)}
            data={[
              { value: 'STORED', label: 'Store it here' },
              { value: 'VARIABLE', label: 'Environment variable' },
              { value: 'NONE', label: 'None' },
            ]}
          />
        </Stack>
        {from === 'STORED' && (
          <PasswordInput
            label={known.more.includes('accessKeyId') && fields.accessKeyId ? 'Secret access key' : 'API key'}
            description={
              provider?.keySource === 'STORED'
                ? 'A key is stored. Leave this empty to keep it; with another address it must be given again.'
                : 'It is stored encrypted and never shown again, to nobody.'
            }
            autoComplete="new-password"
            value={apiKey}
            error={errorOf('apiKey')}
            onChange={(event) => setApiKey(event.currentTarget.value)}
          />
        )}
        {from === 'VARIABLE' && (
          <TextInput
            label="Environment variable"
            description="Of every worker. Its name ends with _API_KEY or begins with ASSAY_PROVIDER_."
            value={variable ?? known.variable}
            error={errorOf('apiKeyVariable')}
            onChange={(event) => setVariable(event.currentTarget.value)}
          />
        )}
        <TextInput
          label="Address"
          description={known.baseUrl === 'NEEDED' ? undefined : `Empty: ${known.address}`}
          placeholder={known.address.startsWith('http') ? known.address : undefined}
          required={known.baseUrl === 'NEEDED'}
          value={fields.baseUrl}
          error={errorOf('baseUrl')}
          onChange={(event) => setFields({ ...fields, baseUrl: event.currentTarget.value })}
        />
        {known.more.map((field) => (
          <TextInput
            key={field}
            {...labels[field]}
            value={fields[field]}
            error={errorOf(field)}
            onChange={(event) => setFields({ ...fields, [field]: event.currentTarget.value })}
          />
        ))}
        {problem && !shown.includes(problem.field) && (
          <Text size="sm" c="var(--worse)" role="alert">
            {problem.message}
          </Text>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={creating.fetching || updating.fetching}>
            {provider ? 'Save' : 'Add the provider'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function firstFree(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name
  let number = 2
  while (taken.includes(`${name}-${number}`)) number += 1
  return `${name}-${number}`
}
