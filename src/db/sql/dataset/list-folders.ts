import type { List } from '../../keyset.ts'

export interface DatasetFolderRow {
  /** The last part of its path. */
  name: string
  /** All of it. */
  path: string
  /** How many datasets are in it, at any depth. */
  datasetCount: number
  /** When one of them last changed. */
  updatedAt: Date
}

/** The beginning of all names in a folder; that of the root is empty. */
export function folderPrefix(folder: string): string {
  return folder === '' ? '' : `${folder}/`
}

/** The folders directly in a folder of a project, by name: what the names of its datasets have before the next `/`. */
export function listDatasetFolders(folder: string): List {
  return {
    select: 'f.name, f.path, f.dataset_count AS "datasetCount", f.updated_at AS "updatedAt"',
    from: (parameter) => {
      const prefix = `${parameter(folderPrefix(folder))}::text`
      const rest = `substr(d.name, length(${prefix}) + 1)`
      const name = `split_part(${rest}, '/', 1)`
      return `(SELECT ${name} AS name, ${prefix} || ${name} AS path, count(*)::int AS dataset_count,
                 max(d.updated_at) AS updated_at
               FROM dataset d
               WHERE d.project_id = parent.id AND starts_with(d.name, ${prefix}) AND strpos(${rest}, '/') > 0
               GROUP BY 1, 2) f`
    },
    parent: { column: 'parent.id', type: 'uuid' },
    where: () => [],
    keys: [{ sql: 'f.name', type: 'text' }],
    descending: false,
  }
}
