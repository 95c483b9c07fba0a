/**
 * Quantiles of the two distributions that intervals need. Only this file imports `jstat`.
 *
 * @module
 */
import jstat from "jstat";

/** What of `jstat`, which has no types of its own, is called here. */
interface JStat {
  readonly studentt: { inv(probability: number, freedom: number): number };
  readonly beta: { inv(probability: number, a: number, b: number): number };
}
const { jStat } = jstat as { readonly jStat: JStat };

/** t with P(|T| > t) = `level`, for `freedom` degrees of freedom. */
export function twoSidedT(level: number, freedom: number): number {
  // The lower tail keeps its digits where the level is tiny.
  return level >= 1 ? 0 : -jStat.studentt.inv(level / 2, freedom);
}

/**
 * Upper end of the central (1 − `level`) interval of a share (Clopper and Pearson 1934).
 *
 * @param count Of `total`, how many were seen; `total` need not be whole.
 */
export function shareAtMost(level: number, count: number, total: number): number {
  if (count >= total) return 1;
  return jStat.beta.inv(1 - level / 2, count + 1, total - count);
}
