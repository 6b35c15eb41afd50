/** What models of a provider cost the project, where that is not the price of the table. */
import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { notifyOf, problemOf } from '../../../data/mutate.ts'
import type { ProviderFieldsFragment } from '../../../gql/graphql.ts'
import { ModelInput } from './model-input.tsx'
import { deleteModelPrice, setModelPrice } from './provider-query.ts'
import classes from './providers.module.css'

type Price = ProviderFieldsFragment['prices'][number]

interface Props {
  provider: ProviderFieldsFragment
  mayWrite: boolean
  onChanged: () => void
}

export function ModelPrices({ provider, mayWrite, onChanged }: Props) {
  const [editing, setEditing] = useState<Price | 'NEW' | null>(null)
  const [, remove] = useMutation(deleteModelPrice)
  const { prices, name } = provider
  return (
    <>
      {prices.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className={classes.scrolls} aria-label={`Prices of models of ${name}`} tabIndex={0}>
          <table className={classes.prices}>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Input</th>
                <th scope="col">Output</th>
                <th scope="col">Cached input</th>
                <th scope="col">Per million tokens</th>
              </tr>
            </thead>
            <tbody>
              {prices.map((price) => (
                <tr key={price.id}>
                  <td className="mono">{price.model}</td>
                  <td>${price.prices.input}</td>
                  <td>${price.prices.output}</td>
                  <td>{price.prices.cachedInput === null ? 'as input' : `$${price.prices.cachedInput}`}</td>
                  <td>
                    {mayWrite && (
                      <Group gap={6} justify="flex-end" wrap="nowrap">
                        <Button
                          size="compact-xs"
                          variant="default"
                          aria-label={`Change the price of ${price.model}`}
                          onClick={() => setEditing(price)}
                        >
                          Change
                        </Button>
                        <Button
                          size="compact-xs"
                          variant="default"
                          aria-label={`Remove the price of ${price.model}`}
                          onClick={async () => {
                            if (notifyOf(await remove({ input: { id: price.id } }))) onChanged()
                          }}
                        >
                          Remove
                        </Button>
                      </Group>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {mayWrite && (
        <Button size="compact-sm" variant="subtle" mt={8} ml={-8} onClick={() => setEditing('NEW')}>
          Set the price of a model
        </Button>
      )}
      <Modal opened={editing !== null} onClose={() => setEditing(null)} title={`Price of a model of ${name}`}>
        {editing !== null && (
          <Form
            providerId={provider.id}
            price={editing === 'NEW' ? null : editing}
            onDone={() => {
              setEditing(null)
              onChanged()
            }}
          />
        )}
      </Modal>
    </>
  )
}

interface FormProps {
  providerId: string
  price: Price | null
  onDone: () => void
}

const parts = [
  { name: 'input', label: 'Input', placeholder: undefined },
  { name: 'output', label: 'Output', placeholder: undefined },
  { name: 'cachedInput', label: 'Input from the cache', placeholder: 'as input' },
  { name: 'cacheWrite', label: 'Input written to the cache', placeholder: 'as input' },
  { name: 'reasoning', label: 'Reasoning', placeholder: 'as output' },
] as const

function Form({ providerId, price, onDone }: FormProps) {
  const [model, setModel] = useState(price?.model ?? '')
  const [values, setValues] = useState<Record<string, number | string>>(
    Object.fromEntries(parts.map(({ name }) => [name, price?.prices[name] ?? ''])),
  )
  const [problem, setProblem] = useState<string | null>(null)
  const [setting, set] = useMutation(setModelPrice)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const of = (name: string) => (typeof values[name] === 'number' ? (values[name] as number) : null)
    const [input, output] = [of('input'), of('output')]
    if (input === null || output === null) return setProblem('Expected a price of input and of output, got none.')
    const more = { cachedInput: of('cachedInput'), cacheWrite: of('cacheWrite'), reasoning: of('reasoning') }
    const refusal = problemOf(await set({ input: { providerId, model: model.trim(), input, output, ...more } }))
    if (refusal) return setProblem(refusal.message)
    onDone()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm" c="dimmed">
          In US dollars per million tokens, in place of the table’s. Runs that have started keep theirs.
        </Text>
        <ModelInput providerId={providerId} value={model} onChange={setModel} />
        <Group grow align="flex-start">
          {parts.slice(0, 2).map(({ name, label }) => (
            <NumberInput
              key={name}
              label={label}
              prefix="$"
              min={0}
              required
              value={values[name]}
              onChange={(value) => setValues({ ...values, [name]: value })}
            />
          ))}
        </Group>
        <Group grow align="flex-start">
          {parts.slice(2).map(({ name, label, placeholder }) => (
            <NumberInput
              key={name}
              label={label}
              placeholder={placeholder}
              prefix="$"
              min={0}
              value={values[name]}
              onChange={(value) => setValues({ ...values, [name]: value })}
            />
          ))}
        </Group>
        {problem !== null && (
          <Text size="sm" c="var(--worse)" role="alert">
            {problem}
          </Text>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={setting.fetching}>
            Set the price
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
