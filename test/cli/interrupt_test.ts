import { assertEquals, assertStringIncludes } from "@std/assert";

/** Saves for a second after the interrupt, as a run does, and says what became of it. */
const program = `
  import { interruptSignal } from "${new URL("../../lib/cli/interrupt.ts", import.meta.url)}";
  using interrupt = interruptSignal(() => true);
  const saved = new Promise((resolve) =>
    interrupt.signal.addEventListener("abort", () => setTimeout(resolve, 1000))
  );
  console.log("ready");
  const keepAlive = setInterval(() => {}, 1000);
  await saved;
  clearInterval(keepAlive);
  console.log("saved");
`;

/** Runs the program; sends it SIGINT at these times after it is ready. */
async function interruptedAt(timesMs: readonly number[]): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const errors = new Response(child.stderr).text();
  let text = "";
  let sent = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (sent || !text.includes("ready")) continue;
    sent = true;
    for (const ms of timesMs) setTimeout(() => child.kill("SIGINT"), ms);
  }
  const { code } = await child.status;
  return { code, text: text + await errors };
}

Deno.test("interruptSignal() takes an interrupt that deno task passes on for the same one", async () => {
  const { code, text } = await interruptedAt([0, 50]);
  assertEquals(code, 0, text);
  assertStringIncludes(text, "saved");
  assertEquals(text.split("Saving state").length, 2);
});

Deno.test("interruptSignal() ends at once when it is asked again", async () => {
  const { code, text } = await interruptedAt([0, 700]);
  assertEquals(code, 130, text);
  assertEquals(text.includes("saved"), false);
});
