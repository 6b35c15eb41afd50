/** What a model has written for an item so far. */
import { useEffect, useState } from 'react'
import { stringifyDocument } from 'urql'
import { useConnections } from '../../../data/connections-provider.tsx'
import { subscribeResuming } from '../../../data/resume.ts'
import { graphql } from '../../../gql/gql.ts'
import type { WrittenOutputSubscription } from '../../../gql/graphql.ts'

const writtenOutput = graphql(`
  subscription WrittenOutput($id: ID!) { runItemOutput(id: $id) { attempt delta reset truncated done } }
`)

interface Written {
  text: string
  /** The attempt that writes it; null before the first. */
  attempt: number | null
  /** It writes more than is delivered. */
  truncated: boolean
}

const nothing: Written = { text: '', attempt: null, truncated: false }

/** @param id null: nobody writes */
export function useWrittenOutput(id: string | null): Written {
  const { socket } = useConnections()
  const [written, setWritten] = useState(nothing)
  useEffect(() => {
    setWritten(nothing)
    if (id === null) return
    return subscribeResuming<WrittenOutputSubscription>(
      socket,
      { query: stringifyDocument(writtenOutput), variables: { id } },
      {
        next({ data }) {
          if (!data) return
          const { attempt, delta, reset, truncated } = data.runItemOutput
          setWritten(({ text }) => ({ text: reset ? delta : text + delta, attempt, truncated }))
        },
        // The item itself says how it ended.
        error: () => {},
        complete: () => {},
      },
    )
  }, [socket, id])
  return written
}
