/** Reads the table of kernels that ONNX Runtime has on CUDA. @module */
import type { DType } from "../tensor/dtype.ts";
import { cpuOnly, cudaKernels } from "./cuda_kernels.ts";

/** Element types as letters: NumPy's, and E for bfloat16, which it has none for. */
export const dtypeLetters = {
  "?": "bool",
  b: "int8",
  h: "int16",
  i: "int32",
  q: "int64",
  B: "uint8",
  H: "uint16",
  I: "uint32",
  Q: "uint64",
  e: "float16",
  E: "bfloat16",
  f: "float32",
  d: "float64",
} as const satisfies Readonly<Record<string, DType>>;

/** What the kernels of an operator take and give: names of type parameters, by position. */
export interface Form {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A kernel for a range of operator sets. */
export interface Kernel {
  readonly since: number;
  readonly until: number;
  /** Element types that a type parameter may have. */
  readonly types: ReadonlyMap<string, readonly string[]>;
}

/** All kernels of an operator. */
export interface KernelRow {
  readonly forms: readonly Form[];
  readonly kernels: readonly Kernel[];
}

let rows: ReadonlyMap<string, string> | undefined;
let onCpu: ReadonlySet<string> | undefined;

/** The kernels of an operator on CUDA by its key, such as `Add` or `com.microsoft.Gelu`. */
export function kernelsOf(op: string): KernelRow | undefined {
  rows ??= new Map(cudaKernels.trim().split("\n").map((line) => [line.split(";", 1)[0]!, line]));
  const line = rows.get(op);
  return line === undefined ? undefined : readRow(line);
}

/** Whether the CPU alone has kernels for an operator; one without any is run by its definition. */
export function isCpuOnly(op: string): boolean {
  onCpu ??= new Set(cpuOnly.trim().split("\n"));
  return onCpu.has(op);
}

function readRow(line: string): KernelRow {
  const [, forms, ...kernels] = line.split("; ");
  return {
    forms: forms!.split("|").map((form) => {
      const [inputs, outputs] = form.split(">").map((names) => names.split(","));
      return { inputs: inputs!, outputs: outputs! };
    }),
    kernels: kernels.map(readKernel),
  };
}

function readKernel(text: string): Kernel {
  const [range, ...types] = text.split(" ");
  const [since, until] = range!.split("-");
  return {
    since: Number(since),
    until: until === "" ? Infinity : Number(until),
    types: new Map(types.map((type) => {
      const [name, letters] = type.split("=") as [string, string];
      return [
        name,
        [...letters].map((letter) => dtypeLetters[letter as keyof typeof dtypeLetters]),
      ];
    })),
  };
}
