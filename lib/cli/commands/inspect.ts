import { format } from "@std/fmt/bytes";
import { type Diagnostic, diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Model } from "../../onnx/ir/model.ts";
import { type Command, type CommandArguments, exitCodes, hasFlag } from "../command.ts";
import type { ZeroGradient } from "../../autodiff/passes/zero_gradient.ts";
import type { Placement } from "../../runtime/placement.ts";
import type { ModelSummary, PrintedValue } from "../model_summary.ts";
import { count, printJson, printLine, printText, table } from "../print.ts";

/** The number of nodes that are named; the rest is only counted. */
const shownNodes = 20;

/** Looks into a model. */
const command: Command = {
  name: "inspect",
  summary:
    "Describes an ONNX model: its parts, nodes that cannot be differentiated, nodes that CUDA lacks.",
  operands: "MODEL",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp inspect model.onnx --of loss --wrt pixel_values",
  options: {
    of: {
      type: "text",
      value: "OUTPUT",
      repeat: true,
      help: "differentiated outputs; default all that hold floats",
    },
    wrt: {
      type: "text",
      value: "NAME",
      repeat: true,
      help: "inputs or weights; default all inputs that hold floats",
    },
    "straight-through": {
      type: "flag",
      help: "treat rounding as the identity, as tvp grad does",
    },
    graph: { type: "flag", help: "print the graph as text, a line a node" },
    json: { type: "flag", help: "the report as JSON" },
  },
  async run(args) {
    const { checkTypes, readModel } = await import("../read_model.ts");
    const { summariseModel } = await import("../model_summary.ts");
    const model = await readModel(args.operands[0]!);
    await checkTypes(args.operands[0]!, model);
    if (hasFlag(args, "graph")) {
      const { printModel } = await import("../../onnx/ir/print.ts");
      const { inferShapes } = await import("../../onnx/infer/infer_shapes.ts");
      printText(printModel(inferShapes(model)));
      return exitCodes.done;
    }
    const summary = summariseModel(model);
    const path = await differentiatedPath(args, model);
    const { obstacles, zeros, step }: Differentiation = path.of.length > 0 && path.wrt.length > 0
      ? await differentiate(model, path, hasFlag(args, "straight-through"))
      : { obstacles: [], zeros: [] };
    const { placeOnCuda } = await import("../../runtime/placement.ts");
    const cuda = placeOnCuda(step ?? model);
    if (hasFlag(args, "json")) {
      printJson({ ...summary, ...path, unsupported: obstacles, zeros, cuda });
    } else {
      printSummary(summary, path, obstacles);
      await printZeros(zeros, path);
      printPlacement(cuda, step !== undefined);
    }
    return exitCodes.done;
  },
};
export default command;

const size = (bytes: number) => format(bytes, { binary: true });

/** The outputs and inputs between which a model would be differentiated. */
interface DifferentiatedPath {
  readonly of: readonly string[];
  readonly wrt: readonly string[];
}

async function differentiatedPath(
  args: CommandArguments,
  { graph }: Model,
): Promise<DifferentiatedPath> {
  const { floatNames } = await import("../read_model.ts");
  const { refuseLists, sourceNames, targetNames } = await import("../listed_names.ts");
  const { suggestions } = await import("../../diagnostic/suggest.ts");
  const path = {
    of: args.options.get("of") ?? floatNames(graph.outputs),
    wrt: args.options.get("wrt") ??
      floatNames(graph.inputs.filter(({ name }) => !graph.initializers.has(name))),
  };
  refuseLists(args, graph, "wrt", "of");
  const [sources, targets] = [sourceNames(graph), targetNames(graph)];
  for (const name of path.of.filter((name) => !targets.has(name))) {
    throw diagnosticError(
      "unknown-value",
      `Cannot inspect the way to "${name}": it is not an output`,
      suggestions(name, targets),
    );
  }
  for (const name of path.wrt.filter((name) => !sources.has(name))) {
    throw diagnosticError(
      "unknown-value",
      `Cannot inspect the way from "${name}": it is neither an input nor a weight`,
      suggestions(name, sources),
    );
  }
  return path;
}

/** The model with gradients, or what blocks them: nodes without a rule, or nodes that a rule refuses. */
interface Differentiation {
  readonly obstacles: readonly Diagnostic[];
  readonly zeros: readonly ZeroGradient[];
  readonly step?: Model;
}

async function differentiate(
  model: Model,
  { of, wrt }: DifferentiatedPath,
  straightThrough: boolean,
): Promise<Differentiation> {
  const { differentiateModel, unsupportedNodes } = await import("../../autodiff/gradient.ts");
  const { DiagnosticError } = await import("../../diagnostic/diagnostic.ts");
  const options = { cotangents: of, wrt, straightThrough };
  const nodes = unsupportedNodes(model, options);
  if (nodes.length > 0) return { obstacles: nodes, zeros: [] };
  try {
    const { model: step, zeros } = differentiateModel(model, options);
    return { obstacles: [], zeros, step };
  } catch (error) {
    if (error instanceof DiagnosticError) return { obstacles: error.diagnostics, zeros: [] };
    throw error;
  }
}

function printSummary(
  summary: ModelSummary,
  path: DifferentiatedPath,
  unsupported: readonly Diagnostic[],
): void {
  const opsets = Object.entries(summary.opsets).map(([domain, version]) => `${domain} ${version}`);
  printLine(`opsets      ${opsets.join(", ")} (IR ${summary.irVersion})`);
  printValues("inputs", summary.inputs);
  printValues("outputs", summary.outputs);
  const functions = summary.functions > 0 ? ` and ${count(summary.functions, "function")}` : "";
  const ops = Object.entries(summary.ops).map(([op, number]) => `${op} ${number}`);
  printLine(`nodes       ${summary.nodes}${functions}: ${ops.join(", ")}`);
  printLine(`parameters  ${summary.parameters.toLocaleString("en")}, ${size(summary.bytes)}`);
  for (const { dtype, tensors, parameters, bytes } of summary.weights) {
    const number = parameters.toLocaleString("en");
    printLine(`            ${dtype}: ${number} in ${count(tensors, "tensor")}, ${size(bytes)}`);
  }
  if (summary.weightFiles.length > 0) printLine(`in files    ${summary.weightFiles.join(", ")}`);
  printUnsupported(path, unsupported);
}

/** The inputs whose gradient says nothing, each with the reason. */
async function printZeros(
  zeros: readonly ZeroGradient[],
  { of }: DifferentiatedPath,
): Promise<void> {
  const { zeroReason } = await import("../zero_reason.ts");
  for (const zero of zeros.slice(0, shownNodes)) {
    printLine(`  zero by "${zero.name}": ${zeroReason(zero, of)}`);
  }
  if (zeros.length > shownNodes) {
    printLine(`  and ${zeros.length - shownNodes} more: --json lists all`);
  }
}

/** Where the nodes would run with the CUDA provider. */
function printPlacement({ cuda, shapes, cpu, nowhere }: Placement, hasGradients: boolean): void {
  const whole = hasGradients ? "with the gradients " : "";
  const rest = shapes === 0 ? "" : `, ${count(shapes, "node")} of shapes and constants`;
  const none = nowhere.length === 0 ? "" : `, ${nowhere.length} without a kernel on any device`;
  printLine(
    `on cuda     ${whole}${count(cuda, "node")}${rest}, ${cpu.length} left to the CPU${none}`,
  );
  const fallbacks = [...nowhere, ...cpu];
  for (const { op, node, reason } of fallbacks.slice(0, shownNodes)) {
    printLine(`  ${op}${node === "" ? "" : ` "${node}"`}: ${reason}`);
  }
  const more = fallbacks.length - shownNodes;
  if (more > 0) printLine(`  and ${more} more: --json lists all`);
}

function printValues(title: string, values: readonly PrintedValue[]): void {
  const rows = table(values.map(({ name, type }) => [name, type])).split("\n");
  rows.forEach((row, i) => printLine(`${(i === 0 ? title : "").padEnd(12)}${row}`));
}

function printUnsupported(path: DifferentiatedPath, unsupported: readonly Diagnostic[]): void {
  const way = `from ${path.wrt.join(", ") || "no input"} to ${path.of.join(", ") || "no output"}`;
  if (path.wrt.length === 0 || path.of.length === 0) {
    const cause = path.of.length === 0
      ? "no output holds floats"
      : "no input holds floats; --wrt takes weights too";
    printLine(`gradients   none: ${cause}`);
  } else if (unsupported.length === 0) {
    printLine(`gradients   every node can be differentiated, ${way}`);
  } else {
    printLine(`gradients   ${count(unsupported.length, "node")} in the way, ${way}`);
    for (const { message } of unsupported.slice(0, shownNodes)) printLine(`  ${message}`);
    const more = unsupported.length - shownNodes;
    if (more > 0) printLine(`  and ${more} more: --json lists all`);
  }
}
