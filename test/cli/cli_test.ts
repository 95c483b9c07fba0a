import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseYaml } from "../../lib/diagnostic/yaml_core.ts";
import type { RunEvent } from "../../lib/pipeline/contract/event.ts";

const root = new URL("../../", import.meta.url);
const main = new URL("lib/cli/main.ts", root).pathname;

/** A folder with files, in which the program is run as people run it. */
class Workplace implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "tvp-cli-" });

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = `${this.path}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }

  read(name: string): string {
    return Deno.readTextFileSync(`${this.path}/${name}`);
  }

  spawn(args: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", main, ...args],
      cwd: this.path,
      env: { NO_COLOR: "1", GITHUB_ACTIONS: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async tvp(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    return await this.tvpWith({}, ...args);
  }

  async tvpWith(env: Record<string, string>, ...args: string[]) {
    const { code, stdout, stderr } = await this.spawn(args, env).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

const pipeline = `name: demo
vars: { size: 1 }
stages:
  first: { uses: noop, with: { size: "\${{ vars.size }}" } }
  fan: { uses: noop, matrix: { i: [1, 2] }, with: { i: "\${{ matrix.i }}", x: "\${{ stages.first.value }}" } }
  page:
    uses: command
    with:
      run: [sh, -c, "echo made page; echo hello > {outputs.out}"]
      inputs: { a: "\${{ stages.first.value }}" }
      outputs: { out: text }
`;

Deno.test("tvp run runs what is needed, links it, and then has nothing to do", async () => {
  await using place = new Workplace({ "demo.yaml": pipeline });
  const first = await place.tvp("run", "demo.yaml");
  assertEquals(first.code, 0, first.err);
  assertMatch(first.out, /Done: 4 tasks, 4 ran in /);
  assertEquals(place.read(".tvp/runs/demo/latest/fan/i=2/value.json").slice(0, 6), '{"i":2');
  assertEquals(place.read(".tvp/runs/demo/latest/page/out.txt"), "hello\n");
  const second = await place.tvp("run", "demo.yaml");
  assertMatch(second.out, /^Nothing to do: 4 tasks, all cached \(.*\)\n$/);
  const changed = await place.tvp("run", "demo.yaml", "--set", "size=2");
  assertMatch(changed.out, /Done: 4 tasks, 4 ran in /);
  const { out } = await place.tvp("runs", "demo", "--json");
  assertEquals(out.trim().split("\n").length, 2);
});

Deno.test("the looking commands say what there is", async () => {
  await using place = new Workplace({ "demo.yaml": pipeline });
  assertMatch((await place.tvp("plan", "demo.yaml")).out, /run +first .*\ndepends +fan\[i=1\]/);
  await place.tvp("run", "demo.yaml");
  assertStringIncludes((await place.tvp("status", "demo.yaml")).out, "fan    2/2 cached");
  assertStringIncludes((await place.tvp("run", "demo.yaml", "--plan")).out, "4 cached, 0 to run");
  assertEquals((await place.tvp("logs", "demo.yaml", "page")).out, "── page\nmade page\n");
  const content = await place.tvp("show", "demo.yaml", "page.out", "--content");
  assertEquals(content.out, "hello\n\n");
  const why = await place.tvp("why", "demo.yaml", "first", "--set", "size=7");
  assertStringIncludes(why.out, "first will run\n  what differs from run ");
  assertStringIncludes(why.out, "parameters.size: 1 → 7");
  const after = await place.tvp("why", "demo.yaml", "fan", "--set", "size=7");
  assertStringIncludes(after.out, "fan[i=1] depends on what runs before it\n  waits for: first");
  assertMatch((await place.tvp("verify")).out, /4 tasks: 0 damaged, 0 missing/);
  assertMatch((await place.tvp("gc", "--only-kept", "--keep-runs", "0")).out, /Removed 4 tasks/);
});

Deno.test("tvp graph draws a tree, Mermaid and DOT", async () => {
  await using place = new Workplace({ "demo.yaml": pipeline });
  assertEquals((await place.tvp("graph", "demo.yaml")).out, "fan ×2\n└─ first\npage\n└─ first\n");
  const mermaid = await place.tvp("graph", "demo.yaml", "--format", "mermaid");
  assertEquals(
    mermaid.out,
    'flowchart TD\n  n0["first"]\n  n1["fan ×2"]\n  n0 --> n1\n  n2["page"]\n  n0 --> n2\n',
  );
  const dot = await place.tvp("graph", "demo.yaml", "--format", "dot", "--tasks");
  assertStringIncludes(dot.out, '  "first" -> "fan[i=1]";\n');
});

const mistakes: readonly { args: string[]; code: number; err: RegExp }[] = [
  { args: [], code: 2, err: /^$/ },
  { args: ["runn"], code: 2, err: /Unknown command "runn"\n {2}= did you mean "run"\?/ },
  { args: ["--hepl"], code: 2, err: /Unknown command "--hepl"\n {2}= did you mean "--help"\?/ },
  { args: ["run", "--hepl"], code: 2, err: /Unknown option.*\n.*did you mean "--help"/ },
  { args: ["gc", "--only-kept"], code: 2, err: /Cannot use --only-kept: expected --keep-runs N/ },
  { args: ["run"], code: 2, err: /Cannot run "tvp run": expected FILE, got nothing/ },
  {
    args: ["run", "demo.yaml", "--jbos", "2"],
    code: 2,
    err: /^error: Unknown option "--jbos".*\n.*did you mean "--jobs"\?\n.*all options.*\n*$/,
  },
  {
    args: ["run", "demo.yaml", "--jobs", "two"],
    code: 2,
    err: /"two" for --jobs: expected a whole/,
  },
  { args: ["run", "demo.yaml", "--jobs", "0"], code: 2, err: /Cannot use "0" for --jobs/ },
  {
    args: ["run", "demo.yaml", "--provider", "tpu"],
    code: 2,
    err: /expected auto, cpu, cuda, webgpu/,
  },
  {
    args: ["run", "demo.yaml", "--provider", "cuda:first"],
    code: 2,
    err: /Cannot use "cuda:first" for --provider/,
  },
  {
    args: ["run", "demo.yaml", "--tf32"],
    code: 2,
    err: /Cannot use --tf32 with --provider auto: only CUDA has it\n {2}= add --provider cuda/,
  },
  {
    args: ["run", "."],
    code: 2,
    err: /Cannot read the pipeline file ".": it is a folder\n {2}= known: .*"demo.yaml"/,
  },
  { args: ["run", "demp.yaml"], code: 2, err: /no such file\n {2}= did you mean "demo.yaml"\?/ },
  {
    args: ["init", "gone/mine.yaml"],
    code: 2,
    err: /Cannot write "gone\/mine.yaml": there is no such folder/,
  },
  { args: ["prompt", "show", "."], code: 2, err: /Cannot use prompt ".": it is a folder/ },
  { args: ["run", "none.yaml"], code: 2, err: /Cannot read the pipeline file "none.yaml"/ },
  {
    args: ["run", "demo.yaml", "--target", "frist"],
    code: 2,
    err: /no such stage or task\n.*"first"/,
  },
  { args: ["run", "demo.yaml", "--force=frist"], code: 2, err: /Cannot select "frist"/ },
  { args: ["run", "demo.yaml", "--set", "siez=1"], code: 2, err: /did you mean "size"/ },
  { args: ["run", "bad.yaml"], code: 2, err: /^bad.yaml:3:14: error: .*"nope"/ },
  { args: ["show", "demo.yaml", "nothing"], code: 2, err: /Cannot select "nothing"/ },
  { args: ["gc", "--max-age", "old"], code: 2, err: /Cannot use "old" for --max-age/ },
];

Deno.test("the program says what is wrong with its arguments, and exits 2", async () => {
  const bad = "name: bad\nstages:\n  a: { uses: nope }\n";
  await using place = new Workplace({ "demo.yaml": pipeline, "bad.yaml": bad });
  for (const { args, code, err } of mistakes) {
    const result = await place.tvp(...args);
    assertEquals(result.code, code, `${args.join(" ")}: ${result.err}`);
    assertMatch(result.err, err);
  }
});

Deno.test("every command has help with an example", async () => {
  await using place = new Workplace({});
  const { out } = await place.tvp("--help");
  const names = [...out.matchAll(/^ {2}(\w+) {2}/gm)].map(([, name]) => name!);
  assert(names.length >= 13);
  for (const name of names) {
    const help = await place.tvp(name, "--help");
    assertEquals(help.code, 0);
    assertMatch(help.out, /Example:\n {2}(eval "\$\()?deno task (-q )?\w+/, name);
    assertStringIncludes(help.out, name === "doctor" ? "--json" : "--help");
    const [, set] = /pipelines\/quickstart\.yaml .*--set '(.+?)'/.exec(help.out) ?? [];
    if (set === undefined) continue;
    const quickstart = new URL("pipelines/quickstart.yaml", root).pathname;
    const { code, err } = await place.tvp("plan", quickstart, "--set", set);
    assertEquals([name, code, err], [name, 0, ""]);
  }
});

const failing = `name: fail
stages:
  bad: { uses: command, with: { run: [sh, -c, "echo oops >&2; exit 3"], outputs: { out: text } } }
  lazy: { uses: command, with: { run: ["true"], outputs: { out: text } } }
  after: { uses: noop, with: { x: "\${{ stages.bad.out }}" } }
  good: { uses: command, with: { run: [sh, -c, "echo fine > {outputs.out}"], outputs: { out: text } } }
`;

Deno.test("a stage that fails makes exit code 1, and its log is kept", async () => {
  await using place = new Workplace({ "fail.yaml": failing });
  const result = await place.tvp("run", "fail.yaml", "--keep-going");
  assertEquals(result.code, 1);
  assertStringIncludes(result.out, '✗ bad: Cannot finish "sh": it ended with exit code 3');
  assertStringIncludes(result.out, '✗ lazy: Cannot store output "out": the stage did not write it');
  assertMatch(result.out, /Failed: 4 tasks, 1 ran, 2 failed, 1 not started in /);
  const lazy = await place.tvp("logs", "fail.yaml", "lazy");
  assertStringIncludes(lazy.out, "the stage did not write it\n(it logged nothing)\n");
  const logs = await place.tvp("logs", "fail.yaml", "bad");
  assertStringIncludes(logs.out, "exit code 3\noops\n");
});

Deno.test("a damaged object is a warning that names it, and its task runs again", async () => {
  await using place = new Workplace({ "demo.yaml": pipeline });
  await place.tvp("run", "demo.yaml");
  const { out: shown } = await place.tvp("show", "demo.yaml", "page.out", "--json");
  const { path } = JSON.parse(shown) as { path: string };
  const { mtime } = Deno.statSync(path);
  Deno.chmodSync(path, 0o644);
  Deno.writeTextFileSync(path, "HELLO\n");
  Deno.utimeSync(path, mtime!, mtime!);
  const { code, out } = await place.tvp("run", "demo.yaml");
  assertEquals(code, 0);
  assertMatch(
    out,
    /^! Cannot use output "out" of cached task .*: object [0-9a-f]{64} is damaged\n/,
  );
  assertMatch(out, /Done: 4 tasks, 1 ran, 3 cached in /);
  assertEquals(Deno.readTextFileSync(path), "hello\n");
});

Deno.test("what people do to the files of a run changes nothing in the store", async () => {
  const cells = ["a/b", "a-b", "A-B"];
  const stage = {
    uses: "command",
    matrix: { m: cells },
    with: {
      run: [
        "sh",
        "-c",
        "mkdir {outputs.d}; echo '${{ matrix.m }}' | tee {outputs.d}/x > {outputs.t}",
      ],
      outputs: { d: "directory", t: "text" },
    },
  };
  await using place = new Workplace({
    "p.yaml": JSON.stringify({ name: "p", stages: { a: stage } }),
  });
  assertEquals((await place.tvp("run", "p.yaml")).code, 0);
  const folder = `${place.path}/.tvp/runs/p/latest/a`;
  const files = [...Deno.readDirSync(folder)].flatMap(({ name }) =>
    ["d/x", "t.txt"].map((file) => `${folder}/${name}/${file}`)
  );
  const texts = files.map((file) => Deno.readTextFileSync(file).trim()).sort();
  assertEquals(texts, cells.flatMap((cell) => [cell, cell]).sort());
  for (const file of files) {
    Deno.chmodSync(file, 0o644);
    Deno.writeTextFileSync(file, "changed\n");
  }
  assertEquals((await place.tvp("verify")).code, 0);
  assertMatch((await place.tvp("run", "p.yaml")).out, /Nothing to do: 3 tasks, all cached/);
});

Deno.test("every command says which store it cannot use", async () => {
  await using place = new Workplace({ "demo.yaml": pipeline, "afile": "" });
  for (
    const words of ["run demo.yaml", "status demo.yaml", "show demo.yaml page", "verify", "gc"]
  ) {
    const { code, err } = await place.tvp(...words.split(" "), "--cache", "afile");
    assertEquals(code, 2, words);
    assertMatch(
      err,
      /^error: Cannot (write to the cache "afile": it is not a folder|go on: .*afile)/m,
    );
  }
});

Deno.test("mistakes under --json are lines of JSON, and the words of other programs are known", async () => {
  await using place = new Workplace({ "bad.yaml": "name: 1\n" });
  const file = await place.tvp("plan", "bad.yaml", "--json");
  const lines = file.out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([file.code, file.err], [2, ""]);
  assertEquals(lines.map(({ type, diagnostic }) => [type, diagnostic.location.line]), [
    ["error", 1],
    ["error", 1],
  ]);
  const { code, err } = await place.tvp("run", "bad.yaml", "--dry-run");
  assertEquals(code, 2);
  assertStringIncludes(err, 'Unknown option "--dry-run" of run\n  = did you mean "--plan"?');
});

function eventsOf(text: string): RunEvent[] {
  return text.trim().split("\n").map((line) => JSON.parse(line) as RunEvent);
}

Deno.test("--json gives one event a line, from run-started to run-finished", async () => {
  await using place = new Workplace({ "demo.yaml": pipeline });
  const { out } = await place.tvp("run", "demo.yaml", "--json");
  const events = eventsOf(out);
  assertEquals(events[0], {
    type: "run-started",
    version: 1,
    pipeline: "demo",
    tasks: 4,
    stages: { first: 1, fan: 2, page: 1 },
    jobs: events[0]!.type === "run-started" ? events[0].jobs : 0,
  });
  assertEquals(events.filter((event) => event.type === "task-finished").length, 4);
  assertEquals(events.at(-1)!.type, "run-finished");
});

const counter = `
import { z } from "${import.meta.resolve("zod")}";
import { defineStage } from "${new URL("lib/pipeline/contract/stage.ts", root).href}";

/** Counts to ten; half-way it waits to be interrupted, if it started from nothing. */
export default defineStage({
  name: "counter",
  description: "Counts.",
  with: z.strictObject({}),
  outputs: { total: "json" },
  async run(_, context) {
    const saved = await context.checkpoint.load();
    const state = saved ? JSON.parse(new TextDecoder().decode(saved)) : { step: 0, sum: 0 };
    for (; state.step < 10; state.step++) {
      state.sum += state.step * state.step;
      if (state.step === 5 && !saved && Deno.env.get("STRAIGHT") !== "1") {
        context.log("half-way");
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      }
      if (context.signal.aborted) {
        await context.checkpoint.save(
          new TextEncoder().encode(JSON.stringify({ ...state, step: state.step + 1 })),
        );
        throw context.signal.reason;
      }
    }
    await Deno.writeTextFile(context.output("total"), JSON.stringify(state));
  },
});
`;

const countingPipeline = `name: count
stageFolder: ./own
stages:
  count: { uses: counter }
`;

Deno.test("SIGINT saves the state and exits 130; the next run continues to the same result", async () => {
  await using place = new Workplace({ "count.yaml": countingPipeline, "own/counter.ts": counter });
  const child = place.spawn(["run", "count.yaml", "--json"]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream() as never).getReader();
  let seen = "";
  while (!seen.includes("half-way")) {
    const { value, done } = await reader.read();
    if (done) throw new RangeError(`the run ended too early: ${seen}`);
    seen += value;
  }
  child.kill("SIGINT");
  for (let part = await reader.read(); !part.done; part = await reader.read()) seen += part.value;
  const { code } = await child.status;
  await child.stderr.cancel();
  assertEquals(code, 130);
  const events = eventsOf(seen);
  const last = events.at(-1)!;
  assertEquals(last.type === "run-finished" && last.outcome, "interrupted");
  assertStringIncludes((await place.tvp("status", "count.yaml")).out, "1 saved part-way");

  const again = await place.tvp("run", "count.yaml", "--json");
  assertEquals(again.code, 0, again.err);
  assert(eventsOf(again.out).some((event) => event.type === "task-resumed"));
  const resumed = place.read(".tvp/runs/count/latest/count/total.json");
  const args = ["run", "count.yaml", "--cache", "other"];
  assertEquals((await place.tvpWith({ STRAIGHT: "1" }, ...args)).code, 0);
  assertEquals(resumed, place.read(".tvp/runs/count/latest/count/total.json"));
});

/** What a pipeline file says, of which the starter's tasks and rates are the quickstart's. */
interface StarterText {
  readonly vars: Readonly<Record<string, unknown>> & {
    readonly variants: Readonly<Record<string, unknown>>;
  };
  readonly stages: Readonly<
    Record<"data" | "prompt" | "report", { readonly with: Readonly<Record<string, unknown>> }>
  >;
}

const quickstart = Deno.readTextFileSync(new URL("pipelines/quickstart.yaml", root));

Deno.test("tvp init writes a pipeline that can be run, and overwrites nothing", async () => {
  await using place = new Workplace({});
  assertEquals((await place.tvp("init", "mine.yaml")).code, 0);
  assertStringIncludes(place.read("mine.yaml"), "name: mine\n");
  const plan = await place.tvp("run", "mine.yaml", "--plan");
  assertEquals([plan.code, plan.err], [0, ""]);
  const own = parseYaml(place.read("mine.yaml")) as StarterText;
  const quick = parseYaml(quickstart) as StarterText;
  assertEquals(own.vars.methods, quick.vars.methods);
  assertEquals(own.vars.variants.tvp, quick.vars.variants.tvp);
  assertEquals([own.vars.source, own.vars.steps], [
    quick.vars.source,
    quick.stages.prompt.with.steps,
  ]);
  assertEquals(own.stages.data.with, {
    dataset: quick.vars.dataset,
    parameters: quick.vars.parameters,
  });
  for (const name of ["canvas", "imageSize"]) {
    assertEquals(own.stages.prompt.with[name], quick.stages.prompt.with[name]);
  }
  const { data, primary } = own.stages.report.with;
  assertEquals(data, "${{ stages.data.test }}");
  assert(Array.isArray(primary) && primary.length > 0);
  const again = await place.tvp("init", "mine.yaml");
  assertEquals([again.code, again.err.includes("there is a file of this name")], [2, true]);
});
