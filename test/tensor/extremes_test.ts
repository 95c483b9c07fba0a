import { assertEquals } from "@std/assert";
import { extremes } from "../../lib/tensor/extremes.ts";

Deno.test("extremes() finds the smallest and the largest of many values", () => {
  assertEquals(extremes([3, -1, 2]), [-1, 3]);
  assertEquals(extremes(Float32Array.from({ length: 1_000_000 }, (_, i) => i % 1000)), [0, 999]);
  assertEquals(extremes([]), [Infinity, -Infinity]);
});
