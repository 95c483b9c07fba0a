import { assertEquals, assertThrows } from "@std/assert";
import { TimeLimitError, withTimeLimit } from "../../lib/models/time_limit.ts";

Deno.test("withTimeLimit() ends an expression that backtracks, and a loop", () => {
  const text = `${"a".repeat(40)}b`;
  const endless = [() => /(a+)+$/.test(text), () => {
    for (;;);
  }];
  for (const work of endless) {
    assertThrows(() => withTimeLimit(work, 50), TimeLimitError, "Cannot wait longer than 0.05 s");
  }
});

Deno.test("withTimeLimit() gives what the work gives, and throws what it throws", () => {
  assertEquals(withTimeLimit(() => 7, 1000), 7);
  const fail = () => withTimeLimit(() => new Array(-1), 1000);
  assertThrows(fail, RangeError, "Invalid array length");
});
