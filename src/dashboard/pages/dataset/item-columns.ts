/** The columns of a dataset's items that can be hidden, in their order. */
export const itemColumns = [
  { id: 'expected', name: 'Expected', width: 210 },
  { id: 'key', name: 'Key', width: 130 },
  { id: 'tags', name: 'Tags', width: 180 },
  { id: 'metadata', name: 'Metadata', width: 200 },
] as const

export type ItemColumnId = (typeof itemColumns)[number]['id']
