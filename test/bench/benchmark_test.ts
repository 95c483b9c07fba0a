import { assert, assertEquals } from "@std/assert";
import { interleave, median } from "./benchmark.ts";

Deno.test("interleave() runs one of each in turn, after a warm-up", async () => {
  const order: string[] = [];
  const slow = (name: string) => async () => {
    order.push(name);
    await new Promise((resolve) => setTimeout(resolve, 21));
  };
  const times = await interleave({ a: slow("a"), b: slow("b") }, 2);
  assertEquals(order.join(""), "aabb" + "abab");
  assert(times.a >= 20 && times.b >= 20);
});

Deno.test("median() is the middle, or the mean of the two in the middle", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 2, 3]), median([5])], [2, 2.5, 5]);
});
