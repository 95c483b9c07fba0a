import { assertEquals } from "@std/assert";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { zeros } from "../../lib/tensor/tensor.ts";
import { costLine, flopsOfRun, StepClock } from "../../lib/training/step_cost.ts";

Deno.test("flopsOfRun() takes the sizes of symbols from what is fed", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", "float32", ["batch", 4]);
  const w = builder.input("w", "float32", [4, "labels"]);
  builder.output(builder.op("MatMul", [x, w]), "y");
  const feeds = { x: zeros("float32", [3, 4]), w: zeros("float32", [4, 5]) };
  assertEquals(flopsOfRun(builder.finish(), feeds), { flops: 2 * 3 * 4 * 5, uncounted: 0 });
  assertEquals(flopsOfRun(builder.finish(), { x: feeds.x }).uncounted, 1);
});

Deno.test("StepClock leaves out the first step and what is between steps", () => {
  const times = [0, 100, 110, 120, 220, 240, 300, 330];
  const clock = new StepClock(() => times.shift()!);
  clock.tick(); // 100
  clock.skip();
  clock.tick(); // 10
  clock.skip();
  clock.tick(); // 20
  clock.skip();
  clock.tick(); // 30
  assertEquals(clock.median(), 20);
  assertEquals(new StepClock(() => 0).median(), undefined);
});

Deno.test("costLine() says what was counted and measured", () => {
  assertEquals(
    costLine({ flops: 1.5e9, uncounted: 0, ms: 50, resident: 4e8 }),
    "a step: 1.50 GFLOP, 50.0 ms (median), 30.0 GFLOP/s; 400 MB resident",
  );
  assertEquals(
    costLine({ flops: 1.5e9, uncounted: 2, ms: undefined, resident: 4e8 }),
    "a step: 1.50 GFLOP (2 nodes not counted); 400 MB resident",
  );
});
