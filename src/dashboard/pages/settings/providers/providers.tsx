/** The providers of models: added, tested, changed and removed, with their limits and what their models cost. */
import { Button, Group, Modal, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconPlugConnected, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Age } from '../../../components/age.tsx'
import { Answer } from '../../../components/answer.tsx'
import { EmptyState } from '../../../components/empty-state.tsx'
import { LinkButton } from '../../../components/link-button.tsx'
import { notifyOf } from '../../../data/mutate.ts'
import type { ProviderFieldsFragment } from '../../../gql/graphql.ts'
import settings from '../settings.module.css'
import { AddProvider } from './add-provider.tsx'
import { ModelInput } from './model-input.tsx'
import { ModelPrices } from './model-prices.tsx'
import { ProviderForm } from './provider-form.tsx'
import { kindOf } from './provider-kinds.ts'
import { deleteProvider, providersQuery } from './provider-query.ts'
import { ProviderTest } from './provider-test.tsx'
import classes from './providers.module.css'

type Doing = { what: 'CHANGE' | 'TEST' | 'REMOVE'; provider: ProviderFieldsFragment }

export function Providers({ mayManage, mayWrite }: { mayManage: boolean; mayWrite: boolean }) {
  const [result, reread] = useQuery({ query: providersQuery })
  const [adding, setAdding] = useState(false)
  const [doing, setDoing] = useState<Doing | null>(null)
  const [removing, remove] = useMutation(deleteProvider)
  const refresh = () => reread({ requestPolicy: 'network-only' })
  const done = () => {
    setDoing(null)
    refresh()
  }
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
      Add a provider
    </Button>
  )
  const is = (what: Doing['what']) => (doing?.what === what ? doing.provider : null)
  return (
    <div className={settings.part}>
      <div className={settings.head}>
        <p className={settings.intro}>
          Where the models of prompts and judges are served, and the key. Keys are stored encrypted, or stay in an
          environment variable of the workers; nobody can read them here.
        </p>
        {mayManage && (result.data?.providers?.nodes.length ?? 0) > 0 && add}
      </div>
      <Answer of={result} retry={refresh} skeleton={<Skeleton height={160} />}>
        {({ providers }) =>
          providers?.nodes.length === 0 ? (
            <EmptyState
              icon={<IconPlugConnected size={40} stroke={1.3} color="var(--accent)" aria-hidden />}
              title="No provider yet"
              message={
                mayManage
                  ? 'Add OpenAI, Anthropic, a server of your own, or another one; then experiments can test prompts on its models.'
                  : 'An administrator adds providers; then experiments can test prompts on their models.'
              }
            >
              {mayManage && add}
            </EmptyState>
          ) : (
            <Stack gap="md">
              {providers?.nodes.map((provider) => (
                <section key={provider.id} className={classes.provider} aria-labelledby={`provider-${provider.id}`}>
                  <div className={classes.providerHead}>
                    <div>
                      <Title order={2} size="h3" id={`provider-${provider.id}`}>
                        {provider.name}
                      </Title>
                      <p className={classes.facts}>
                        {kindOf(provider.kind).label} · {provider.baseUrl ?? kindOf(provider.kind).address} ·{' '}
                        <KeyOf provider={provider} />
                      </p>
                    </div>
                    {mayWrite && (
                      <Group gap={6}>
                        <Button
                          size="compact-sm"
                          variant="default"
                          onClick={() => setDoing({ what: 'TEST', provider })}
                        >
                          Test
                        </Button>
                        <LinkButton
                          size="compact-sm"
                          variant="default"
                          to="/settings"
                          search={{ part: 'limits', endpoint: `provider:${provider.name}/` }}
                        >
                          Limits
                        </LinkButton>
                        {mayManage && (
                          <>
                            <Button
                              size="compact-sm"
                              variant="default"
                              onClick={() => setDoing({ what: 'CHANGE', provider })}
                            >
                              Change
                            </Button>
                            <Button
                              size="compact-sm"
                              variant="default"
                              onClick={() => setDoing({ what: 'REMOVE', provider })}
                            >
                              Remove
                            </Button>
                          </>
                        )}
                      </Group>
                    )}
                  </div>
                  <ModelPrices provider={provider} mayWrite={mayWrite} onChanged={refresh} />
                </section>
              ))}
            </Stack>
          )
        }
      </Answer>
      <AddProvider
        opened={adding}
        taken={result.data?.providers?.nodes.map(({ name }) => name) ?? []}
        onClose={() => setAdding(false)}
        onAdded={refresh}
      />
      <Modal
        opened={is('CHANGE') !== null}
        onClose={() => setDoing(null)}
        title={`Change ${is('CHANGE')?.name}`}
        size="lg"
      >
        {is('CHANGE') && <ProviderForm provider={is('CHANGE')} taken={[]} onDone={done} />}
      </Modal>
      <Modal opened={is('TEST') !== null} onClose={() => setDoing(null)} title={`Test ${is('TEST')?.name}`} size="lg">
        {is('TEST') && <Test providerId={is('TEST')?.id ?? ''} />}
      </Modal>
      <Modal opened={is('REMOVE') !== null} onClose={() => setDoing(null)} title={`Remove “${is('REMOVE')?.name}”?`}>
        <Stack>
          <Text size="sm">
            Its key and prices are deleted. Experiments that name it cannot start runs, and runs that are executing
            stop, until there is one of this name again.
          </Text>
          <Button
            color="red"
            loading={removing.fetching}
            onClick={async () => {
              const id = is('REMOVE')?.id
              if (id && notifyOf(await remove({ input: { id } }), 'The provider is removed.')) done()
            }}
          >
            Remove the provider
          </Button>
        </Stack>
      </Modal>
    </div>
  )
}

function KeyOf({ provider: { keySource, apiKeyVariable, keySetAt } }: { provider: ProviderFieldsFragment }) {
  if (keySource === 'VARIABLE') {
    return (
      <>
        key in <span className="mono">{apiKeyVariable}</span>
      </>
    )
  }
  if (keySource === 'NONE' || !keySetAt) return 'no key'
  return (
    <>
      key stored <Age of={keySetAt} />
    </>
  )
}

function Test({ providerId }: { providerId: string }) {
  const [model, setModel] = useState('')
  const [served, setServed] = useState<string[]>([])
  return (
    <Stack>
      <ModelInput providerId={providerId} value={model} served={served} onChange={setModel} />
      <ProviderTest providerId={providerId} model={model} onServed={setServed} />
    </Stack>
  )
}
