import { assert, assertEquals, assertRejects } from "@std/assert";
import type { StageContext } from "../../lib/pipeline/stage.ts";
import command from "../../stages/command.ts";
import { withFolder } from "../cache/rig.ts";

const outputs = { out: "text" as const };

const cases: readonly { what: string; with: unknown; messages: readonly string[] }[] = [
  { what: "paths that are declared", with: { run: ["p", "{outputs.out}"], outputs }, messages: [] },
  { what: "braces that are none of ours", with: { run: ["p", "{x}{}"], outputs }, messages: [] },
  {
    what: "a path that is not declared",
    with: { run: ["p", "{outputs.uot}{inputs.a}"], outputs },
    messages: [
      '{outputs.uot} has no path: outputs has "out"',
      "{inputs.a} has no path: inputs has no entries",
    ],
  },
  {
    what: "a line for a shell",
    with: { run: "p > q", outputs },
    messages: ["a list: a program and its arguments, no shell"],
  },
  {
    what: "no outputs",
    with: { run: ["p"], outputs: {} },
    messages: ["at least one output has to be declared, such as { log: text }"],
  },
];

Deno.test("command makes as many arguments of a list of inputs, or words within a text", () =>
  withFolder(async (folder) => {
    const artifacts = ["a", "b c"].map((name) => {
      const path = `${folder}/${name}`;
      Deno.writeTextFileSync(path, `${name}\n`);
      return { type: "text" as const, digest: name, path };
    });
    const run = (words: string[]) =>
      command.run({ run: words, inputs: { all: artifacts }, files: {}, outputs }, {
        output: () => `${folder}/out`,
        log: () => {},
        signal: new AbortController().signal,
      } as unknown as StageContext);
    const script = `for each in "$@"; do cat "$each" >> "${folder}/list"; done`;
    await run(["sh", "-c", script, "sh", "{inputs.all}"]);
    assertEquals(Deno.readTextFileSync(`${folder}/list`), "a\nb c\n");
    await run(["sh", "-c", `echo "{inputs.all}" > {outputs.out}`]);
    assertEquals(Deno.readTextFileSync(`${folder}/out`), `${folder}/a ${folder}/b c\n`);
  }));

Deno.test("command ends with all that its program started when it is aborted", () =>
  withFolder(async (folder) => {
    const controller = new AbortController();
    const context = {
      output: () => `${folder}/out`,
      log: () => controller.abort(new RangeError("out of time")),
      signal: controller.signal,
    } as unknown as StageContext;
    const words = ["sh", "-c", "sleep 60 & echo started; wait"];
    const start = performance.now();
    await assertRejects(
      () => command.run({ run: words, inputs: {}, files: {}, outputs }, context),
      RangeError,
      "out of time",
    );
    assert(performance.now() - start < 30_000);
  }));

for (const { what, with: given, messages } of cases) {
  Deno.test(`command takes ${what}${messages.length > 0 ? " for a mistake" : ""}`, () => {
    const checked = command.with.safeParse(given);
    assertEquals(checked.error?.issues.map((issue) => issue.message) ?? [], messages);
  });
}
