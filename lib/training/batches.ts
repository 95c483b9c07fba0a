/**
 * Chooses the rows of each step. They depend only on seed and step, so no state is saved.
 *
 * @module
 */
import { Random } from "../tensor/random.ts";
import type { Fit } from "../vision/fits.ts";
import { augmentation, type AugmentName } from "./augment.ts";

/** One row of a batch. */
export interface PickedRow {
  readonly row: number;
  /** Mirrored left to right. */
  readonly flip: boolean;
  /** Where the square of `fit: crop` is cut, from 0, the start, to 1; absent: in the middle. */
  readonly crop?: number;
  /** Seed of what else is drawn for the image; absent where nothing is. */
  readonly draw?: string;
}

/** Whether an image is the same whenever its row is picked, mirrored or not. */
export const isFixed = ({ draw, crop }: PickedRow): boolean =>
  draw === undefined && crop === undefined;

/** How batches are drawn. */
export interface BatchOptions {
  readonly rows: number;
  readonly batch: number;
  readonly seed: number;
  readonly augment: AugmentName;
  /** Whether the answers hold in a mirror; without, no image is mirrored. Default true. */
  readonly mirrorKeepsAnswer?: boolean;
  /** How images that are not square are fitted: `crop` may cut at random. */
  readonly fit?: Fit;
}

/** Steps of one pass over the rows; the rest that fills no batch waits for the next shuffle. */
export function stepsPerEpoch({ rows, batch }: Pick<BatchOptions, "rows" | "batch">): number {
  return Math.max(1, Math.floor(rows / batch));
}

/**
 * Draws batches in the order of a training: `batchOf(step)`. Consecutive steps of one epoch share
 * its shuffle.
 *
 * @throws {RangeError} If there are no rows.
 */
export function batchOrder(options: BatchOptions): (step: number) => PickedRow[] {
  if (options.rows < 1) throw new RangeError("Cannot draw batches: the training split has no rows");
  let epoch = -1;
  let picks: PickedRow[] = [];
  return (step) => {
    const perEpoch = stepsPerEpoch(options);
    const wanted = Math.floor(step / perEpoch);
    if (wanted !== epoch) [epoch, picks] = [wanted, shuffle(options, wanted)];
    const start = (step % perEpoch) * options.batch;
    return picks.slice(start, start + options.batch);
  };
}

function shuffle(options: BatchOptions, epoch: number): PickedRow[] {
  const { rows, seed, augment, mirrorKeepsAnswer = true, fit } = options;
  const { flips, crops, change } = augmentation(augment);
  const random = new Random(`batches ${seed} ${epoch}`);
  const places = new Random(`crops ${seed} ${epoch}`);
  const order = random.permutation(rows);
  return Array.from(order, (row, place) => ({
    row,
    flip: flips && random.uniform() < 0.5 && mirrorKeepsAnswer,
    ...(crops && fit === "crop" ? { crop: places.uniform() } : {}),
    ...(change ? { draw: `augment ${seed} ${epoch} ${place}` } : {}),
  }));
}
