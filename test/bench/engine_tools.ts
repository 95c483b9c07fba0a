/** Runners of pipelines, and how each is told the same graph. @module */
import { join } from "@std/path";
import { seedDvc } from "./engine_dvc.ts";
import { eachTask, inputsOf, outputOf, parentOf } from "./engine_graph.ts";

/** A program and its arguments. */
export type CommandLine = readonly [string, ...string[]];

/** A runner. */
export interface Tool {
  readonly name: string;
  /** A program that must be there; `undefined` for this project itself. */
  readonly program?: string;
  /** Writes the pipeline into a folder that has the sources. */
  prepare(folder: string, size: number): Promise<void> | void;
  readonly first: CommandLine;
  readonly cached: CommandLine;
  /** What would run, asked before anything has; absent where the runner cannot say. */
  readonly plan?: CommandLine;
  /** The most tasks that are measured at all. */
  readonly most?: number;
  /** The most tasks that are run for the first time; above it the state after it is written. */
  readonly maxFirst?: number;
  /** Writes the state that a first run leaves. */
  seed?(folder: string, size: number): void;
}

const main = new URL("../../lib/cli/main.ts", import.meta.url).pathname;
const stages = new URL("./stages", import.meta.url).pathname;
const cores = "2";

function tvp(command: string, ...rest: string[]): CommandLine {
  return [Deno.execPath(), "run", "-A", "--quiet", main, command, "tvp.yaml", ...rest];
}

/** This project, its tasks made by `stageOf`. */
function ownTool(name: string, stageOf: (task: number, parent: string) => string): Tool {
  return {
    name,
    prepare(folder, size) {
      const lines = eachTask(size, (task) => {
        const parent = parentOf(task);
        return `  s${task}: ${stageOf(task, parent === undefined ? "" : `stages.s${parent}`)}\n`;
      });
      const text = `name: bench\nstageFolder: ${stages}\nstages:\n${lines.join("")}`;
      Deno.writeTextFileSync(join(folder, "tvp.yaml"), text);
    },
    first: tvp("run", "--quiet", "--jobs", cores),
    cached: tvp("run", "--quiet", "--jobs", cores),
    plan: tvp("plan"),
  };
}

const oneCpu = "resources: { cpu: 1 }";

function joinWith(uses: string): (task: number, parent: string) => string {
  return (task, parent) => {
    const after = parent === "" ? "" : `, parent: "\${{ ${parent}.text }}"`;
    return `{ uses: ${uses}, with: { source: ./src/${task}.txt${after} }, ${oneCpu} }`;
  };
}

/** This project in four ways, from the cheapest kind of task to a shell in a worker process. */
export const ownTools: readonly Tool[] = [
  ownTool("noop", (task, parent) => {
    const after = parent === "" ? "" : `, after: "\${{ ${parent}.value }}"`;
    return `{ uses: noop, with: { task: ${task}${after} } }`;
  }),
  ownTool("in process", joinWith("join")),
  { ...ownTool("workers", joinWith("join-apart")), most: 1000 },
  {
    ...ownTool("command", (task, parent) => {
      const inputs = parent === "" ? "" : `inputs: { p: "\${{ ${parent}.text }}" }, `;
      const words = `cat {files.s}${parent === "" ? "" : " {inputs.p}"} > {outputs.text}`;
      return `{ uses: command, with: { run: [sh, -c, "${words}"], ${inputs}` +
        `files: { s: ./src/${task}.txt }, outputs: { text: text } }, ${oneCpu} }`;
    }),
    most: 1000,
  },
];

/** Path of a program: from the environment, `DVC=/path/to/dvc`, or else the PATH's. */
function programOf(name: string): string {
  return Deno.env.get(name.toUpperCase()) ?? name;
}

const [make, snakemake, dvc] = [programOf("make"), programOf("snakemake"), programOf("dvc")];

/** Other runners by name. */
export const otherTools: Readonly<Record<string, Tool>> = {
  make: {
    name: "make",
    program: make,
    prepare(folder, size) {
      const all = eachTask(size, outputOf).join(" ");
      const rules = eachTask(size, (task) =>
        // A shell, as the redirection needs one.
        `${outputOf(task)}: ${inputsOf(task).join(" ")}\n\tcat $^ > $@\n`);
      Deno.writeTextFileSync(join(folder, "Makefile"), `all: ${all}\n${rules.join("")}`);
    },
    first: [make, "--silent", `--jobs=${cores}`],
    cached: [make, "--silent", `--jobs=${cores}`],
    plan: [make, "--dry-run"],
  },
  snakemake: {
    name: "snakemake",
    program: snakemake,
    prepare(folder, size) {
      const rules = eachTask(
        size,
        (task) =>
          `rule s${task}:\n    input: ${JSON.stringify(inputsOf(task))}\n` +
          `    output: "${outputOf(task)}"\n    shell: "cat {input} > {output}"\n`,
      );
      const all = `rule all:\n    input: ${JSON.stringify(eachTask(size, outputOf))}\n`;
      Deno.writeTextFileSync(join(folder, "Snakefile"), all + rules.join(""));
    },
    first: [snakemake, "--cores", cores, "--quiet", "all"],
    cached: [snakemake, "--cores", cores, "--quiet", "all"],
    plan: [snakemake, "--cores", cores, "--dry-run", "--quiet", "all"],
    most: 1000,
  },
  dvc: {
    name: "dvc",
    program: dvc,
    async prepare(folder, size) {
      const entries = eachTask(size, (task) => {
        const deps = inputsOf(task);
        return `  s${task}:\n    cmd: cat ${deps.join(" ")} > ${outputOf(task)}\n` +
          `    deps: ${JSON.stringify(deps)}\n    outs: ["${outputOf(task)}"]\n`;
      });
      Deno.writeTextFileSync(join(folder, "dvc.yaml"), `stages:\n${entries.join("")}`);
      await runProgram(folder, [dvc, "init", "--no-scm", "-q"]);
      await runProgram(folder, [dvc, "config", "core.analytics", "false"]);
      await runProgram(folder, [dvc, "config", "core.check_update", "false"]);
    },
    first: [dvc, "repro", "-q"],
    cached: [dvc, "repro", "-q"],
    // Its first run takes time that grows with the square of the number of stages.
    maxFirst: 100,
    most: 1000,
    seed: seedDvc,
  },
};

/** What a process took: time on the clock, and of processors in it and in what it started. */
export interface Taken {
  readonly wallMs: number;
  /** Absent without bash, which is who can tell. */
  readonly cpuMs?: number;
}

const clock = 'TIMEFORMAT="%U %S"; time "$@"';
const hasBash = await isThere("bash");

/** Runs a program in a folder. @throws {TypeError} with what it said, if it fails. */
export async function runProgram(cwd: string, command: CommandLine): Promise<Taken> {
  const [program, ...args]: CommandLine = hasBash
    ? ["bash", "-c", clock, "bash", ...command]
    : command;
  const env = { NO_COLOR: "1", GITHUB_ACTIONS: "", DVC_NO_ANALYTICS: "1" };
  const options = { args, cwd, env, stdin: "null", stdout: "null" } as const;
  const start = performance.now();
  const { success, stderr } = await new Deno.Command(program, options).output();
  const wallMs = performance.now() - start;
  const text = new TextDecoder().decode(stderr);
  if (!success) throw new TypeError(`Cannot measure ${command.join(" ")}: it failed\n${text}`);
  const [, user, system] = /([\d.]+) ([\d.]+)\s*$/.exec(text) ?? [];
  return hasBash ? { wallMs, cpuMs: 1000 * (Number(user) + Number(system)) } : { wallMs };
}

/** Whether a program is there. */
export async function isThere(program: string): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: ["--version"], stdout: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
