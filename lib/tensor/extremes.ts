/** The smallest and the largest of any number of values: as arguments of a function they are too many. @module */

/** The smallest and the largest value; of none Infinity and -Infinity. */
export function extremes(values: Iterable<number>): readonly [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
