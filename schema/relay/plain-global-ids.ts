/**
 * Makes the `id` field of a node a plain value. The relay plugin resolves it through a promise with two awaits even
 * when the id is known: for the 700 ids of a page of a comparison that took as long as all of its other fields.
 */
import { RootFieldBuilder } from '@pothos/core'
import { encodeGlobalId } from './global-id.ts'

interface Builder {
  field(options: object): unknown
  builder: { configStore: { getTypeConfig(type: unknown): { name: string } } }
}

interface Identified {
  type: unknown
  id: unknown
}

Object.assign(RootFieldBuilder.prototype, {
  globalID(
    this: Builder,
    { resolve, ...options }: { resolve: (...args: unknown[]) => Identified | Promise<Identified> },
  ) {
    const encode = ({ type, id }: Identified) =>
      encodeGlobalId(this.builder.configStore.getTypeConfig(type).name, String(id))
    return this.field({
      ...options,
      type: 'ID',
      resolve: (...args: unknown[]) => {
        const item = resolve(...args)
        return item instanceof Promise ? item.then(encode) : encode(item)
      },
    })
  },
})
