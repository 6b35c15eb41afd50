/** Keeps the run up to date and remembers, while the page is open, how it went: the samples of the live lines. */
import { useEffect, useState } from 'react'
import { useClient } from 'urql'
import { graphql } from '../../gql/gql.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'

const runHeadFeed = graphql(`
  subscription RunHead($runId: ID!, $after: String) {
    runFeed(runId: $runId, after: $after, until: NEVER) {
      cursor
      run { ...RunSummary }
    }
  }
`)

export interface Sample {
  /** Seconds since 1970. */
  at: number
  done: number
  /** Mean of all items so far, in milliseconds. */
  latencyMs: number | null
  /** By name: the mean so far and its standard error. */
  scores: Map<string, { mean: number | null; stderr: number | null }>
}

const maxSamples = 2_000

export interface RunFeed {
  samples: readonly Sample[]
  deleted: boolean
}

const nothing: RunFeed = { samples: [], deleted: false }

export function useRunFeed(runId: string): RunFeed {
  const client = useClient()
  const [state, setState] = useState<RunFeed>(nothing)
  useEffect(() => {
    setState(nothing)
    const { unsubscribe } = client.subscription(runHeadFeed, { runId }).subscribe(({ data }) => {
      if (!data) return
      const { run } = data.runFeed
      setState(({ samples }) => ({
        deleted: run === null,
        samples: run === null ? samples : [...samples.slice(1 - maxSamples), sampleOf(run)],
      }))
    })
    return unsubscribe
  }, [client, runId])
  return state
}

function sampleOf({ progress, stats }: RunSummaryFragment): Sample {
  return {
    at: Date.now() / 1_000,
    done: progress.succeeded + progress.failed,
    latencyMs: stats.latencyMs?.avg ?? null,
    scores: new Map(stats.scores.map(({ name, mean, stderr }) => [name, { mean, stderr }])),
  }
}

/** Items a second over the last seconds; null when nothing has changed lately. */
export function rateOf(samples: readonly Sample[], windowSeconds = 10): number | null {
  const last = samples.at(-1)
  if (!last) return null
  const first = samples.find(({ at }) => at >= last.at - windowSeconds) ?? last
  return last.at - first.at < 0.5 ? null : (last.done - first.done) / (last.at - first.at)
}
