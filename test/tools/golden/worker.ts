/**
 * Runs cases in a process of its own, so that a crash or an endless loop fails one case only. Takes
 * one case folder per line as JSON, answers with one marked line each. Its argument is the provider.
 *
 * @module
 */
import type { Provider } from "../../../lib/runtime/provider.ts";
import type { CaseFolder, Level, Outcome } from "./case.ts";

/** Starts a line that holds an answer; native libraries may print other lines. */
export const answerMark = "\u0001golden ";

type Runner = (folder: CaseFolder, provider: Provider) => Promise<Outcome>;

/** Loaded when first asked for: a level whose code does not load fails its own cases only. */
const runners: Readonly<Record<Level, () => Promise<Runner>>> = {
  vjp: async () => (await import("./vjp.ts")).runVjp,
  mllm: async () => (await import("./mllm.ts")).runMllm,
  directory: async () => (await import("./directory.ts")).runDirectory,
  trajectory: async () => (await import("./trajectory.ts")).runTrajectory,
};

async function runCase(folder: CaseFolder, provider: Provider): Promise<Outcome> {
  try {
    const run = await runners[folder.level]();
    return await run(folder, provider);
  } catch (error) {
    const text = error instanceof Error ? error.message || error.name : String(error);
    return { ok: false, forward: null, grad: null, error: text.slice(0, 500) };
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

if (import.meta.main) {
  const provider = (Deno.args[0] ?? "cpu") as Provider;
  for await (const line of linesOf(Deno.stdin.readable)) {
    const answer = JSON.stringify(await runCase(JSON.parse(line), provider));
    await Deno.stdout.write(new TextEncoder().encode(`\n${answerMark}${answer}\n`));
  }
  // Native threads may keep the process alive.
  Deno.exit(0);
}
