/** Calls a model of a provider with a short prompt, and says what is wrong and what to do about it. */
import { Button, Stack } from '@mantine/core'
import { IconBolt } from '@tabler/icons-react'
import { useState } from 'react'
import { useMutation } from 'urql'
import { Notice } from '../../../components/notice.tsx'
import { formatCost, formatDuration } from '../../../components/number-format.ts'
import { problemOf } from '../../../data/mutate.ts'
import type { ProviderProblem } from '../../../gql/graphql.ts'
import { testProvider } from './provider-query.ts'

const titles: Record<ProviderProblem, string> = {
  KEY: 'The key does not work',
  URL: 'The address does not work',
  MODEL: 'The model does not work',
  QUOTA: 'The quota is used up',
  RATE_LIMIT: 'Too many calls',
  OTHER: 'It does not work',
}

interface Props {
  providerId: string
  model: string
  /** The models that the provider says it serves. */
  onServed?: (models: string[]) => void
}

export function ProviderTest({ providerId, model, onServed }: Props) {
  const [testing, test] = useMutation(testProvider)
  const [found, setFound] = useState<{ tone: 'BETTER' | 'WORSE'; title: string; message: string } | null>(null)

  async function run() {
    setFound(null)
    const result = await test({ input: { id: providerId, model: model.trim() } })
    const refusal = problemOf(result)
    const outcome = result.data?.testProvider
    if (refusal && !(outcome && 'latencyMs' in outcome)) {
      return setFound({ tone: 'WORSE', title: 'It could not be tested', message: refusal.message })
    }
    if (!outcome || !('latencyMs' in outcome)) return
    const { problem, message, latencyMs, costUsd, servedModels } = outcome
    if (servedModels) onServed?.(servedModels)
    if (problem) return setFound({ tone: 'WORSE', title: titles[problem], message })
    const cost = costUsd == null ? 'the cost is unknown' : `for ${formatCost(costUsd)}`
    setFound({ tone: 'BETTER', title: 'It works', message: `It answered after ${formatDuration(latencyMs)}; ${cost}.` })
  }

  return (
    <Stack gap="xs">
      <Button
        variant="default"
        leftSection={<IconBolt size={15} aria-hidden />}
        loading={testing.fetching}
        disabled={model.trim() === ''}
        style={{ alignSelf: 'flex-start' }}
        onClick={run}
      >
        Test it
      </Button>
      <div role="status">
        {found && (
          <Notice tone={found.tone} title={found.title}>
            {found.message}
          </Notice>
        )}
      </div>
    </Stack>
  )
}
