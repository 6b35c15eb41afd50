/**
 * The scores of one name on a run item `i`, for the filters and orders of a run's items: those of every source and author,
 * as the run's summary of that name counts them. The unique index on (run_id, ordinal, name, …) finds them.
 */
const scores = (name: string) => `score s WHERE s.run_id = i.run_id AND s.ordinal = i.ordinal AND s.name = ${name}`

/**
 * The mean of the values, as comparisons have it; null without any.
 * @param name the parameter with the name
 */
export function itemScoreValue(name: string): string {
  return `(SELECT avg(s.value) FROM ${scores(name)})`
}

/** Whether there are any, with a value or label or failed, that satisfy all of these conditions on them as a group. */
export function hasItemScore(name: string, conditions: readonly string[]): string {
  return `EXISTS (SELECT FROM ${scores(name)} HAVING ${['count(*) > 0', ...conditions].join(' AND ')})`
}
