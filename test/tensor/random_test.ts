import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../lib/tensor/random.ts";

Deno.test("Random gives the same stream for the same seed and another for another", () => {
  const stream = (seed: number | string) => {
    const random = new Random(seed);
    return Array.from({ length: 8 }, () => random.bits());
  };
  assertEquals(stream(7), stream("7"));
  const seeds = [0, 1, 7, "7/test/1", "7/test/2", "7/test/12"];
  assertEquals(new Set(seeds.map((seed) => stream(seed).join())).size, seeds.length);
});

Deno.test("Random.from() goes on where state() was taken", () => {
  const random = new Random("resume");
  for (let i = 0; i < 100; i++) random.normal();
  const copy = Random.from(JSON.parse(JSON.stringify(random.state())));
  for (let i = 0; i < 100; i++) assertEquals(copy.normal(), random.normal());
  assertThrows(() => Random.from([1, 2, 3]), TypeError, "it needs 4 integers");
});

Deno.test("Random.uniform() and integer() fill their range evenly", () => {
  const random = new Random(1);
  const counts = new Array<number>(10).fill(0);
  let sum = 0;
  for (let i = 0; i < 100_000; i++) {
    counts[random.integer(10)]!++;
    sum += random.uniform(-1, 3);
  }
  for (const count of counts) assert(Math.abs(count - 10_000) < 500, `counts ${counts}`);
  assertAlmostEquals(sum / 100_000, 1, 0.02);
  for (const n of [0, -1, 1.5, NaN]) assertThrows(() => random.integer(n), RangeError);
});

Deno.test("Random.normal() has the moments and the tails of the normal distribution", () => {
  const random = new Random(2);
  const n = 400_000;
  const moments = [0, 0, 0, 0, 0];
  const beyond = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    for (let k = 0; k < 5; k++) moments[k]! += x ** k / n;
    [1, 2, 3.5].forEach((edge, k) => beyond[k]! += Math.abs(x) > edge ? 1 / n : 0);
  }
  assertAlmostEquals(moments[1]!, 0, 0.01);
  assertAlmostEquals(moments[2]!, 1, 0.01);
  assertAlmostEquals(moments[3]!, 0, 0.03);
  assertAlmostEquals(moments[4]!, 3, 0.06);
  assertAlmostEquals(beyond[0]!, 0.3173, 0.004);
  assertAlmostEquals(beyond[1]!, 0.0455, 0.002);
  assertAlmostEquals(beyond[2]!, 0.000465, 0.0002);
});

Deno.test("Random.permutation() holds every index once", () => {
  const order = new Random(3).permutation(50);
  assertEquals([...order].sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i));
  assert(order.some((value, index) => value !== index));
});
