import { assertEquals } from "@std/assert";
import { concatenate } from "../../lib/tensor/concatenate.ts";

Deno.test("concatenate() joins parts in their order, empty ones too", () => {
  const parts = [[1, 2], [], [3]].map((values) => Float32Array.from(values));
  assertEquals(concatenate(parts), Float32Array.from([1, 2, 3]));
  assertEquals(concatenate([]), new Float32Array());
});
