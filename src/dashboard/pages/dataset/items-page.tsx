import { getRouteApi } from '@tanstack/react-router'
import { useCallback } from 'react'
import { usePageQuery } from '../../data/page-query.ts'
import { useDataset } from './dataset-context.ts'
import { datasetItems } from './dataset-query.ts'
import { type DatasetSearch, itemFilter } from './dataset-search.ts'
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
  const { dataset, ...shown } = useDataset()
  usePageQuery(datasetItems, {
    id: dataset.id,
    version: search.version ?? dataset.version,
    filter: itemFilter(search) ?? null,
  })
  return <Items {...shown} dataset={dataset} search={search} onSearch={change} />
}
