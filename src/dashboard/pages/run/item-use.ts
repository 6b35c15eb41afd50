/** What is made of items of a run. */
export type ItemUse = 'COPY' | 'TAG' | 'EXPECT'

export interface UsedItem {
  /** Of the run item. */
  id: string
  datasetItem: { id: string }
}
