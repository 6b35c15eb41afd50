import { type OptionalScoreColumn, type ScoresOfItem, scoresOfItem } from '../score/load-scores.ts'
import { type OptionalColumn, runItemColumns, type ShownRunItem } from './run-item-columns.ts'

/** What a list of run items leaves out, as nobody reads it. */
export interface LeftOut {
  columns: readonly OptionalColumn[]
  /** Of the scores of each item; null: its scores. */
  scoreColumns: readonly OptionalScoreColumn[] | null
}

/** A run item of a list, which may leave out some columns. */
export interface ListedRunItem extends Omit<ShownRunItem, OptionalColumn>, Partial<Pick<ShownRunItem, OptionalColumn>> {
  /** Where the list has them. */
  listedScores?: ScoresOfItem
}

/** The select list of a `ListedRunItem`. */
export function listedColumns(table: string, { columns, scoreColumns }: LeftOut): string {
  const own = runItemColumns(table, columns)
  return scoreColumns === null ? own : `${own}, ${scoresOfItem(table, scoreColumns)} AS "listedScores"`
}
