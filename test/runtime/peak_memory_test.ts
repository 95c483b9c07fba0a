import { assert } from "@std/assert";
import { watchPeakMemory } from "../../lib/runtime/peak_memory.ts";

const mebibyte = 2 ** 20;

Deno.test({
  name: "watchPeakMemory() sees memory that is no longer held, and not what came before",
  ignore: Deno.build.os !== "linux",
  fn() {
    const block = new Uint8Array(64 * mebibyte).fill(1);
    assert(block[0] === 1);
    // Frees it here and now, not when it is collected.
    block.buffer.transfer(0);
    const peak = watchPeakMemory();
    const before = peak();
    const more = new Uint8Array(96 * mebibyte).fill(1);
    assert(more[more.length - 1] === 1);
    assert(peak() - before > 80 * mebibyte, `${(peak() - before) / mebibyte} MiB`);
    assert(before < 32 * mebibyte, `${before / mebibyte} MiB`);
  },
});
