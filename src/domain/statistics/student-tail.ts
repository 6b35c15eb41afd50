import { seededRandom } from './seeded-random.ts'

const draws = 20_000
/** After so many that are as far, p is known to 3 % of itself. */
const enough = 1_000
/** Where p is larger than this, a fifth of them will do. */
const largeP = 0.2
const seed = 20_261_126

/**
 * How often a statistic of several values of Student's t, each with its own degrees of freedom, is at least as large as the
 * observed one: from random draws with a fixed seed, so that the same data have the same p value.
 *
 * @param freedoms of each value
 * @returns at least 1 in 20,001
 */
export function studentTail(
  freedoms: readonly number[],
  statistic: (values: Float64Array) => number,
  observed: number,
): number {
  const random = seededRandom(seed)
  const values = new Float64Array(freedoms.length)
  let [far, drawn] = [0, 0]
  while (drawn < draws && far < enough && !(5 * far >= enough && far > largeP * drawn)) {
    for (let i = 0; i < values.length; i++) values[i] = drawStudent(freedoms[i] as number, random)
    drawn += 1
    if (statistic(values) >= observed) far += 1
  }
  return (far + 1) / (drawn + 1)
}

/** Bailey, "Polar generation of random variates with the t-distribution", Mathematics of Computation 62 (1994). */
function drawStudent(freedom: number, random: () => number): number {
  for (;;) {
    const [x, y] = [2 * random() - 1, 2 * random() - 1]
    const square = x * x + y * y
    if (square < 1 && square > 0) return x * Math.sqrt((freedom * (square ** (-2 / freedom) - 1)) / square)
  }
}
