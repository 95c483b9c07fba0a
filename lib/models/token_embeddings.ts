/** Finds the table of embeddings inside a graph that does more than to look tokens up. @module */
import { GraphBuilder } from "../onnx/build/builder.ts";
import { dataTypeOf } from "../onnx/ir/data_type.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import type { Model, Node } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { cannotCompose } from "./part_interface.ts";

const lookups: ReadonlySet<string> = new Set(["Gather", "GatherBlockQuantized"]);

/**
 * The part of a graph that looks `input_ids` up: input `input_ids`, output `inputs_embeds`.
 *
 * @param graph A graph with these and other inputs, such as the image features that it puts between.
 * @throws {DiagnosticError} If it looks nothing up by the ids alone.
 */
export function tokenEmbeddings(graph: Model): Model {
  const model = inferShapes(graph);
  const lookup = lookupIn(model, "input_ids");
  if (lookup === undefined) {
    throw cannotCompose("no table is looked up by input_ids alone");
  }
  const builder = new GraphBuilder({ model });
  const [embeds] = lookup.outputs as [string];
  const type = model.graph.outputs.find(({ name }) => name === "inputs_embeds")?.type;
  const wanted = type?.kind === "tensor" ? type.dtype : undefined;
  const same = wanted !== "float32" || builder.dtype(embeds) === wanted;
  const value = same ? embeds : builder.op("Cast", [embeds], { to: dataTypeOf.float32 });
  const output = "token_embeds";
  builder.output(value, output);
  return renamed(pruneModel(builder.finish(), [output]), output);
}

/** Rows of the table that a graph looks ids up in, if it does, and the table's shape is known. */
export function embeddingRows(graph: Model, ids = "input_ids"): number | undefined {
  const model = inferShapes(graph);
  const table = lookupIn(model, ids)?.inputs[0];
  if (table === undefined) return undefined;
  const rows = new GraphBuilder({ model }).dims(table)?.[0];
  return typeof rows === "number" ? rows : undefined;
}

/** The node that looks these ids up, and nothing else, in a constant table. */
function lookupIn(model: Model, input: string): Node | undefined {
  const byOutput = new Map(
    model.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  return model.graph.nodes.find(({ opType, inputs: [table = "", ids = ""] }) =>
    lookups.has(opType) && isConstant(model, byOutput, table) &&
    inputsBehind(model, byOutput, ids).join() === input
  );
}

/** Graphs have an output `inputs_embeds` of their own already. */
function renamed(model: Model, output: string): Model {
  const builder = new GraphBuilder({ model });
  builder.output(output, "inputs_embeds");
  return pruneModel(builder.finish(), ["inputs_embeds"]);
}

type Makers = ReadonlyMap<string, Node>;

/** Names of the graph's inputs that a value depends on. */
function inputsBehind({ graph }: Model, byOutput: Makers, value: string): readonly string[] {
  const names = new Set(graph.inputs.map(({ name }) => name));
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = [value];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (names.has(name)) found.add(name);
    for (const input of byOutput.get(name)?.inputs ?? []) open.push(input);
  }
  return [...found].sort();
}

function isConstant(model: Model, byOutput: Makers, value: string): boolean {
  const { initializers } = model.graph;
  if (initializers.has(value)) return true;
  return byOutput.has(value) && inputsBehind(model, byOutput, value).length === 0;
}
