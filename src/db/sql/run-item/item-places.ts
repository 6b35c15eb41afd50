/**
 * Where items are in runs. There is no index of run items by item: the function of the database that this calls finds them
 * by the order of the schedules, which is that of a hash of seed and item (insert-run-items.ts). An index cost more than half
 * of a start, and one entry for each of the three versions of a row. Measured in runs of 1,000,000 items beside other work:
 * 47 µs for an item, 15 µs where its place in another run of the schedule is known.
 */

/**
 * A FROM item `p (run_id, item_id, ordinal)`: the executions of items in runs. Where several runs have one order, an item
 * found in one is looked for at the same place in the next.
 * @param runs expression of an array of ids; a run that is named twice is looked at once
 * @param items expression of an array of ids, each once
 * @param guesses expression of an array with a position for each item, where one is known from a run of the same schedule
 */
export function itemPlaces(runs: string, items: string, guesses?: string): string {
  return `run_item_places(${[`${runs}::uuid[]`, `${items}::bigint[]`, ...(guesses ? [`${guesses}::int[]`] : [])].join(', ')}) AS p`
}

/** As {@link itemPlaces}, with the rows as `name`; they are looked up one by one, however many the planner expects. */
export function executionsOfItems(name: string, runs: string, items: string, guesses?: string): string {
  return `${itemPlaces(runs, items, guesses)}
    CROSS JOIN LATERAL (SELECT * FROM run_item WHERE run_id = p.run_id AND ordinal = p.ordinal OFFSET 0) ${name}`
}
