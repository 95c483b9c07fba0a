/** Learning-rate schedules: multiples of the base rate, constant inside an epoch. @module */

/** Share of the base learning rate in an epoch (from 0) of a training of `epochs` epochs. */
export type Schedule = (epoch: number, epochs: number) => number;

/** The schedules by name; `cosine` is the reference of arXiv 2404.11207: ½(1 + cos(πe/T)). */
export const schedules = {
  cosine: (epoch, epochs) => 0.5 * (1 + Math.cos(Math.PI * epoch / epochs)),
  constant: () => 1,
} satisfies Record<string, Schedule>;

/** Name of a schedule. */
export type ScheduleName = keyof typeof schedules;
