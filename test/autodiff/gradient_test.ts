import { assert, assertEquals, assertThrows } from "@std/assert";
import { addGradients, unsupportedNodes } from "../../lib/autodiff/gradient.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { floats, runOnce } from "./gradient_case.ts";

const names = (values: readonly { name: string }[]) => values.map(({ name }) => name);
const list = (t: Tensor | undefined) => Array.from(t?.data ?? [], Number);

/** y = x · w + c with symbolic rows; `unused` has no influence. */
function affine(): Model {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", ["rows", 2]);
  b.input("unused", "float32", ["rows", 3]);
  const w = b.initializer("w", floats([2, 2], 1, 2, 3, 4));
  const c = b.initializer("c", floats([2], 5, 6));
  b.output(b.op("Add", [b.op("MatMul", [x, w]), c]), "y");
  b.output(b.op("Shape", [x]), "shape");
  return b.finish();
}

const feeds = { x: floats([1, 2], 1, 2), unused: floats([1, 3], 0, 0, 0) };

Deno.test("addGradients() keeps outputs and adds a gradient per name", async () => {
  const model = addGradients(affine(), { of: "y", wrt: ["x", "w", "c"] });
  assertEquals(names(model.graph.outputs), ["y", "shape", "grad.x", "grad.w", "grad.c"]);
  const results = await runOnce(model, feeds);
  assertEquals(list(results["y"]), [12, 16]);
  assertEquals(list(results["grad.x"]), [3, 7]);
  assertEquals(list(results["grad.w"]), [1, 1, 2, 2]);
  assertEquals(list(results["grad.c"]), [1, 1]);
});

Deno.test("addGradients() gives initializers back as initializers", () => {
  const { graph } = addGradients(affine(), { of: "y", wrt: ["w"] });
  assert(graph.initializers.has("w"));
  assert(!names(graph.inputs).includes("w"));
});

Deno.test("addGradients() takes a cotangent per output", async () => {
  const model = addGradients(affine(), { cotangents: ["y"], wrt: ["x"] });
  const results = await runOnce(model, { ...feeds, "ct.y": floats([1, 2], 10, 100) });
  assertEquals(list(results["grad.x"]), [210, 430]);
});

Deno.test("addGradients() gives zeros of its shape to an input without influence", async () => {
  const model = addGradients(affine(), { of: "y", wrt: ["unused"] });
  const results = await runOnce(model, feeds);
  assertEquals(results["grad.unused"]?.dims, [1, 3]);
  assertEquals(list(results["grad.unused"]), [0, 0, 0]);
});

Deno.test("addGradients() builds nothing for what nobody asked about", () => {
  const { graph } = addGradients(affine(), { of: "y", wrt: ["c"] });
  assert(!graph.nodes.some(({ opType }) => opType === "Gemm" || opType === "FusedMatMul"));
});

Deno.test("addGradients() stops at integers", async () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  const rounded = b.op("Cast", [b.op("Cast", [x], { to: 7 })], { to: 1 });
  b.output(b.op("Mul", [x, rounded]), "y");
  const model = addGradients(b.finish(), { of: "y", wrt: ["x"] });
  assertEquals(list((await runOnce(model, { x: floats([2], 2.5, 3.5) }))["grad.x"]), [2, 3]);
});

Deno.test("addGradients() adds up the paths of a value that is used twice", async () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  b.output(b.op("Add", [b.op("Mul", [x, x]), x]), "y");
  const model = addGradients(b.finish(), { of: "y", wrt: ["x"] });
  assertEquals(list((await runOnce(model, { x: floats([2], 2, 3) }))["grad.x"]), [5, 7]);
});

Deno.test("addGradients() sums over symbolic dimensions that turn out to be broadcast", async () => {
  const b = new GraphBuilder();
  const [x, z] = [b.input("x", "float32", ["n", "m"]), b.input("z", "float32", ["k", "m"])];
  b.output(b.op("Mul", [x, z]), "y");
  const model = addGradients(b.finish(), { of: "y", wrt: ["x", "z"] });
  const row = floats([1, 2], 1, 2);
  const rows = floats([2, 2], 1, 2, 3, 4);
  const wide = await runOnce(model, { x: row, z: rows });
  assertEquals([wide["grad.x"]?.dims, wide["grad.z"]?.dims], [[1, 2], [2, 2]]);
  assertEquals(list(wide["grad.x"]), [4, 6]);
  const same = await runOnce(model, { x: rows, z: rows });
  assertEquals(list(same["grad.x"]), [1, 2, 3, 4]);
});

Deno.test("addGradients() differentiates float16 models", async () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float16", [2]);
  b.output(b.op("Softmax", [x]), "y");
  const model = addGradients(b.finish(), { cotangents: ["y"], wrt: ["x"] });
  const one = 0x3c00;
  const results = await runOnce(model, {
    x: tensor("float16", [2], Uint16Array.of(0, 0)),
    "ct.y": tensor("float16", [2], Uint16Array.of(one, 0)),
  });
  assertEquals(list(results["grad.x"]), [0x3400, 0xb400]);
});

Deno.test("addGradients() computes models of 16-bit weights in float32 if asked to", async () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [1, 2]);
  const w = b.initializer("w", fromNumbers("float16", [2, 1], [1, -1]));
  const sum = b.op("MatMul", [b.op("Cast", [x], { to: 10 }), w]);
  // Rounded to 16 bits both elements are equal, and the sum is not positive; a runtime need not round.
  b.output(b.op("Cast", [b.op("Relu", [sum])], { to: 1 }), "y");
  const slope = async (precision: "model" | "float32") => {
    const model = addGradients(b.finish(), { of: "y", wrt: ["x"], precision });
    return list((await runOnce(model, { x: floats([1, 2], 1.0001, 1) }))["grad.x"]);
  };
  assertEquals(await slope("float32"), [1, -1]);
  const { graph } = addGradients(b.finish(), { of: "y", wrt: ["x"], precision: "float32" });
  const types = [...graph.values.values()].map((type) => type.kind === "tensor" && type.dtype);
  assert(types.length > 0 && !types.includes("float16"));
});

Deno.test("addGradients() names the node, domain and opset of an op without a rule", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2]);
  const [y] = b.node("Mystery", [x], { domain: "com.example", name: "riddle" });
  b.output(b.op("Neg", [y!]), "z");
  const model = b.finish();
  const error = assertThrows(() => addGradients(model, { of: "z", wrt: ["x"] }), DiagnosticError);
  assertEquals(error.diagnostics.map(({ code, message }) => [code, message]), [[
    "no-gradient-rule",
    'Cannot differentiate node "riddle": Mystery (domain "com.example", opset 1) has no gradient rule',
  ]]);
  assertEquals(unsupportedNodes(model), error.diagnostics);
});

Deno.test("addGradients() lists the names there are", () => {
  const outputs = 'Outputs: "y", "shape"';
  const inputs = 'Inputs: "x", "unused"';
  const weights = 'Weights: "w", "c"';
  const cases: [Parameters<typeof addGradients>[1], string, string[]][] = [
    [{ of: "z", wrt: ["x"] }, 'the model has no output "z"', [outputs]],
    [{ of: "shap", wrt: ["x"] }, 'the model has no output "shap"', [
      'Did you mean "shape"?',
      outputs,
    ]],
    [
      { of: "MatMul_0", wrt: ["x"] },
      'the model has no output "MatMul_0", only an inner value of this name',
      [
        outputs,
      ],
    ],
    [{ of: "shape", wrt: ["x"] }, 'output "shape" does not hold floats', [outputs]],
    [{ of: "y", wrt: ["unsued"] }, 'the model has no input or initializer "unsued"', [
      'Did you mean "unused"?',
      inputs,
      weights,
    ]],
    [{ wrt: ["x"] }, "nothing is named in `of` or `cotangents`", [outputs]],
    [
      { of: "y", cotangents: ["y"], wrt: ["x"] },
      "both `of` and `cotangents` are given, expected one of them",
      [outputs],
    ],
    [{ of: "y", wrt: ["x"], dims: { row: 2 } }, 'no input has a dimension "row"', [
      'Did you mean "rows"?',
      'Dimensions: "rows"',
    ]],
  ];
  for (const [options, cause, notes] of cases) {
    const error = assertThrows(() => addGradients(affine(), options), DiagnosticError);
    assertEquals(error.message, `Cannot differentiate: ${cause}`);
    assertEquals(error.diagnostics[0]?.notes, notes);
  }
});

Deno.test("addGradients() builds for given sizes of dimensions", () => {
  const { graph } = addGradients(affine(), { of: "y", wrt: ["x"], dims: { rows: 4 } });
  assertEquals(graph.outputs.at(-1)?.type, { kind: "tensor", dtype: "float32", dims: [4, 2] });
});

Deno.test("addGradients() says whose type it would have to know", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32");
  b.output(b.op("ReduceMean", [x, b.int64s([1])]), "y");
  const open = assertThrows(
    () => addGradients(b.finish(), { of: "y", wrt: ["x"] }),
    DiagnosticError,
  );
  assertEquals(
    open.message,
    'Cannot differentiate node "ReduceMean_0" (ReduceMean): the rank of "x" is unknown',
  );
  const strange = new GraphBuilder();
  const z = strange.input("x", "float32", [2]);
  const w = strange.op("Wobble", [strange.input("n", "int64", [2])], {}, "strange.ops");
  strange.output(strange.op("Pow", [z, w]), "y");
  const untyped = assertThrows(
    () => addGradients(strange.finish(), { of: "y", wrt: ["x"] }),
    DiagnosticError,
  );
  assertEquals(
    untyped.message,
    'Cannot differentiate node "Pow_0" (Pow): the type of "Wobble_0" is unknown',
  );
});

Deno.test("addGradients() refuses a model that is too old to read", () => {
  const old = { ...affine(), opset: 6 };
  const error = assertThrows(() => addGradients(old, { of: "y", wrt: ["x"] }), DiagnosticError);
  assertEquals(
    error.message,
    "Cannot differentiate a model of opset 6: the oldest that is supported is 7",
  );
});

Deno.test("unsupportedNodes() is empty for a model that can be differentiated", () => {
  assertEquals(unsupportedNodes(affine()), []);
});
