/** Measures how well an estimate made beforehand predicts the measured transfer. @module */
import type { TransferEstimate } from "../artifacts/estimate.ts";
import type { Predictor } from "../artifacts/report.ts";
import type { Scores } from "../artifacts/scores.ts";
import { Random } from "../tensor/random.ts";
import { groupBy } from "./cells.ts";

/** Draws of the bootstrap. */
const draws = 4000;

/** Fewer pairs have no correlation worth a figure. */
const leastPairs = 4;

const predictors: Readonly<Record<string, (estimate: TransferEstimate) => number>> = {
  "cosine of the gradients without a prompt": (e) => e.gradientCosineAtStart,
  "cosine of the gradients at the prompt": (e) => e.gradientCosineAtPrompt,
  "change of the target's features": (e) => e.models.target.features.relative,
  "consistency of that change": (e) => e.models.target.features.consistency,
  "fall of the target's loss, linearised": (e) => -e.models.target.loss.predicted,
};

/** Correlation of every predictor with the measured gains, a task at a time. */
export function predictorsOf(
  estimates: readonly TransferEstimate[],
  scores: readonly Scores[],
): Predictor[] {
  return [...groupBy(estimates, (e) => e.task).entries()].flatMap(([task, ofTask]) => {
    const gains = ofTask.flatMap((estimate) => {
      const gain = gainOf(estimate, scores);
      return gain === undefined ? [] : [{ estimate, gain }];
    });
    if (gains.length < leastPairs) return [];
    return Object.entries(predictors).map(([name, predict]): Predictor => {
      const pairs = gains.map(({ estimate, gain }) => {
        const { source, target, method, seed } = estimate;
        return { source, target, method, seed, value: predict(estimate), gain };
      });
      const xs = pairs.map(({ value }) => value), ys = pairs.map(({ gain }) => gain);
      return { task, name, correlation: spearman(xs, ys), ci95: interval(xs, ys), pairs };
    });
  });
}

function gainOf(
  { task, method, seed, source, target }: TransferEstimate,
  scores: readonly Scores[],
): number | undefined {
  const ofTarget = scores.filter((s) => s.task === task && s.model === target);
  const shrunk = ofTarget.find((s) => s.method === "shrunk");
  const prompted = ofTarget.find((s) =>
    s.method === method && s.seed === seed && s.sources.join(" + ") === source
  );
  return shrunk && prompted ? prompted.mean - shrunk.mean : undefined;
}

/** Ranks from 1; equal values get the mean of their ranks. */
export function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) found[order[i]!] = (from + to + 1) / 2;
    from = to;
  }
  return found;
}

/** Pearson's correlation of the ranks; 0 where all values are equal. */
export function spearman(xs: readonly number[], ys: readonly number[]): number {
  const [a, b] = [ranks(xs), ranks(ys)];
  const middle = (xs.length + 1) / 2;
  const product = (u: readonly number[], v: readonly number[]) =>
    u.reduce((sum, x, i) => sum + (x - middle) * (v[i]! - middle), 0);
  const spread = Math.sqrt(product(a, a) * product(b, b));
  return spread === 0 ? 0 : product(a, b) / spread;
}

function interval(xs: readonly number[], ys: readonly number[]): [number, number] {
  const random = new Random("predictors");
  const sample = Float64Array.from({ length: draws }, () => {
    const picked = xs.map(() => random.integer(xs.length));
    return spearman(picked.map((i) => xs[i]!), picked.map((i) => ys[i]!));
  });
  return central95(sample);
}

/** The two ends of the central 95 % of a sample (linear interpolation between order statistics). */
function central95(sample: Float64Array): [number, number] {
  const sorted = sample.sort();
  const at = (q: number) => {
    const position = q * (sorted.length - 1);
    const low = Math.floor(position);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low]! + (position - low) * (sorted[high]! - sorted[low]!);
  };
  return [at(0.025), at(0.975)];
}
