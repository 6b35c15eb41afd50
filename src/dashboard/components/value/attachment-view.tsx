import { useQuery } from 'urql'
import { useFileAddress } from '../../data/project.ts'
import { graphql } from '../../gql/gql.ts'
import { formatBytes } from '../number-format.ts'
import { MediaView } from './media-view.tsx'
import classes from './value-view.module.css'

const attachment = graphql(`
  query Attachment($id: ID!) {
    node(id: $id) { id ... on Attachment { mediaType filename bytes } }
  }
`)

/** A file of the project, shown if it is a picture, a sound or a film. */
export function AttachmentView({ id }: { id: string }) {
  const [{ data, fetching }] = useQuery({ query: attachment, variables: { id }, requestPolicy: 'cache-first' })
  const fileAddress = useFileAddress()
  const file = data?.node && 'mediaType' in data.node ? data.node : null
  if (!file) {
    return <span className={classes.nothing}>{fetching ? 'a file' : `the file ${id} does not exist any more`}</span>
  }
  const name = file.filename ?? undefined
  return (
    <figure className={classes.file}>
      <MediaView url={fileAddress(`/attachments/${id}`)} mediaType={file.mediaType} name={name} />
      <figcaption>
        {name} {file.mediaType}, {formatBytes(file.bytes)}
      </figcaption>
    </figure>
  )
}
