/** The dataset whose pages are shown. */
import { createContext, useContext } from 'react'
import type { DatasetPageDataset } from './dataset-query.ts'

interface DatasetPages {
  dataset: DatasetPageDataset
  /** Reads it again: its items have changed. */
  onChanged: () => void
}

export const DatasetContext = createContext<DatasetPages | null>(null)

export function useDataset(): DatasetPages {
  const pages = useContext(DatasetContext)
  if (!pages) throw new Error('Expected a page of a dataset around.')
  return pages
}
