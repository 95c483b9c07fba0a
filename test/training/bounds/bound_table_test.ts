import { assertAlmostEquals, assertEquals } from "@std/assert";
import { limitsText, project } from "../../../lib/training/bounds/bound_table.ts";

const rates = Float32Array.of(1, 1, 0);

Deno.test("a bound of the RMS scales δ, and leaves a weaker one", () => {
  // RMS over what is trained: √((9 + 16)/2) = 3.536.
  const delta = Float32Array.of(3, 4, 0);
  project({ delta, rates }, { rms: 0.5 });
  assertAlmostEquals(Math.hypot(...delta) / Math.SQRT2, 0.5, 1e-6);
  assertAlmostEquals(delta[1]! / delta[0]!, 4 / 3, 1e-6);
  project({ delta, rates }, { rms: 2 });
  assertAlmostEquals(Math.hypot(...delta) / Math.SQRT2, 0.5, 1e-6);
});

Deno.test("a range clamps what is trained alone; both bounds hold together", () => {
  const delta = Float32Array.of(-1, 3, 0);
  project({ delta, rates }, { range: [0.5, 1] });
  assertEquals([...delta], [0.5, 1, 0]);
  const both = Float32Array.of(-8, 6, 0);
  project({ delta: both, rates }, { rms: 5, range: [0, 1] });
  assertEquals([...both], [0, 1, 0]);
});

Deno.test("without limits δ is left as it is", () => {
  const delta = Float32Array.of(-8, 600, 0);
  project({ delta, rates }, {});
  assertEquals([...delta], [-8, 600, 0]);
  assertEquals(limitsText({ rms: 0.25, range: [0, 1] }), "RMS 0.25, 0 to 1");
  assertEquals(limitsText({}), "");
});
