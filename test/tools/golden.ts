/**
 * `deno task golden <dir>… [--json] [--jobs N] [--only TEXT] [--provider P]`: runs recorded cases (one graph, one multimodal model,
 * or a whole training) and compares values and gradients with the references beside them.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { CaseFolder, CaseResult } from "./golden/case.ts";
import { findCases } from "./golden/case.ts";
import type { Provider } from "../../lib/runtime/provider.ts";
import { isFolder } from "../../lib/workspace/is_folder.ts";
import { CaseWorker } from "./golden/pool.ts";

const providers: readonly Provider[] = ["auto", "cpu", "cuda", "webgpu"];

const help = `deno task golden <dir>… [--json] [--jobs N] [--only TEXT] [--provider P]

Runs the recorded cases below the folders and compares values and gradients with the references.
A folder is a case if it holds case.json, or meta.json and trajectory.safetensors.

  --json       one line of JSON per case, then {total, passed, failed}
  --jobs N     worker processes (default 1)
  --only TEXT  only cases whose name contains TEXT
  --provider P auto, cpu, cuda or webgpu (default cpu)

Example: deno task golden test/golden
Exit codes: 0 all passed, 1 a case failed, 2 bad usage.
`;

/** Runs every case, in order of the result's arrival. */
async function* runCases(
  cases: readonly CaseFolder[],
  jobs: number,
  provider: Provider,
): AsyncGenerator<CaseResult> {
  const queue = cases.values();
  const results: Promise<CaseResult>[] = [];
  const resolvers: ((result: CaseResult) => void)[] = [];
  for (let i = 0; i < cases.length; i++) {
    results.push(new Promise((resolve) => resolvers.push(resolve)));
  }
  let next = 0;
  const work = async () => {
    await using worker = new CaseWorker({ provider });
    for (const folder of queue) resolvers[next++]!(await worker.run(folder));
  };
  const workers = Array.from({ length: Math.max(1, jobs) }, work);
  for (const result of results) yield await result;
  await Promise.all(workers);
}

function line(result: CaseResult): string {
  const figure = (value: number | null) =>
    (value === null ? "–" : value.toExponential(1)).padStart(8);
  const head = `${result.ok ? "ok  " : "FAIL"} ${result.case.padEnd(44)} ${
    result.level.padEnd(10)
  }`;
  return `${head} ${figure(result.forward)} ${figure(result.grad)}  ${result.error ?? ""}`
    .trimEnd();
}

/** JSON has no infinities: an unbounded error is printed as a very large one. */
function finite(result: CaseResult): CaseResult {
  const bound = (value: number | null) =>
    value === null || Number.isFinite(value) ? value : Number.MAX_VALUE;
  return { ...result, forward: bound(result.forward), grad: bound(result.grad) };
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseArgs([...args], {
    boolean: ["json", "help"],
    string: ["jobs", "only", "provider"],
    default: { jobs: "1", provider: "cpu" },
  });
  const directories = options._.map(String);
  if (options.help || directories.length === 0) {
    console.log(help);
    return options.help ? 0 : 2;
  }
  const provider = providers.find((name) => name === options.provider);
  if (provider === undefined) {
    console.error(
      `Cannot use "${options.provider}" for --provider: expected ${providers.join(", ")}`,
    );
    return 2;
  }
  const cases = collect(directories).filter((c) => c.name.includes(String(options.only ?? "")));
  if (cases.length === 0) {
    console.error(`Cannot find a case in ${directories.map((d) => `"${d}"`).join(", ")}`);
    return 2;
  }
  const results: CaseResult[] = [];
  for await (const result of runCases(cases, Number(options.jobs) || 1, provider)) {
    results.push(result);
    console.log(options.json ? JSON.stringify(finite(result)) : line(result));
  }
  return report(results, options.json === true);
}

function collect(directories: readonly string[]): readonly CaseFolder[] {
  try {
    return directories.flatMap(findCases);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
    const folder = directories.find((directory) => !isFolder(directory));
    console.error(`Cannot search for cases: there is no folder "${folder}"`);
    return [];
  }
}

function report(results: readonly CaseResult[], json: boolean): number {
  const passed = results.filter((result) => result.ok).length;
  const [total, failed] = [results.length, results.length - passed];
  if (json) console.log(JSON.stringify({ total, passed, failed }));
  else {
    const precise = results.filter((r) => r.ok && r.grad !== null && r.grad <= 1e-5).length;
    console.log(
      `\n${passed} of ${total} passed, ${failed} failed; ${precise} with a gradient error of at most 1e-5`,
    );
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
