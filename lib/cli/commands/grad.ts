import { type Command, type CommandArguments, exitCodes, hasFlag } from "../command.ts";
import { numberOption, textOption } from "../command.ts";
import { count, printJson, printLine, table } from "../print.ts";
import type { DirectionCheck, GradientCheckTask } from "../gradient_check.ts";
import type { GradientOptions } from "../../autodiff/gradient.ts";
import type { Model } from "../../onnx/model.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { WrittenModel } from "../../runtime/write_model.ts";

/** Differentiates a model. */
const command: Command = {
  name: "grad",
  summary: "Writes a model that also computes gradients, as standard ONNX.",
  operands: "MODEL",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp grad model.onnx --of loss --wrt pixel_values --check -o step.onnx",
  failure: "--check found a wrong gradient",
  options: {
    of: { type: "text", value: "OUTPUT", help: "output whose sum is differentiated" },
    cotangent: {
      type: "text",
      value: "OUTPUT",
      repeat: true,
      help: "instead of --of: outputs that get an input ct.OUTPUT of their shape",
    },
    wrt: {
      type: "text",
      value: "NAME",
      repeat: true,
      help: "input or weight whose gradient becomes the output grad.NAME",
    },
    fix: {
      type: "text",
      value: "NAME=SIZE",
      repeat: true,
      help: "size of a symbolic dimension that the written model is made for",
    },
    precision: {
      type: "text",
      value: "float32",
      help: "float32: models with 16-bit weights compute in float32 in between",
    },
    "straight-through": {
      type: "flag",
      help: "let the rounding of quantised activations count as the identity",
    },
    output: {
      type: "text",
      value: "FILE",
      short: "o",
      help: "file to write; default MODEL.grad.onnx beside the model",
    },
    rematerialize: {
      type: "flag",
      help: "compute the inner values of blocks again in the backward pass: less memory, more time",
    },
    check: { type: "flag", help: "compare with finite differences in random directions" },
    dim: {
      type: "text",
      value: "NAME=SIZE",
      repeat: true,
      help: "check: size of a symbolic dimension",
    },
    feed: {
      type: "text",
      value: "NAME=FILE.npy",
      repeat: true,
      help: "check: value of an input; the others are random",
    },
    seed: { type: "number", zero: true, value: "N", help: "check: seed of inputs and directions" },
    directions: { type: "number", value: "N", help: "check: number of directions; default 3" },
    json: { type: "flag", help: "the report as JSON" },
  },
  async run(args) {
    const { addGradients } = await import("../../autodiff/gradient.ts");
    const { failure, isSameFile, readModel } = await import("../read_model.ts");
    const { writeModel } = await import("../../runtime/write_model.ts");
    const { writing } = await import("../writing.ts");
    const path = args.operands[0]!;
    const output = textOption(args, "output") ?? path.replace(/(\.onnx)?$/, ".grad.onnx");
    if (await isSameFile(path, output)) {
      throw failure("usage", `Cannot write "${output}": it is the model itself`);
    }
    if (!hasFlag(args, "check")) refuseCheckOptions(args, failure);
    const model = await fixSizes(await readModel(path), args.options.get("fix") ?? []);
    const options = gradientOptions(args, model, failure);
    const feeds = hasFlag(args, "check") ? await feedsOf(args, model) : undefined;
    const start = performance.now();
    const gradient = addGradients(model, options);
    const buildMs = performance.now() - start;
    const log = (line: string) => hasFlag(args, "json") || printLine(line);
    const written = await writing(output, () => writeModel(gradient, output, log));
    const { wrt } = options;
    const targets = options.cotangents ?? [options.of!];
    const checks = feeds && await check(args, { model, gradient, targets, wrt, feeds });
    const nodes = { before: model.graph.nodes.length, after: gradient.graph.nodes.length };
    const ok = checks?.every((c) => c.ok) ?? true;
    if (hasFlag(args, "json")) {
      const gradients = wrt.map((name) => `grad.${name}`);
      printJson({ ...written, nodes, gradients, buildMs, ...(checks ? { checks } : {}), ok });
    } else {
      printWritten(written, nodes, wrt);
      if (checks) printChecks(checks);
    }
    return ok ? exitCodes.done : exitCodes.failed;
  },
};
export default command;

/** Without --check nothing is run: what says how would be passed over. */
function refuseCheckOptions(
  { options }: CommandArguments,
  failure: typeof import("../read_model.ts").failure,
): void {
  const given = ["dim", "feed", "seed", "directions"].find((name) => options.has(name));
  if (given === undefined) return;
  throw failure("usage", `Cannot use --${given}: expected it with --check, which is not given`, [
    ...(given === "dim" ? ["--fix NAME=SIZE sets a size in the written model"] : []),
  ]);
}

/** The model in the sizes that are given. */
async function fixSizes(model: Model, texts: readonly string[]): Promise<Model> {
  if (texts.length === 0) return model;
  const { sizesOf } = await import("../check_feeds.ts");
  const { inferShapes } = await import("../../onnx/infer_shapes.ts");
  return inferShapes(model, { dims: sizesOf(texts, model.graph.inputs, "--fix") });
}

function gradientOptions(
  args: CommandArguments,
  model: Model,
  failure: typeof import("../read_model.ts").failure,
): GradientOptions {
  const [of, cotangents] = [textOption(args, "of"), args.options.get("cotangent")];
  const wrt = [...new Set(args.options.get("wrt") ?? [])];
  const inputs = `inputs: ${model.graph.inputs.map(({ name }) => name).join(", ")}`;
  const outputs = `outputs: ${model.graph.outputs.map(({ name }) => name).join(", ")}`;
  if ((of === undefined) === (cotangents === undefined)) {
    throw failure("usage", 'Cannot differentiate: expected either "--of" or "--cotangent"', [
      outputs,
    ]);
  }
  if (wrt.length === 0) {
    throw failure("usage", 'Cannot differentiate: "--wrt" names nothing', [inputs]);
  }
  const precision = textOption(args, "precision") ?? "model";
  if (precision !== "model" && precision !== "float32") {
    throw failure("usage", `Cannot use "${precision}" for --precision: expected model or float32`);
  }
  const common = { wrt, straightThrough: hasFlag(args, "straight-through"), precision } as const;
  return cotangents === undefined
    ? { of: of!, ...common }
    : { cotangents: [...new Set(cotangents)], ...common };
}

async function feedsOf(args: CommandArguments, model: Model): Promise<Record<string, Tensor>> {
  const { makeFeeds } = await import("../check_feeds.ts");
  return await makeFeeds(model, {
    dims: args.options.get("dim") ?? [],
    feeds: args.options.get("feed") ?? [],
    seed: numberOption(args, "seed") ?? 0,
  });
}

async function check(
  args: CommandArguments,
  task: Omit<GradientCheckTask, "seed" | "directions">,
): Promise<readonly DirectionCheck[]> {
  const { checkDirections } = await import("../gradient_check.ts");
  return await checkDirections({
    ...task,
    seed: numberOption(args, "seed") ?? 0,
    directions: numberOption(args, "directions") ?? 3,
  });
}

function printWritten(
  written: WrittenModel,
  nodes: { readonly before: number; readonly after: number },
  wrt: readonly string[],
): void {
  const outputs = wrt.map((name) => `grad.${name}`).join(", ");
  printLine(
    `${written.path}: ${count(nodes.after, "node")} (was ${nodes.before}), adds ${outputs}`,
  );
  for (const { location, how, from } of written.weights) {
    printLine(`weights ${location}: ${how}${from === undefined ? "" : ` from ${from}`}`);
  }
}

function printChecks(checks: readonly DirectionCheck[]): void {
  const digits = (value: number) => value.toExponential(4);
  printLine(table([
    ["check", "seed", "gradient", "differences", "error"],
    ...checks.map(({ ok, seed, analytic, numeric, error }) => [
      ok ? "ok" : "DIFFERS",
      String(seed),
      digits(analytic),
      digits(numeric),
      error.toExponential(1),
    ]),
  ]));
}
