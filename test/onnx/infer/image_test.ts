import { assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { fromNumbers } from "../../../lib/tensor/convert.ts";

const rows: readonly [size: number, scale: number, resized: number][] = [
  [10, 0.7, 7],
  [10, 1.3, 13],
  [20, 0.35, 7],
  [100, 0.29, 29],
  [5, 0.5, 2],
];

for (const [size, scale, resized] of rows) {
  Deno.test(`inferShapes() resizes ${size} elements by ${scale} as the runtime does`, async () => {
    const b = new GraphBuilder();
    const scales = b.constant(fromNumbers("float32", [1], [scale]));
    b.output(b.op("Resize", [b.input("x", "float32", [size]), undefined, scales]), "y");
    assertEquals(b.dims("y"), [resized]);
    await using session = await openSession(b.finish(), { provider: "cpu" });
    const { y } = await session.run({ x: fromNumbers("float32", [size], Array(size).fill(1)) });
    assertEquals(y!.dims, [resized]);
  });
}
