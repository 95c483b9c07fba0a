/** Generated tasks in which every answer is equally frequent in every split. @module */
import { Random } from "../tensor/random.ts";
import type { LoadOptions, Row, Split, SplitName } from "../data/dataset.ts";
import { canvasLength, canvasSize, toBytes } from "./drawing.ts";
import { rowSeed, type SplitSizes, splitSizes } from "./split_sizes.ts";

/** What a row is made from. */
export interface RowPlace {
  readonly split: SplitName;
  /** Index of the answer it has to have. */
  readonly answer: number;
  /** How many rows of the split have had this answer before. */
  readonly turn: number;
  readonly random: Random;
  /** To be painted: float32, RGB, channels first, from 0 to 1. */
  readonly canvas: Float32Array;
}

/** A task: its answers, and how a row of each is made. */
export interface BalancedTask {
  readonly name: string;
  /** Number of different answers. */
  readonly answers: number;
  /** Rows of each answer. */
  readonly sizes: SplitSizes;
  /** What a reader of the data card has to know. */
  readonly notes: readonly string[];
  /** Paints the image and says what is asked about it. */
  row(place: RowPlace): Omit<Row, "id">;
}

/** The three splits of a task; row `i` has answer `i` modulo the number of answers. */
export function drawTask(
  task: BalancedTask,
  options: LoadOptions,
): Readonly<Record<SplitName, Split>> {
  const sizes = splitSizes(task.sizes, options);
  const total = task.answers * (sizes.train + sizes.validation + sizes.test);
  let done = 0;
  const draw = (split: SplitName): Split => {
    const count = task.answers * sizes[split];
    const rows: Row[] = [];
    const images = new Uint8Array(count * canvasLength);
    for (let index = 0; index < count; index++) {
      options.signal?.throwIfAborted();
      const random = new Random(rowSeed(task.name, split, { seed: options.seed, index }));
      const canvas = new Float32Array(canvasLength);
      const row = task.row({
        split,
        answer: index % task.answers,
        turn: Math.floor(index / task.answers),
        random,
        canvas,
      });
      toBytes(canvas, images.subarray(index * canvasLength, (index + 1) * canvasLength));
      rows.push({ id: `${task.name}/${split}/${index}`, ...row });
      options.onProgress?.(++done, total);
    }
    return { rows, images, height: canvasSize, width: canvasSize, notes: task.notes };
  };
  return { train: draw("train"), validation: draw("validation"), test: draw("test") };
}
