/** What a golden case and its result are. @module */
import { join } from "@std/path";

/** What a case is about: one graph, one multimodal model, a whole model directory, or a training. */
export type Level = "vjp" | "mllm" | "directory" | "trajectory";

/** The outcome of one case: what `--json` prints. */
export interface CaseResult {
  readonly case: string;
  readonly level: Level;
  readonly ok: boolean;
  /** Worst relative L2 error over outputs; null if it was not computed. */
  readonly forward: number | null;
  /** Worst relative L2 error over gradients; null if it was not computed. */
  readonly grad: number | null;
  readonly error?: string;
}

/** The figures a level's runner returns; the rest of the result is added around it. */
export type Outcome = Omit<CaseResult, "case" | "level">;

/** A folder that holds a case. */
export interface CaseFolder {
  readonly name: string;
  readonly path: string;
  readonly level: Level;
}

/** The parts of case.json that the runners read. */
export interface CaseSpec {
  readonly name: string;
  readonly kind?: string;
  readonly opset: number;
  readonly inputs?: readonly CaseInput[];
  readonly wrt_initializers?: readonly string[];
  readonly rtol: number;
  readonly atol: number;
  readonly ort_graph_optimization?: string;
  readonly files_suffix?: string;
  readonly image_token_id?: number;
}

/** A graph input as case.json lists it. */
export interface CaseInput {
  readonly name: string;
  readonly dtype: string;
  readonly wrt: boolean;
}

/**
 * Finds the cases in a folder: it is one if it holds `case.json`, or `meta.json` and
 * `trajectory.safetensors`; otherwise its folders are searched, in the order of their names.
 *
 * @throws {Deno.errors.NotFound} If the folder does not exist.
 */
export function findCases(directory: string): readonly CaseFolder[] {
  const names = new Set([...Deno.readDirSync(directory)].map((entry) => entry.name));
  const name = directory.replace(/\/+$/, "").split("/").at(-1)!;
  if (names.has("case.json")) {
    const level = levelOf(join(directory, "case.json")) ?? (names.has("onnx") ? "mllm" : "vjp");
    return [{ name, path: directory, level }];
  }
  if (names.has("meta.json") && names.has("trajectory.safetensors")) {
    return [{ name, path: directory, level: "trajectory" }];
  }
  return [...names].sort().map((entry) => join(directory, entry))
    .filter((path) => Deno.statSync(path).isDirectory)
    .flatMap(findCases);
}

/** The level that a case says itself; older ones do not. */
function levelOf(path: string): Level | undefined {
  const { level } = JSON.parse(Deno.readTextFileSync(path)) as { readonly level?: unknown };
  return level === "directory" ? level : undefined;
}
