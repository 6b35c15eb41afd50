import { getRouteApi } from '@tanstack/react-router'
import { useCallback } from 'react'
import { useDataset } from './dataset-context.ts'
import type { DatasetSearch } from './dataset-search.ts'
import { Items } from './items.tsx'

const route = getRouteApi('/datasets/$datasetId/')

export function ItemsPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (now: Partial<DatasetSearch>, options?: { replace?: boolean }) =>
      void navigate({ search: (before) => ({ ...before, ...now }), resetScroll: false, ...options }),
    [navigate],
  )
  return <Items {...useDataset()} search={search} onSearch={change} />
}
