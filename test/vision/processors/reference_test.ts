import { assert, assertEquals } from "@std/assert";
import { toNumbers } from "../../../lib/tensor/convert.ts";
import { tensor } from "../../../lib/tensor/tensor.ts";
import { runPlan } from "../../../lib/vision/preprocess.ts";
import { planProcessor } from "../../../lib/vision/processor_table.ts";
import type { ProcessorConfig } from "../../../lib/vision/processor_fields.ts";
import reference from "./reference.json" with { type: "json" };

/** What Hugging Face's processor gave for an image, see make_reference.py. */
interface Reference {
  readonly config: ProcessorConfig;
  readonly height: number;
  readonly width: number;
  readonly count: number;
  /** How far values may be off: torchvision rounds bytes otherwise than Pillow. */
  readonly rounding: number;
  readonly values: readonly number[];
  readonly extras: Readonly<Record<string, readonly number[]>>;
}

/** The image that make_reference.py draws, [1, 3, height, width]. */
function image({ height, width }: Reference) {
  const data = Uint8Array.from({ length: 3 * height * width }, (_, i) => {
    const [c, y, x] = [
      Math.floor(i / (height * width)),
      Math.floor(i / width) % height,
      i % width,
    ];
    return (x * 7 + y * 5 + x * y + c * 60) % 256;
  });
  return tensor("uint8", [1, 3, height, width], data);
}

for (const known of reference as unknown as readonly Reference[]) {
  const { config, height, width } = known;
  const settings = JSON.stringify(config);
  Deno.test(`the processor of Hugging Face is met: ${settings}, ${height}×${width}`, () => {
    const plan = planProcessor(config, { height, width });
    const { data } = runPlan(image(known), plan);
    assertEquals(data.length, known.count);
    known.values.forEach((value, i) => {
      const own = data[Math.trunc(i * (known.count - 1) / (known.values.length - 1))]!;
      assert(Math.abs(own - value) < known.rounding, `value ${i} is ${own}, expected ${value}`);
    });
    for (const [name, value] of Object.entries(plan.extras)) {
      if (known.extras[name] !== undefined) {
        assertEquals([...toNumbers(value)], known.extras[name], name);
      }
    }
  });
}
