import { assert, assertEquals } from "@std/assert";

const mebibyte = 2 ** 20;

// A process of its own: others' tests run in threads of this one, and their memory would count.
const program = `
import { watchPeakMemory } from "${new URL("../../lib/runtime/peak_memory.ts", import.meta.url)}";
const block = new Uint8Array(${64 * mebibyte}).fill(1);
// Frees it here and now, not when it is collected.
block.buffer.transfer(0);
const peak = watchPeakMemory();
const before = peak();
const more = new Uint8Array(${96 * mebibyte}).fill(1);
console.log(JSON.stringify({ before, added: peak() - before, last: more.at(-1) }));
`;

Deno.test({
  name: "watchPeakMemory() sees memory that is no longer held, and not what came before",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", program],
      stderr: "inherit",
    }).output();
    const { before, added, last } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(last, 1);
    assert(added > 80 * mebibyte, `${added / mebibyte} MiB`);
    assert(before < 32 * mebibyte, `${before / mebibyte} MiB`);
  },
});
