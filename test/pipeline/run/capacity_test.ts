import { assertEquals } from "@std/assert";
import { onCard } from "../../../lib/pipeline/contract/job.ts";
import type { Task } from "../../../lib/pipeline/plan/plan.ts";
import { FreeCapacity, Reservation } from "../../../lib/pipeline/run/capacity.ts";

const taskWith = (gpu: number) =>
  ({ resources: { cpu: 0, gpu }, definition: {}, environment: {} }) as unknown as Task;

Deno.test("FreeCapacity gives each task a card of its own, and takes it back", () => {
  const free = new FreeCapacity({ cpu: 8, gpu: 2 }, 8);
  const [first, second, third, none] = [taskWith(1), taskWith(1), taskWith(1), taskWith(0)];
  free.reserve(first);
  free.reserve(second);
  free.reserve(none);
  assertEquals([first, second, none].map((task) => free.cardOf(task)), [0, 1, undefined]);
  assertEquals(free.fits(third), false);
  free.release(first);
  assertEquals(free.fits(third), true);
  free.reserve(third);
  assertEquals([free.cardOf(third), free.cardOf(first)], [0, undefined]);
});

Deno.test("FreeCapacity lets tasks share a card, and one have several", () => {
  const free = new FreeCapacity({ cpu: 8, gpu: 2 }, 8);
  const halves = [0.5, 0.5, 0.5].map(taskWith);
  for (const task of halves) free.reserve(task);
  assertEquals(halves.map((task) => free.cardOf(task)), [0, 1, 0]);
  for (const task of halves) free.release(task);
  const [both, next] = [taskWith(2), taskWith(1)];
  free.reserve(both);
  assertEquals([free.cardOf(both), free.fits(next)], [0, false]);
});

Deno.test("FreeCapacity names no card where there is one, or where another counts them", () => {
  for (const gpu of [1, Infinity]) {
    const free = new FreeCapacity({ cpu: 8, gpu }, 8);
    const task = taskWith(1);
    free.reserve(task);
    assertEquals(free.cardOf(task), undefined);
  }
});

for (
  const [cpu, jobs, taskCpu, expected] of [
    [2, 2, 2, 1],
    [8, 8, 2, 4],
    [8, 3, 2, 3],
    [2, 2, 16, 1],
    [Infinity, 500, 2, 1],
  ] as const
) {
  Deno.test(`FreeCapacity lets ${expected} tasks of ${taskCpu} cores run side by side on ${cpu}, ${jobs} jobs`, () => {
    const free = new FreeCapacity({ cpu, gpu: 0 }, jobs);
    const task = { ...taskWith(0), resources: { cpu: taskCpu, gpu: 0 } };
    assertEquals(free.sideBySide(task), expected);
  });
}

const shareCases: readonly (readonly number[])[] = [
  [1, -1, 0.7, 0.3, -0.7, 0.4, -0.3, -0.4],
  [0.1, 0.2, 0.3, -0.1, -0.2, -0.3],
  [1 / 3, 1 / 3, 1 / 3, -1 / 3, -1 / 3, -1 / 3],
];

for (const shares of shareCases) {
  Deno.test(`FreeCapacity has a whole card and core after shares of ${shares.join(", ")}`, () => {
    const free = new FreeCapacity({ cpu: 1, gpu: 1 }, 8);
    const taskOf = (share: number) => ({
      ...taskWith(share),
      resources: { cpu: share, gpu: share },
    });
    const running: Task[] = [];
    for (const share of shares) {
      const task = taskOf(Math.abs(share));
      const held = running.findIndex(({ resources }) => resources.gpu === -share);
      if (share < 0) free.release(running.splice(held, 1)[0]!);
      else {
        assertEquals(free.fits(task), true);
        free.reserve(task);
        running.push(task);
      }
    }
    assertEquals(free.fits(taskOf(1)), true);
  });
}

Deno.test("Reservation is given up once, and taken back only where there is room", () => {
  const free = new FreeCapacity({ cpu: 8, gpu: 1 }, 8);
  const [mine, other] = [taskWith(1), taskWith(1)];
  {
    using reservation = new Reservation(free, mine);
    assertEquals([reservation.takeBack(), free.fits(other)], [true, false]);
    reservation.giveUp();
    reservation.giveUp();
    free.reserve(other);
    assertEquals([reservation.takeBack(), free.fits(mine)], [false, false]);
    free.release(other);
    assertEquals([reservation.takeBack(), free.fits(other)], [true, false]);
  }
  assertEquals(free.fits(other), true);
});

Deno.test("onCard() names the card for CUDA alone, and none in place of one that is named", () => {
  assertEquals(
    [
      onCard("cuda", 1),
      onCard("cuda+tf32", 1),
      onCard("cuda:0", 1),
      onCard("auto", 1),
      onCard("cuda", undefined),
    ],
    ["cuda:1", "cuda:1+tf32", "cuda:0", "auto", "cuda"],
  );
});
