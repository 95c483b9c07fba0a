import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { StageContext } from "../../lib/pipeline/contract/stage.ts";
import command from "../../stages/command.ts";
import { withFolder } from "../cache/rig.ts";
import { hasPython, python } from "../tools/run_on_report.ts";

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
    messages: ["declare at least one output, such as { log: text }"],
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
    await run(["sh", "-c", "cat {inputs.all} > {outputs.out}"]);
    assertEquals(Deno.readTextFileSync(`${folder}/out`), "a\nb c\n");
  }));

Deno.test({
  name: "command keeps Python from writing into its files, whose content is in the key",
  ignore: !await hasPython(),
  fn: () =>
    withFolder(async (folder) => {
      Deno.mkdirSync(`${folder}/scripts`);
      Deno.writeTextFileSync(`${folder}/scripts/part.py`, "");
      Deno.writeTextFileSync(`${folder}/scripts/main.py`, "import part");
      const scripts = { type: "directory" as const, digest: "0", path: `${folder}/scripts` };
      const run = [python, "{files.scripts}/main.py"];
      await command.run({ run, inputs: {}, files: { scripts }, outputs }, {
        output: () => `${folder}/out`,
        log: () => {},
        signal: new AbortController().signal,
      } as unknown as StageContext);
      const names = Array.from(Deno.readDirSync(scripts.path), ({ name }) => name).sort();
      assertEquals(names, ["main.py", "part.py"]);
    }),
});

/** Names of folders with all that a shell reads. */
const ODD_NAMES = [
  ..."'&;|<>()$`\\\"*?[]{}!#~=^ \t\n",
  "$(touch x)",
  "`touch x`",
  "a  b",
  "-n x",
  "$&",
  "${HOME}",
  "%s 100%",
  "\u00fc \u{1f34e}",
];

/** How a path may stand in the text of a shell. */
const QUOTED: Readonly<Record<string, string>> = {
  bare: "cat {inputs.a} {files.note} > {outputs.out}",
  "double quotes": 'cat "{inputs.a}" "{files.note}" > "{outputs.out}"',
  "single quotes": "cat '{inputs.a}' '{files.note}' > '{outputs.out}'",
  "a command inside": 'printf "%s\\n" "$(cat {inputs.a} `echo {files.note}`)" > {outputs.out}',
  "a whole text": "{files.script}",
  "a here-document": "xargs cat << E > {outputs.out}\n{inputs.a} {files.note}\nE",
};

for (const [how, text] of Object.entries(QUOTED)) {
  Deno.test(`command writes paths of any signs into the text of a shell: ${how}`, () =>
    withFolder(async (folder) => {
      for (const [index, name] of ODD_NAMES.entries()) {
        const odd = `${folder}/${index}/${name}`;
        Deno.mkdirSync(odd, { recursive: true });
        Deno.writeTextFileSync(`${odd}/a`, "hello\n");
        Deno.writeTextFileSync(`${odd}/no${name}te.txt`, "note\n");
        Deno.writeTextFileSync(
          `${odd}/s.sh`,
          `#!/bin/sh\ncd "$(dirname "$0")"; cat a *.txt > out\n`,
        );
        Deno.chmodSync(`${odd}/s.sh`, 0o755);
        const source = (path: string) => ({ type: "file" as const, digest: "", path });
        await command.run({
          run: ["sh", "-c", text],
          inputs: { a: source(`${odd}/a`) },
          files: { note: source(`${odd}/no${name}te.txt`), script: source(`${odd}/s.sh`) },
          outputs,
        }, {
          output: () => `${odd}/out`,
          log: (line: string) => assertEquals(line, ""),
          signal: new AbortController().signal,
        } as unknown as StageContext);
        assertEquals(Deno.readTextFileSync(`${odd}/out`), "hello\nnote\n", name);
        const made = [...Deno.readDirSync(odd)].map((entry) => entry.name).sort();
        assertEquals(made, ["a", `no${name}te.txt`, "out", "s.sh"].sort());
      }
    }));
}

/** Shells by other names, and programs that hand a text to one. */
const HANDED_ON: readonly (readonly string[])[] = [
  ["env", "-u", "X", "bash", "-ec"],
  ["flock", "LOCK", "-c"],
  ["timeout", "9", "sh", "-c"],
  ["./bash-5.2", "-c"],
];

for (const start of HANDED_ON) {
  Deno.test(`command writes paths of any signs into a text after ${start.join(" ")}`, () =>
    withFolder(async (folder) => {
      const odd = `${folder}/it's $(x)`;
      Deno.mkdirSync(odd);
      Deno.writeTextFileSync(`${odd}/a`, "hello\n");
      Deno.symlinkSync("/bin/sh", `${folder}/bash-5.2`);
      const words = start.map((word) => word.replace("LOCK", `${folder}/lock`));
      await command.run({
        run: [
          ...words.map((word) => word.replace(/^\.(?=\/)/, folder)),
          "cat {inputs.a} > {outputs.out}",
        ],
        inputs: { a: { type: "file", digest: "", path: `${odd}/a` } },
        files: {},
        outputs,
      }, {
        output: () => `${odd}/out`,
        log: (line: string) => assertEquals(line, ""),
        signal: new AbortController().signal,
      } as unknown as StageContext);
      assertEquals(Deno.readTextFileSync(`${odd}/out`), "hello\n");
    }));
}

Deno.test("command leaves paths as they are in words that no shell reads", () =>
  withFolder(async (folder) => {
    const path = `${folder}/b c`;
    Deno.writeTextFileSync(path, "");
    const code = "Deno.writeTextFileSync('{outputs.out}', Deno.args.join())";
    await command.run({
      run: [Deno.execPath(), "eval", code, "{inputs.a}", "--x={inputs.a}"],
      inputs: { a: { type: "file", digest: "", path } },
      files: {},
      outputs,
    }, {
      output: () => `${folder}/o u t`,
      log: () => {},
      signal: new AbortController().signal,
    } as unknown as StageContext);
    assertEquals(Deno.readTextFileSync(`${folder}/o u t`), `${path},--x=${path}`);
  }));

Deno.test("command does not wait for what its program has left running, and loses no line", () =>
  withFolder(async (folder) => {
    const log: string[] = [];
    const context = {
      output: () => `${folder}/out`,
      log: (line: string) => log.push(line),
      signal: new AbortController().signal,
    } as unknown as StageContext;
    const words = ["sh", "-c", "sleep 60 & echo one; printf 'two\\r\\nthree'"];
    const start = performance.now();
    await command.run({ run: words, inputs: {}, files: {}, outputs }, context);
    assert(performance.now() - start < 30_000);
    assertEquals(log, ["one", "two", "three"]);
  }));

Deno.test("command ends what its program has left running, also where that ignores a signal", () =>
  withFolder(async (folder) => {
    const context = {
      output: () => `${folder}/out`,
      log: () => {},
      signal: new AbortController().signal,
    } as unknown as StageContext;
    const left = "trap '' TERM; echo $$ > pid; while :; do :; done";
    const words = ["sh", "-c", `cd ${folder}; sh -c "${left}" & until [ -s pid ]; do :; done`];
    await command.run({ run: words, inputs: {}, files: {}, outputs }, context);
    const pid = Number(await Deno.readTextFile(`${folder}/pid`));
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "gone");
    // What has ended is gone, or waits for its parent to notice.
    assertMatch(state, /^gone$|\) Z /);
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
