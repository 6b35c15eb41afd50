import { referencesIn } from '../../src/domain/attachment/references.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { attachmentRawId } from '../../src/engine/attachments/load-attachment.ts'
import { builder } from '../builder.ts'
import { AttachmentRef, DatasetItemRevisionRef } from '../refs.ts'
import { encodeGlobalId } from '../relay/global-id.ts'

builder.node(AttachmentRef, {
  description: 'A file that items refer to as `{"$file": "<id>"}`. `POST /attachments` stores one.',
  id: { resolve: ({ id }) => id },
  loadWithoutCache: (id, { loaders }) => loaders.attachment.load(id),
  fields: (t) => ({
    mediaType: t.exposeString('mediaType', { description: 'Its media type, e.g. `image/png`.' }),
    filename: t.exposeString('filename', { nullable: true, description: 'The name it was uploaded with.' }),
    bytes: t.exposeInt('bytes', { description: 'Its size in bytes.' }),
    sha256: t.string({
      description: 'The SHA-256 hash of its content, in hexadecimal; files of equal content are stored once.',
      resolve: ({ sha256 }) => sha256.toString('hex'),
    }),
    url: t.string({
      description: 'Where the file is, for requests with a key of the project.',
      resolve: ({ id }, _args, { publicUrl }) => `${publicUrl}/attachments/${encodeGlobalId('Attachment', id)}`,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first uploaded.' }),
  }),
})

builder.objectField(DatasetItemRevisionRef, 'attachments', (t) =>
  t.field({
    type: [AttachmentRef],
    description: 'The files that its input, expected output and metadata refer to, in that order.',
    resolve: async ({ input, expectedOutput, metadata }, _args, { loaders }) => {
      const ids = referencesIn([input, expectedOutput, metadata] as Json)
      const found = ids.map((id) => attachmentRawId(id)).filter((id) => id !== null)
      const files = await Promise.all(found.map((id) => loaders.attachment.load(id)))
      return files.flatMap((file) => file ?? [])
    },
  }),
)
