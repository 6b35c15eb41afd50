import { PreparedNames } from '../../prepared-names.ts'
import { type OptionalScoreColumn, type ScoresOfItem, scoresOfItem } from '../score/load-scores.ts'
import { type OptionalColumn, runItemColumns, type ShownRunItem } from './run-item-columns.ts'

/** What a list of run items leaves out, as nobody reads it. */
export interface LeftOut {
  columns: readonly OptionalColumn[]
  /** Columns of the scores of each item; null: the scores themselves. */
  scoreColumns: readonly OptionalScoreColumn[] | null
}

export const nothingLeftOut: LeftOut = { columns: [], scoreColumns: [] }

/** The same without these columns, which are read whatever is shown. */
export function needing(leftOut: LeftOut, columns: readonly OptionalColumn[]): LeftOut {
  return { ...leftOut, columns: leftOut.columns.filter((column) => !columns.includes(column)) }
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

const prepared = new PreparedNames(100)

/**
 * A prepared statement that lists run items. What it may leave out is up to the documents of clients: once as many texts have
 * a name as connections should keep, it leaves out nothing.
 * @param text of the statement, by what it leaves out
 */
export function preparedList(name: string, leftOut: LeftOut, text: (leftOut: LeftOut) => string) {
  const brief = text(leftOut)
  const briefName = prepared.of(brief)
  return briefName === undefined ? { name, text: text(nothingLeftOut) } : { name: briefName, text: brief }
}
