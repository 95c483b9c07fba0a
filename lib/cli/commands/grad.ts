import { type Diagnostic, diagnosticError } from "../../diagnostic/diagnostic.ts";
import { type Command, type CommandArguments, exitCodes, hasFlag } from "../command.ts";
import { numberOption, textOption } from "../command.ts";
import { count, printJson, printLine, table } from "../print.ts";
import type { CheckReport, CheckRow, GradientCheckTask } from "../gradient_check.ts";
import type { DifferentiatedModel, GradientOptions } from "../../autodiff/gradient.ts";
import type { Model } from "../../onnx/ir/model.ts";
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
      help:
        "instead of --of: outputs that get an input ct.OUTPUT of their shape (ct.ct.OUTPUT if taken)",
    },
    wrt: {
      type: "text",
      value: "NAME",
      repeat: true,
      help: "input or weight whose gradient becomes the output grad.NAME (grad.grad.NAME if taken)",
    },
    fix: {
      type: "text",
      value: "NAME=SIZE",
      repeat: true,
      help: "size of a free dimension that the written model is made for",
    },
    precision: {
      type: "text",
      value: "float32",
      help: "float32: models with 16-bit weights compute in float32 in between",
    },
    "straight-through": {
      type: "flag",
      help: "treat the rounding of quantised activations as the identity",
    },
    output: {
      type: "text",
      value: "FILE",
      short: "o",
      help: "file to write; default MODEL.grad.onnx beside the model",
    },
    rematerialize: {
      type: "flag",
      help: "recompute the inner values of blocks in the backward pass: less memory, more time",
    },
    check: { type: "flag", help: "compare with finite differences in random directions" },
    dim: {
      type: "text",
      value: "NAME=SIZE",
      repeat: true,
      help: "check: size of a free dimension; one without a name by its place: --dim x[0]=1",
    },
    feed: {
      type: "text",
      value: "NAME=FILE.npy",
      repeat: true,
      help: "check: value of an input; the others are random",
    },
    seed: { type: "number", zero: true, value: "N", help: "check: seed of inputs and directions" },
    directions: {
      type: "number",
      value: "N",
      help: "check: number of directions for each --wrt; default 3",
    },
    limit: {
      type: "text",
      value: "TIME",
      help: "check: start no direction after this time; default 5m",
    },
    json: { type: "flag", help: "the report as JSON" },
  },
  async run(args) {
    const { differentiateModel } = await import("../../autodiff/gradient.ts");
    const { checkTypes, filesOf, readModel } = await import("../read_model.ts");
    const { writeModel } = await import("../../runtime/write_model.ts");
    const { refuseSources, writing } = await import("../writing.ts");
    const { durationOf } = await import("../quantity.ts");
    const path = args.operands[0]!;
    const output = textOption(args, "output") ?? path.replace(/(\.onnx)?$/, ".grad.onnx");
    if (!hasFlag(args, "check")) refuseCheckOptions(args);
    const limitMs = durationOf(textOption(args, "limit"), "--limit") ?? defaultLimitMs;
    const read = await readModel(path);
    await refuseSources(output, [...filesOf(path, read), ...feedFiles(args)]);
    await checkTypes(path, read);
    const model = await fixSizes(read, args.options.get("fix") ?? []);
    const options = await gradientOptions(args, model);
    const feeds = hasFlag(args, "check") ? await feedsOf(args, model) : undefined;
    const start = performance.now();
    const differentiated = differentiateModel(model, options);
    const { model: gradient } = differentiated;
    const buildMs = performance.now() - start;
    const log = (line: string) => hasFlag(args, "json") || printLine(line);
    const written = await writing(output, () => writeModel(gradient, output, log));
    const report = feeds && await check(args, { model, gradient, options, feeds, limitMs });
    const nodes = { before: model.graph.nodes.length, after: gradient.graph.nodes.length };
    if (hasFlag(args, "json")) {
      printJson({ ...written, nodes, ...addedJson(differentiated), buildMs, ...jsonOf(report) });
    } else {
      printWritten(written, nodes, differentiated);
      if (report) await printReport(report, options.wrt.length > 1);
    }
    if (differentiated.zeros.length > 0) await warnOfZeros(differentiated, options);
    return report?.verdict === "differs" ? exitCodes.failed : exitCodes.done;
  },
};
export default command;

/** Five minutes. */
const defaultLimitMs = 300_000;

/** Refuses options of --check without it: they would be ignored. */
function refuseCheckOptions(
  { options }: CommandArguments,
): void {
  const given = ["dim", "feed", "seed", "directions", "limit"].find((name) => options.has(name));
  if (given === undefined) return;
  throw diagnosticError("usage", `Cannot use --${given}: it works only together with --check`, [
    ...(given === "dim" ? ["--fix NAME=SIZE sets a size in the written model"] : []),
  ]);
}

/** The files of `--feed NAME=FILE.npy`. */
function feedFiles({ options }: CommandArguments): readonly string[] {
  return (options.get("feed") ?? []).map((text) => text.slice(text.indexOf("=") + 1));
}

/** The model in the sizes that are given. */
async function fixSizes(model: Model, texts: readonly string[]): Promise<Model> {
  if (texts.length === 0) return model;
  const { sizesOf } = await import("../check_feeds.ts");
  const { inferShapes } = await import("../../onnx/infer/infer_shapes.ts");
  return inferShapes(model, { dims: sizesOf(texts, model.graph.inputs, "--fix") });
}

async function gradientOptions(
  args: CommandArguments,
  model: Model,
): Promise<GradientOptions> {
  const [of, cotangents] = [textOption(args, "of"), args.options.get("cotangent")];
  const wrt = [...new Set(args.options.get("wrt") ?? [])];
  const inputs = `inputs: ${model.graph.inputs.map(({ name }) => name).join(", ")}`;
  const outputs = `outputs: ${model.graph.outputs.map(({ name }) => name).join(", ")}`;
  if ((of === undefined) === (cotangents === undefined)) {
    throw diagnosticError(
      "usage",
      'Cannot differentiate: expected either "--of" or "--cotangent"',
      [
        outputs,
      ],
    );
  }
  if (wrt.length === 0) {
    throw diagnosticError("usage", 'Cannot differentiate: "--wrt" names nothing', [inputs]);
  }
  const { refuseLists } = await import("../listed_names.ts");
  refuseLists(args, model.graph, "wrt", "cotangent");
  const precision = textOption(args, "precision") ?? "model";
  if (precision !== "model" && precision !== "float32") {
    throw diagnosticError(
      "usage",
      `Cannot use "${precision}" for --precision: expected model or float32`,
    );
  }
  const common = { wrt, straightThrough: hasFlag(args, "straight-through"), precision } as const;
  return cotangents === undefined
    ? { of: of!, ...common }
    : { cotangents: [...new Set(cotangents)], ...common };
}

async function feedsOf(args: CommandArguments, model: Model): Promise<Record<string, Tensor>> {
  const { makeFeeds } = await import("../check_feeds.ts");
  return makeFeeds(model, {
    dims: args.options.get("dim") ?? [],
    feeds: args.options.get("feed") ?? [],
    seed: numberOption(args, "seed") ?? 0,
  });
}

async function check(
  args: CommandArguments,
  given: Pick<GradientCheckTask, "model" | "gradient" | "feeds" | "limitMs"> & {
    readonly options: GradientOptions;
  },
): Promise<CheckReport> {
  const { addGradients } = await import("../../autodiff/gradient.ts");
  const { checkDirections } = await import("../gradient_check.ts");
  const { liveLine } = await import("../live_line.ts");
  const { of, ...rest } = given.options;
  const weighted = of === undefined || isSingle(given.model, of)
    ? {}
    : { weighted: () => addGradients(given.model, { ...rest, cotangents: [of] }) };
  using line = liveLine();
  return await checkDirections({
    model: given.model,
    gradient: given.gradient,
    feeds: given.feeds,
    ...weighted,
    targets: given.options.cotangents ?? [of!],
    wrt: rest.wrt,
    straightThrough: hasFlag(args, "straight-through"),
    seed: numberOption(args, "seed") ?? 0,
    directions: numberOption(args, "directions") ?? 3,
    limitMs: given.limitMs,
    onEvaluation: ({ evaluations, done, directions }) =>
      line.show(`check: ${done} of ${directions} directions, ${count(evaluations, "evaluation")}`),
  });
}

/** Whether an output is a single number, also where the graph scales it. */
function isSingle({ graph }: Model, name: string): boolean {
  const type = graph.outputs.find((output) => output.name === name)?.type;
  return type?.kind === "tensor" && type.dims?.every((dim) => dim === 1) === true;
}

function jsonOf(report: CheckReport | undefined) {
  if (report === undefined) return { ok: true };
  const { rows, verdict, evaluations, ms, skipped } = report;
  const ok = verdict === "ok" || verdict === "kink";
  return { checks: rows, verdict, evaluations, checkMs: ms, skipped, ok };
}

function addedJson({ gradients, cotangents, zeros }: DifferentiatedModel) {
  return { gradients: [...gradients.values()], cotangents: [...cotangents.values()], zeros };
}

/** Warns of gradients that say nothing: they are zero whatever the inputs are. */
async function warnOfZeros(
  { zeros }: DifferentiatedModel,
  { of, cotangents }: GradientOptions,
): Promise<void> {
  const { zeroReason } = await import("../zero_reason.ts");
  const { printDiagnostics } = await import("../print_diagnostics.ts");
  const outputs = cotangents ?? [of!];
  printDiagnostics(zeros.map((zero): Diagnostic => ({
    code: "zero-gradient",
    severity: "warning",
    message: `The gradient by "${zero.name}" is zero: ${zeroReason(zero, outputs)}`,
  })));
}

function printWritten(
  written: WrittenModel,
  nodes: { readonly before: number; readonly after: number },
  { gradients, cotangents }: DifferentiatedModel,
): void {
  const inputs = cotangents.size === 0 ? "" : `, takes ${[...cotangents.values()].join(", ")}`;
  const outputs = `, adds ${[...gradients.values()].join(", ")}`;
  printLine(
    `${written.path}: ${count(nodes.after, "node")} (was ${nodes.before})${inputs}${outputs}`,
  );
  for (const { location, how, from } of written.weights) {
    printLine(`weights ${location}: ${how}${from === undefined ? "" : ` from ${from}`}`);
  }
}

const shownVerdicts = {
  ok: "ok",
  kink: "kink",
  differs: "DIFFERS",
  inconclusive: "inconclusive",
} as const;

async function printReport(report: CheckReport, manyNames: boolean): Promise<void> {
  const { formatDuration } = await import("../print.ts");
  const { rows, evaluations, ms, skipped } = report;
  const digits = (value: number) => value.toExponential(4);
  const name = (text: string) => manyNames ? [text] : [];
  printLine(table([
    ["check", "seed", ...name("by"), "gradient", "differences", "error", "smallest seen"],
    ...rows.map((row) => [
      shownVerdicts[row.verdict],
      String(row.seed),
      ...name(row.wrt),
      digits(row.analytic),
      digits(row.numeric),
      ...row.isZero ? ["–", "–"] : [row.error, row.resolution].map((x) => x.toExponential(1)),
    ]),
  ]));
  for (const note of new Set(rows.flatMap(notesOf))) printLine(note);
  printLine(`${count(evaluations, "evaluation")} in ${formatDuration(ms)}, ${typesOf(rows)}`);
  if (skipped > 0) {
    printLine(
      `${count(skipped, "direction")} not checked: the time limit was reached, see --limit`,
    );
  }
}

function notesOf({ verdict, reason, isZero, weights }: CheckRow): readonly string[] {
  if (isZero) {
    const varies = weights === "ones" ? "the sum of this output does" : "the outputs do";
    return [`0 by gradient and differences: ${varies} not vary here`];
  }
  return reason === undefined ? [] : [`${shownVerdicts[verdict]}: ${reason}`];
}

/** In which types was computed, and what the model's own type makes of it. */
function typesOf(rows: readonly CheckRow[]): string {
  const { precision, rounding, isZero } = rows.find((row) => !row.isZero) ?? rows[0]!;
  if (precision === "model" || rounding === undefined) return "in the model's own types";
  const where = precision === "float64" ? "in float64" : "in float64 where there are kernels";
  // A gradient of 0 has no norm to compare with.
  if (isZero) return where;
  return `${where}; rounding changes the gradient by ${rounding.toExponential(1)} of its norm`;
}
