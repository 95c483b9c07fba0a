import { assertEquals, assertMatch } from "@std/assert";
import { toFileUrl } from "@std/path";
import { HostedModule, HostFailure, hostFlags } from "../../lib/executors/hosted_module.ts";
import type { HostQuestion } from "../../lib/executors/stage_host_process.ts";
import { withFolder } from "../cache/rig.ts";

type Question = HostQuestion extends infer Q ? Q extends HostQuestion ? Omit<Q, "module"> : never
  : never;

/** What a module answers, or why it does not, when it is asked several times. */
async function answers(
  folder: string,
  text: string,
  times: number,
  question: Question = { type: "describe" },
): Promise<unknown[]> {
  const path = `${folder}/own.ts`;
  Deno.writeTextFileSync(path, text);
  const module = toFileUrl(path).href;
  await using hosted = new HostedModule(hostFlags([module]));
  const heard: unknown[] = [];
  for (let asked = 0; asked < times; asked++) {
    try {
      heard.push(await hosted.ask({ ...question, module }));
    } catch (error) {
      if (!(error instanceof HostFailure)) throw error;
      heard.push(error.mistake?.cause ?? error.message);
    }
  }
  return heard;
}

const ends = "ends before it describes itself, or needs more than 512 MiB of memory";
const grows = "it needs more than 768 MiB of memory while it is loaded";

/** Takes 1 GiB of buffers, and never comes to its end. */
const growing =
  "const all = []; for (;;) if (all.length < 64) all.push(new Uint8Array(2**24).fill(1));";

Deno.test("HostedModule ends a process that takes too much memory", () =>
  withFolder(async (folder) => {
    // One that still ran would not answer the second time.
    assertEquals(await answers(folder, growing, 2), [grows, grows]);
  }));

Deno.test("HostedModule ends a process that answers what it was not asked", () =>
  withFolder(async (folder) => {
    const text = 'console.log("\\x1e{\\"value\\":1}\\n\\x1e{\\"value\\":2}"); for (;;);';
    assertEquals(await answers(folder, text, 2), [1, ends]);
  }));

Deno.test("HostedModule reads what a module says in place of an answer", async () => {
  const cases: readonly (readonly [said: string, heard: unknown])[] = [
    ["null", null],
    ["5", null],
    ["{", "gives an answer that cannot be read"],
    ['{"mistake":null}', "no cause"],
    ['{"mistake":{"cause":{"toString":1},"notes":[{"toString":1}]}}', '{"toString":1}'],
  ];
  for (const [said, heard] of cases) {
    await withFolder(async (folder) => {
      const text = `console.log(${JSON.stringify(`\x1e${said}`)});`;
      assertEquals(await answers(folder, text, 1), [heard]);
    });
  }
});

Deno.test("HostedModule asks a question of more than a million characters", () =>
  withFolder(async (folder) => {
    const tasks = [{ id: "x".repeat(2 << 20), outputs: {} }];
    const question = { type: "check", items: [], tasks } as const;
    const [cause] = await answers(folder, "export default 1;", 1, question);
    assertMatch(String(cause), /its default export is not made by defineStage$/);
  }));
