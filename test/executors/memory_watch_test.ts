import { assertEquals } from "@std/assert";

const watch = new URL("../../lib/executors/memory_watch.ts", import.meta.url).href;

/** What a process prints that watches its memory, while its main thread is busy. */
async function printed(mostBytes: number): Promise<string> {
  const program = `
    import { watchMemory } from ${JSON.stringify(watch)};
    const thread = watchMemory(${mostBytes}, "too much");
    const until = performance.now() + 1000;
    await new Promise((done) => setTimeout(done, 500));
    while (performance.now() < until);
    thread.terminate();`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", program],
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("watchMemory() tells once, whatever the main thread does", async () => {
  assertEquals(await Promise.all([printed(1), printed(2 ** 50)]), ["too much", ""]);
});
