import { assertEquals, assertRejects } from "@std/assert";
import { ReadAhead } from "../../lib/vision/read_ahead.ts";

Deno.test("ReadAhead makes each thing once, in order, and no further than its window", async () => {
  const made: number[] = [];
  const ahead = new ReadAhead((index) => {
    made.push(index);
    return Promise.resolve(index);
  }, { end: 5, window: 3 });
  ahead.begin(0);
  assertEquals(made, [0, 1, 2]);
  assertEquals(await ahead.get(0), 0);
  assertEquals(made, [0, 1, 2]);
  assertEquals(await ahead.get(1), 1);
  assertEquals(made, [0, 1, 2, 3]);
  assertEquals(await ahead.get(4), 4);
  assertEquals(made, [0, 1, 2, 3, 4]);
});

Deno.test("ReadAhead tells of what failed when its turn comes, and makes it again when asked again", async () => {
  let tries = 0;
  const ahead = new ReadAhead(
    (index) =>
      index === 1 && ++tries < 2 ? Promise.reject(new RangeError("no")) : Promise.resolve(index),
    { end: 3, window: 3 },
  );
  assertEquals(await ahead.get(0), 0);
  await assertRejects(() => ahead.get(1), RangeError, "no");
  assertEquals(await ahead.get(1), 1);
  assertEquals(await ahead.get(2), 2);
});
