/** Keeps the run up to date and remembers, while the page is open, how it went: the samples of the live lines. */
import { useEffect, useState } from 'react'
import { useClient } from 'urql'
import { graphql } from '../../gql/gql.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { endedSince, type Moment } from './throughput.ts'

const runHeadFeed = graphql(`
  subscription RunHead($runId: ID!, $after: String) {
    runFeed(runId: $runId, after: $after, until: NEVER) {
      cursor
      run { ...RunSummary }
    }
  }
`)

export interface Sample extends Moment {
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
        samples: run === null ? samples : [...samples.slice(1 - maxSamples), sampleOf(run, samples.at(-1))],
      }))
    })
    return unsubscribe
  }, [client, runId])
  return state
}

function sampleOf({ progress, stats }: RunSummaryFragment, before: Sample | undefined): Sample {
  const done = progress.succeeded + progress.failed
  return {
    at: Date.now() / 1_000,
    done,
    ended: endedSince(before, done),
    latencyMs: stats.latencyMs?.avg ?? null,
    // The first of a name is the one that counts.
    scores: new Map(stats.scores.toReversed().map(({ name, mean, stderr }) => [name, { mean, stderr }])),
  }
}
