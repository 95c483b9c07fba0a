/** `pixel_values` of images, as a model's own image processor makes them. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { arrangePatches } from "./patches.ts";
import { type ImagePlan, pixelDims } from "./image_plan.ts";
import type { ProcessorConfig } from "./processor_fields.ts";
import { planProcessor } from "./processor_table.ts";
import { unitPlanes } from "./resize.ts";
import { DraftRunner, type Planes } from "./run_draft.ts";

/** Most bytes of the images of one run. */
const maxBytes = 2 ** 29;

/**
 * `pixel_values` of images.
 *
 * @param images `[n, 3, height, width]`: bytes, resized with Pillow's rounding, or floats from 0
 * to 1, resized without rounding or clipping.
 * @returns `[n, …]` with the shape of one image behind it.
 */
export function preprocess(
  images: Tensor<"uint8" | "float32">,
  config: ProcessorConfig,
): Tensor<"float32"> {
  const [, , height = 0, width = 0] = images.dims;
  return runPlan(images, planProcessor(config, { height, width }));
}

/** `pixel_values` of images by a plan that is made for their size. */
export function runPlan(
  images: Tensor<"uint8" | "float32">,
  plan: ImagePlan,
): Tensor<"float32"> {
  const [count = 0] = images.dims;
  for (const { size } of plan.tiles) refuseTooMany(count * plan.tiles.length, size);
  const runner = new DraftRunner(images.data);
  const dims = [count, ...pixelDims(plan)];
  const out = new Float32Array(sizeOf(dims));
  const perImage = out.length / count;
  plan.tiles.forEach((tile, t) => {
    const planes = normalise(runner.run(tile), plan, tile.size.height * tile.size.width);
    const size = planes.length / count;
    for (let i = 0; i < count; i++) {
      const image = planes.subarray(i * size, (i + 1) * size);
      const values = arrangePatches(image, tile.size, plan.layout);
      out.set(values, i * perImage + t * values.length);
    }
  });
  return tensor("float32", dims, out);
}

function normalise(planes: Planes, { scale, bias }: ImagePlan, area: number): Float32Array {
  const values = planes instanceof Uint8Array ? unitPlanes(planes) : planes.slice();
  for (let start = 0, channel = 0; start < values.length; start += area, channel++) {
    const [factor, summand] = [scale[channel % 3]!, bias[channel % 3]!];
    for (let i = start; i < start + area; i++) values[i] = values[i]! * factor + summand;
  }
  return values;
}

function refuseTooMany(
  count: number,
  { height, width }: { readonly height: number; readonly width: number },
): void {
  if (4 * 3 * count * height * width <= maxBytes) return;
  throw new RangeError(
    `Cannot prepare ${count} images of ${width}×${height} pixels at once: they take more than ${maxBytes} bytes, use a smaller batch`,
  );
}
