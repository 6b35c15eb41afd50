export type ItemColumnId = 'expected' | 'key' | 'tags' | 'metadata'

interface ItemColumn {
  id: ItemColumnId
  name: string
  /** Pixels. */
  width: number
  /** Takes what is left. */
  grows?: true
}

/** The columns of a dataset's items that can be hidden, in their order. */
export const itemColumns: readonly ItemColumn[] = [
  { id: 'expected', name: 'Expected', width: 210, grows: true },
  { id: 'key', name: 'Key', width: 130 },
  { id: 'tags', name: 'Tags', width: 180 },
  { id: 'metadata', name: 'Metadata', width: 200 },
]
