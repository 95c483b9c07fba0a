import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { memoryBudget } from "../../lib/runtime/memory_budget.ts";

/** The budget in a container of so many bytes, 0 for none. */
function budgetIn(bytes: number): number | undefined {
  const { constrainedMemory } = process;
  process.constrainedMemory = () => bytes;
  try {
    return memoryBudget(undefined);
  } finally {
    process.constrainedMemory = constrainedMemory;
  }
}

Deno.test("memoryBudget() is what the task was given", () => {
  assertEquals(memoryBudget(7), 7);
});

Deno.test("memoryBudget() divides what is free among tasks side by side, not what one was given", () => {
  const { available } = Deno.systemMemoryInfo();
  const quarter = memoryBudget(undefined, 4)!;
  assert(quarter < available / 3, `${quarter} of ${available}`);
  assertEquals(memoryBudget(7, 4), 7);
});

Deno.test("memoryBudget() is within what the container leaves, and otherwise what is free", () => {
  const { total } = Deno.systemMemoryInfo();
  assert(budgetIn(1)! < 1);
  for (const unlimited of [0, 2 ** 63]) {
    const budget = budgetIn(unlimited)!;
    assert(budget > 0 && budget < total, `${budget}`);
  }
});

Deno.test("memoryBudget() may ask for the container's limit in the process of a task", async () => {
  const code = 'import process from "node:process"; process.constrainedMemory();';
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-sys", `data:application/javascript,${encodeURI(code)}`],
    stderr: "null",
  }).output();
  assert(success);
});
