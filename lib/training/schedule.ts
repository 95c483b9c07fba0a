/** Learning-rate schedules: multiples of the base rate. @module */

/** Share of the base learning rate in an epoch (from 0) of a training of `epochs` epochs. */
export type Schedule = (epoch: number, epochs: number) => number;

/** The schedules by name; `cosine` is the reference of arXiv 2404.11207: ½(1 + cos(πe/T)). */
export const schedules = {
  cosine: (epoch, epochs) => 0.5 * (1 + Math.cos(Math.PI * epoch / epochs)),
  constant: () => 1,
} satisfies Record<string, Schedule>;

/** Name of a schedule. */
export type ScheduleName = keyof typeof schedules;

/**
 * Learning rate by step, from 0: that of the schedule over T = ⌈steps / steps per epoch⌉ epochs, the
 * same inside each.
 *
 * @example
 * ```ts
 * const rate = rateBySteps("cosine", { lr: 1, steps: 100, perEpoch: 50 });
 * [rate(0), rate(49), rate(50)]; // [1, 1, 0.5]
 * ```
 */
export function rateBySteps(
  name: ScheduleName,
  { lr, steps, perEpoch }: {
    readonly lr: number;
    readonly steps: number;
    readonly perEpoch: number;
  },
): (step: number) => number {
  const epochs = Math.ceil(steps / perEpoch);
  return (step) => lr * schedules[name](Math.floor(step / perEpoch), epochs);
}

/** Share of the base rate: rises over `warmup` steps, then falls linearly to 0 at `steps`. */
export function warmupLinear(step: number, steps: number, warmup: number): number {
  return Math.min(1, (step + 1) / warmup) * (1 - step / steps);
}
