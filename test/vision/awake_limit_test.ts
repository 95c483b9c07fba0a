import { assertEquals, assertRejects } from "@std/assert";
import { type AwakeLimit, withinAwake } from "../../lib/vision/awake_limit.ts";

const gaveUpError = new Error("timeout: 12% complete");
const limit = {
  seconds: 3,
  late: () => new RangeError("too long"),
  gaveUp: (error) => error === gaveUpError,
} satisfies AwakeLimit;

/** A clock whose seconds pass by hand. */
function handClock() {
  let tick: () => void = () => {};
  return {
    eachSecond: (given: () => void) => {
      tick = given;
      return () => tick = () => {};
    },
    pass: (seconds: number) => {
      for (let i = 0; i < seconds; i++) tick();
    },
  };
}

Deno.test("withinAwake() does again what gave up although this process was asleep", async () => {
  let tries = 0;
  const work = () => ++tries < 3 ? Promise.reject(gaveUpError) : Promise.resolve("done");
  assertEquals(await withinAwake(work, { ...limit, ...handClock() }), "done");
  assertEquals(tries, 3);
});

Deno.test("withinAwake() ends work that takes too long while this process is awake", async () => {
  const clock = handClock();
  const never = new Promise<never>(() => {});
  const waiting = withinAwake(() => never, { ...limit, ...clock });
  clock.pass(3);
  await assertRejects(() => waiting, RangeError, "too long");
});

Deno.test("withinAwake() tells of what gave up at its limit, and of other mistakes at once", async () => {
  const clock = handClock();
  const late = () => {
    clock.pass(2);
    return Promise.reject(gaveUpError);
  };
  await assertRejects(() => withinAwake(late, { ...limit, ...clock }), RangeError, "too long");
  let tries = 0;
  const damaged = () => {
    tries++;
    return Promise.reject(new SyntaxError("damaged"));
  };
  await assertRejects(() => withinAwake(damaged, limit), SyntaxError, "damaged");
  assertEquals(tries, 1);
});
