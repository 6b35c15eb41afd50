/** Keeps the runs that a page shows up to date: the cache merges what the feed delivers by id. */
import { useEffect, useEffectEvent } from 'react'
import { useClient } from 'urql'
import { graphql } from '../gql/gql.ts'

const projectFeed = graphql(`
  subscription RunsFeed($after: String) {
    runsFeed(after: $after) { cursor deletedRunIds runs { ...RunSummary } }
  }
`)

const datasetFeed = graphql(`
  subscription DatasetRunsFeed($datasetId: ID!, $after: String) {
    datasetRuns(datasetId: $datasetId, after: $after) { cursor deletedRunIds runs { ...RunSummary } }
  }
`)

interface Changes {
  /** Ids of runs that were started or changed. */
  changed: string[]
  deleted: string[]
}

/** @param onChanges after the cache has them; lists do not change by themselves */
export function useRunsFeed(onChanges: (changes: Changes) => void): void {
  const client = useClient()
  const report = useEffectEvent(onChanges)
  useEffect(() => {
    const { unsubscribe } = client.subscription(projectFeed, {}).subscribe(({ data }) => {
      if (data) report(changesOf(data.runsFeed))
    })
    return unsubscribe
  }, [client])
}

/** The same for the runs of a dataset. */
export function useDatasetRunsFeed(datasetId: string, onChanges: (changes: Changes) => void): void {
  const client = useClient()
  const report = useEffectEvent(onChanges)
  useEffect(() => {
    const { unsubscribe } = client.subscription(datasetFeed, { datasetId }).subscribe(({ data }) => {
      if (data) report(changesOf(data.datasetRuns))
    })
    return unsubscribe
  }, [client, datasetId])
}

function changesOf({ runs, deletedRunIds }: { runs: { id: string }[]; deletedRunIds: string[] }): Changes {
  return { changed: runs.map(({ id }) => id), deleted: deletedRunIds }
}
