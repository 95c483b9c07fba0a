import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { chooseExecutor } from "../../lib/workspace/choose_executor.ts";

/** What a function gives under a value of `TVP_GPUS`. */
function underGpus<T>(value: string | undefined, get: () => T): T {
  const before = Deno.env.get("TVP_GPUS");
  const set = (text: string | undefined) =>
    text === undefined ? Deno.env.delete("TVP_GPUS") : Deno.env.set("TVP_GPUS", text);
  set(value);
  try {
    return get();
  } finally {
    set(before);
  }
}

for (const [value, gpu] of [[undefined, 1], ["", 1], ["0", 0], ["4", 4]] as const) {
  Deno.test(`chooseExecutor() shares out ${gpu} GPUs with TVP_GPUS=${value}`, () => {
    assertEquals(underGpus(value, () => chooseExecutor("local").capacity.gpu), gpu);
  });
}

for (const value of ["two", "-1", "0.5", "1e9", " ", "NaN", "Infinity", "99999999"]) {
  Deno.test(`chooseExecutor() refuses TVP_GPUS=${JSON.stringify(value)}`, () => {
    assertThrows(
      () => underGpus(value, () => chooseExecutor("local")),
      DiagnosticError,
      `Cannot use TVP_GPUS=${JSON.stringify(value)}: expected a whole number of GPUs, such as 2`,
    );
  });
}
