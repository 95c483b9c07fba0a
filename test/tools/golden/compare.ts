/** Errors of computed tensors against references. @module */
import { toNumbers } from "../../../lib/tensor/convert.ts";
import { dtypes } from "../../../lib/tensor/dtype.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";

/** Largest allowed errors. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** Error of one tensor, and whether it is within the tolerance. */
export interface Comparison {
  readonly error: number;
  readonly ok: boolean;
  /** Set where shapes differ or an integer tensor is not equal. */
  readonly problem?: string;
}

/**
 * Compares a tensor with its reference: relative L2 error; absolute error (largest element) where
 * the reference is zero; equality for integers. Infinities and NaN must agree in place and sign.
 *
 * @param keep Which elements count; default all.
 */
export function compareTensors(
  got: Tensor | undefined,
  reference: Tensor,
  { rtol, atol }: Tolerance,
  keep: (index: number) => boolean = () => true,
): Comparison {
  if (got === undefined) return { error: Infinity, ok: false, problem: "is missing" };
  if (got.dims.join() !== reference.dims.join()) {
    const problem = `has shape [${got.dims}] instead of [${reference.dims}]`;
    return { error: Infinity, ok: false, problem };
  }
  const { difference, norm, largest } = accumulate(toNumbers(got), toNumbers(reference), keep);
  if (!dtypes[got.dtype].float) {
    return largest === 0
      ? { error: 0, ok: true }
      : { error: norm > 0 ? difference / norm : largest, ok: false, problem: "is not equal" };
  }
  if (norm === 0) return { error: largest, ok: largest <= atol };
  const error = difference / norm;
  return { error, ok: error <= rtol };
}

function accumulate(
  got: ArrayLike<number>,
  reference: ArrayLike<number>,
  keep: (index: number) => boolean,
): { difference: number; norm: number; largest: number } {
  let [difference, norm, largest] = [0, 0, 0];
  for (let i = 0; i < reference.length; i++) {
    if (!keep(i)) continue;
    const [a, b] = [got[i]!, reference[i]!];
    if (Object.is(a, b) || a === b) {
      if (Number.isFinite(b)) norm += b * b;
      continue;
    }
    const d = a - b;
    if (!Number.isFinite(d)) return { difference: Infinity, norm: 1, largest: Infinity };
    difference += d * d;
    norm += b * b;
    largest = Math.max(largest, Math.abs(d));
  }
  return { difference: Math.sqrt(difference), norm: Math.sqrt(norm), largest };
}

/** The worst of several comparisons, and the names of those that fail. */
export function summarise(
  comparisons: Readonly<Record<string, Comparison>>,
): { worst: number | null; failures: readonly string[] } {
  const entries = Object.entries(comparisons);
  const errors = entries.map(([, c]) => c.error);
  return {
    worst: errors.length === 0 ? null : Math.max(...errors),
    failures: entries.filter(([, c]) => !c.ok)
      .map(([name, c]) => `${name} ${c.problem ?? `is off by ${c.error.toExponential(1)}`}`),
  };
}
