import { assertEquals } from "@std/assert";

const watch = new URL("../../lib/executors/memory_watch.ts", import.meta.url).href;

/** A process that watches its memory. */
function start(mostBytes: number, then: string): Deno.ChildProcess {
  const program = `
    import { watchMemory } from ${JSON.stringify(watch)};
    const thread = watchMemory(${mostBytes}, "too much");
    ${then}`;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", program],
    stdout: "piped",
  }).spawn();
}

Deno.test("watchMemory() tells, whatever the main thread does", async () => {
  const process = start(1, "for (;;);");
  const output = process.stdout.getReader();
  const { value } = await output.read();
  process.kill("SIGKILL");
  await Promise.all([output.cancel(), process.status]);
  assertEquals(new TextDecoder().decode(value), "too much");
});

Deno.test("watchMemory() tells nothing of a process that stays below, and lets it end", async () => {
  const { success, stdout } = await start(2 ** 50, "thread.terminate();").output();
  assertEquals([success, new TextDecoder().decode(stdout)], [true, ""]);
});
