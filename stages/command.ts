import { z } from "zod";
import { PlainPaths } from "./_plain_paths.ts";
import { type DiagnosticError, diagnosticError } from "../lib/diagnostic/diagnostic.ts";
import { readLines } from "../lib/trust/read_lines.ts";
import {
  type Artifact,
  artifact,
  type ArtifactType,
  artifactTypes,
  defineStage,
  file,
} from "../lib/pipeline/contract/stage.ts";

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "a name such as weights" });
const outputType = z.enum(artifactTypes);

const input = z.union([artifact("file"), artifact("directory")]);

/** Runs a program of any language, with declared inputs and outputs. */
export default defineStage({
  name: "command",
  description: "Runs a program; {inputs.NAME}, {files.NAME}, {outputs.NAME} in it become paths.",
  with: z.strictObject({
    run: z.array(z.string(), { error: "a list: a program and its arguments, no shell" }).min(1)
      .describe("program and arguments, no shell"),
    inputs: z.record(name, z.union([input, z.array(input)])).default({})
      .describe("artifacts of other stages, or lists of them"),
    files: z.record(name, file()).default({}).describe("files of the project; content in the key"),
    outputs: z.record(name, outputType).refine((outputs) => Object.keys(outputs).length > 0, {
      error: "declare at least one output, such as { log: text }",
    }).describe("what the program writes"),
  }).check(({ value, issues }) => {
    value.run.forEach((word, index) => {
      for (const message of unfilled(word, value)) {
        issues.push({ code: "custom", message, path: ["run", index], input: word });
      }
    });
  }),
  outputs: {} as Readonly<Record<string, ArtifactType>>,
  declareOutputs: ({ outputs }) => outputs,
  // As other runners count: a program that takes more says so in `resources`.
  cpu: 1,
  permissions: ["run", "read", "write"],
  async run({ run, inputs, files, outputs }, context) {
    const paths = {
      inputs: pathsOf(inputs),
      files: pathsOf(files),
      outputs: Object.fromEntries(Object.keys(outputs).map((key) => [key, context.output(key)])),
    };
    using plain = new PlainPaths();
    const [program, ...args] = fillWords(run, paths, plain);
    if (program === undefined) throw mistake("Cannot run a program: the list of inputs is empty");
    context.signal.throwIfAborted();
    const child = start(program, args);
    const stop = () => stopGroup(child);
    context.signal.addEventListener("abort", stop, { once: true });
    const streams = [child.stdout, child.stderr].map((stream) => new Lines(stream, context.log));
    const status = await child.status;
    // What it started and left running would hold the log open, and might still write its outputs.
    stopGroup(child, "SIGKILL");
    await Promise.all(streams.map((lines) => lines.end()));
    context.signal.removeEventListener("abort", stop);
    context.signal.throwIfAborted();
    if (status.success) return;
    throw mistake(
      `Cannot finish "${program}": it ended with ${status.signal ?? `exit code ${status.code}`}`,
    );
  },
});

type Paths = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

function pathsOf(
  artifacts: Readonly<Record<string, Artifact | readonly Artifact[]>>,
): Record<string, string | string[]> {
  const entries = Object.entries(artifacts).map(([key, value]) =>
    [key, "path" in value ? value.path : value.map(({ path }) => path)] as const
  );
  return Object.fromEntries(entries);
}

const placeholder = /\{(inputs|files|outputs)\.([^}]*)\}/g;

/** What is wrong with the placeholders of a word. */
function unfilled(word: string, entries: Readonly<Record<string, unknown>>): string[] {
  return [...word.matchAll(placeholder)].flatMap(([written, kind, key]) => {
    const names = Object.keys(entries[kind!] ?? {});
    if (names.includes(key!)) return [];
    const known = names.map((each) => `"${each}"`).join(", ");
    return [`${written} has no path: ${kind} has ${known || "no entries"}`];
  });
}

/** Programs that read a text among their arguments as commands, or hand it to one that does. */
const shells = new RegExp(
  "(?:^|/)(?:(?:a|ba|c|da|elvi|fi|k|mk|o|ok|po|pw|rba|tc|xon|ya|z)?sh|nu" +
    "|flock|hyperfine|parallel|runuser|script|su|watch)(?:-?\\d[\\d.]*)?$",
);

/**
 * Fills in the paths. A list that is a whole word becomes as many words; within a text spaces
 * separate its paths, and in a text for a shell their characters have no special meaning.
 */
function fillWords(run: readonly string[], paths: Paths, plain: PlainPaths): string[] {
  const shell = run.findIndex((word) => shells.test(word));
  return run.flatMap((word, index) => {
    const isRead = shell >= 0 && index > shell;
    // After `-c` and its like even a mere path is a text.
    const isText = isRead && /^-[a-z]*c$/.test(run[index - 1]!);
    const whole = isText ? undefined : pathsIn(word, paths);
    return whole ?? fillText(word, paths, isRead ? (path) => plain.of(path) : (path) => path);
  });
}

/** The paths of a word that is one placeholder. */
function pathsIn(word: string, paths: Paths): readonly string[] | undefined {
  const [match] = [...word.matchAll(placeholder)].filter(([written]) => written === word);
  return match && [paths[match[1]!]![match[2]!]!].flat();
}

/** @param written How a path is written in the text. */
function fillText(word: string, paths: Paths, written: (path: string) => string): string {
  return word.replace(
    placeholder,
    (_, kind, key) => [paths[kind]![key]!].flat().map(written).join(" "),
  );
}

function mistake(message: string): DiagnosticError {
  return diagnosticError("command-failed", message);
}

/** Ends the program and what it started: a shell's own children would go on, and keep its pipes open. */
function stopGroup(child: Deno.ChildProcess, signal: Deno.Signal = "SIGTERM"): void {
  try {
    if (Deno.build.os === "windows") child.kill();
    else Deno.kill(-child.pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Starts a program as the head of a process group. */
function start(program: string, args: string[]): Deno.ChildProcess {
  try {
    const options = {
      args,
      // Python would write its bytecode into the folder of a script, whose content is in the key.
      env: { PYTHONDONTWRITEBYTECODE: Deno.env.get("PYTHONDONTWRITEBYTECODE") ?? "1" },
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    } as const;
    return new Deno.Command(program, options).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw mistake(`Cannot run "${program}": there is no such program`);
  }
}

/** How long a log may stay open after its program has ended. */
const graceMs = 2_000;

/** Logs the lines of a stream. */
class Lines {
  readonly #left = new AbortController();
  readonly #done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>, log: (line: string) => void) {
    const sink = new TransformStream<Uint8Array, Uint8Array>();
    // A process that has left the group may hold the stream open: it is left then.
    stream.pipeTo(sink.writable, { signal: this.#left.signal, preventAbort: true })
      .catch(() => sink.writable.close());
    this.#done = logLines(sink.readable, log);
  }

  /** Waits for the last lines, but not for a stream that somebody else keeps open. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.#left.abort(), graceMs);
    await this.#done;
    clearTimeout(timer);
  }
}

async function logLines(
  stream: ReadableStream<Uint8Array>,
  log: (line: string) => void,
): Promise<void> {
  for await (const line of readLines(stream)) log(line.replace(/\r$/, ""));
}
