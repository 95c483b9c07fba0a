/** A data set of grey images, each split a shade darker, for tests. */
import { z } from "zod";
import type { Dataset, LoadOptions, Split } from "../../../lib/data/dataset.ts";

const shades = { train: 2, validation: 1, test: 0 };

function split(name: keyof typeof shades, count: number, options: LoadOptions): Split {
  options.signal?.throwIfAborted();
  options.onProgress?.(count, count);
  const { grey } = options.parameters as { grey: number };
  const rows = Array.from({ length: count }, (_, i) => ({
    id: `${name}/${options.seed}/${i}`,
    cluster: `${name}/${i}`,
    instruction: "What is it?",
    answer: "grey",
    label: 0,
  }));
  const images = new Uint8Array(count * 3 * 4).fill(grey - shades[name]);
  return { rows, images, height: 2, width: 2, notes: [`${options.percentage ?? "no"} percentage`] };
}

const dataset: Dataset = {
  info: {
    name: "tiny",
    kind: "classification",
    classes: ["grey"],
    licence: "MIT",
    source: "made up",
  },
  parameters: z.strictObject({ grey: z.int().max(255).default(128) }),
  load(options) {
    return Promise.resolve({
      train: split("train", options.shots ?? 5, options),
      validation: split("validation", 1, options),
      test: split("test", 2, options),
    });
  },
};
export default dataset;
