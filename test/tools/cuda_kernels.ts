/**
 * `deno run -A test/tools/cuda_kernels.ts OperatorKernels.md VERSION`: writes lib/runtime/cuda_kernels.ts, the operators that
 * the CUDA provider of ONNX Runtime has kernels for, from the table docs/OperatorKernels.md of its sources. Where a release was tagged
 * without a new table, `tools/python/gen_opkernel_doc.py` of the same sources writes it from the wheel onnxruntime-gpu.
 *
 * @module
 */
import type { DType } from "../../lib/tensor/dtype.ts";
import { dtypeLetters } from "../../lib/runtime/kernel_table.ts";

const typeNames: Readonly<Record<string, DType>> = { float: "float32", double: "float64" };
const letterOf = new Map(Object.entries(dtypeLetters).map(([letter, dtype]) => [dtype, letter]));

/** A kernel: operator, first and last operator set, types by what they constrain. */
interface Kernel {
  readonly op: string;
  readonly parameters: string;
  readonly since: number;
  readonly until: number;
  readonly types: string;
}

/** Domains as nodes spell them; others are internal to the provider. */
const domains: Readonly<Record<string, string>> = {
  "ai.onnx": "",
  "ai.onnx.ml": "ai.onnx.ml.",
  "com.microsoft": "com.microsoft.",
};

/** Rows of the table of one provider. */
function* kernelsOf(text: string, provider: string): Generator<Kernel> {
  const section = text.split(/^## /m).find((part) => part.includes(`implemented by ${provider}`));
  if (section === undefined) throw new RangeError(`Cannot read the table: no ${provider} in it`);
  let [domain, op, parameters] = [undefined as string | undefined, "", ""];
  for (const line of section.split("\n").filter((line) => line.startsWith("|"))) {
    const [, name, wanted, range, types] = line.split("|");
    const heading = /\*\*Operator Domain:\*\* \*(.+)\*/.exec(name!);
    if (heading !== null) domain = domains[heading[1]!];
    if (heading !== null || domain === undefined || !/\d/.test(range ?? "")) continue;
    if (name !== "") [op, parameters] = [domain + name!, parametersOf(wanted!)];
    const [since, until = since] = range!.match(/\d+/g)!.map(Number);
    const last = range!.endsWith("+") ? Infinity : until!;
    yield { op, parameters, since: since!, until: last, types: typesOf(types!) };
  }
}

/** `T,T2>T` for two inputs and an output; a parameter of a fixed type is `-`. Forms are joined by `|`. */
function parametersOf(cell: string): string {
  const forms = cell.split("<br><br>or<br><br>").map((form) => {
    const names = (kind: string) =>
      [...form.matchAll(new RegExp(`\\*${kind}\\* \\S+?:\\*\\*(.+?)\\*\\*`, "g"))]
        .map(([, type]) => /^\w+$/.test(type!) ? type : "-").join(",");
    return `${names("in")}>${names("out")}`;
  });
  return [...new Set(forms)].join("|");
}

/** `T=fe T2=iq`, element types as letters; sequences and types without a letter are left out. */
function typesOf(cell: string): string {
  return cell.split("<br/>").flatMap((part) => {
    const [, name, list] = /\*\*(\w+)\*\* = (.*)/.exec(part) ?? [];
    const letters = [...(list ?? "").matchAll(/(?<!\()tensor\((\w+)\)/g)]
      .map(([, type]) => letterOf.get(typeNames[type!] ?? type as DType)).filter(Boolean);
    return name === undefined ? [] : [`${name}=${letters.sort().join("")}`];
  }).join(" ");
}

/**
 * A kernel without a last operator set serves just the version of the operator that it was written for: it ends where the CPU, which
 * has kernels for all versions, begins with another.
 */
function end(kernel: Kernel, starts: readonly number[]): Kernel {
  if (kernel.until !== Infinity) return kernel;
  return { ...kernel, until: Math.min(...starts.filter((s) => s > kernel.since)) - 1 };
}

/** One kernel where operator sets that follow one another have the same types. */
function merge(kernels: readonly Kernel[]): Kernel[] {
  const merged: Kernel[] = [];
  for (const kernel of kernels.toSorted((a, b) => a.since - b.since)) {
    const last = merged.at(-1);
    const follows = last?.until === kernel.since - 1 && last.types === kernel.types;
    if (follows) merged[merged.length - 1] = { ...last!, until: kernel.until };
    else merged.push(kernel);
  }
  return merged;
}

/** The file's text. */
export function printKernels(table: string, version: string): string {
  const byOp = Map.groupBy(kernelsOf(table, "CUDAExecutionProvider"), ({ op }) => op);
  const cpu = Map.groupBy(kernelsOf(table, "CPUExecutionProvider"), ({ op }) => op);
  const lines = [...byOp].sort(([a], [b]) => a < b ? -1 : 1).map(([op, kernels]) => {
    const starts = [...cpu.get(op) ?? [], ...kernels].map(({ since }) => since);
    const rows = merge(kernels.map((kernel) => end(kernel, starts))).map((
      { since, until, types },
    ) => `${since}-${until === Infinity ? "" : until} ${types}`.trim());
    return [op, kernels[0]!.parameters, ...rows].join("; ");
  });
  const elsewhere = [...cpu.keys()].filter((op) => !byOp.has(op)).sort();
  return `/**
 * Operators that ONNX Runtime has kernels for on CUDA: a line each, read by \`kernel_table.ts\`.
 * Generated by test/tools/cuda_kernels.ts from docs/OperatorKernels.md of ONNX Runtime (MIT).
 *
 * @module
 */

/** The version of ONNX Runtime that the table is of. */
export const kernelVersion = ${JSON.stringify(version)};

// deno-fmt-ignore
export const cudaKernels = \`
${lines.join("\n")}
\`;

/** Operators with kernels on the CPU alone; what is in neither list is run by its definition as a function. */
// deno-fmt-ignore
export const cpuOnly = \`
${elsewhere.join("\n")}
\`;
`;
}

if (import.meta.main) {
  const [path, version] = Deno.args;
  if (path === undefined || version === undefined) {
    console.error("Usage: deno run -A test/tools/cuda_kernels.ts OperatorKernels.md VERSION");
    Deno.exit(2);
  }
  const target = new URL("../../lib/runtime/cuda_kernels.ts", import.meta.url);
  await Deno.writeTextFile(target, printKernels(await Deno.readTextFile(path), version));
}
