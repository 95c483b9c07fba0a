import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Model, Node, ValueInfo } from "../../lib/onnx/ir/model.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { weightFromTensor } from "../../lib/onnx/ir/weight.ts";
import { openSession } from "../../lib/runtime/session.ts";
import type { DType } from "../../lib/tensor/dtype.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

function value(name: string, dtype: DType, dims: readonly (number | string)[]): ValueInfo {
  return { name, type: { kind: "tensor", dtype, dims } };
}

function node(opType: string, inputs: readonly string[], output: string): Node {
  return { name: opType, opType, domain: "", inputs, outputs: [output], attributes: {} };
}

function addModel(dtype: DType, weight?: Tensor): Model {
  const second = weight === undefined ? "x" : "w";
  const initializers = new Map(weight === undefined ? [] : [["w", weightFromTensor(weight)]]);
  return {
    irVersion: 8,
    opset: 18,
    domains: {},
    functions: [],
    metadata: {},
    graph: {
      name: "g",
      nodes: [node("Add", ["x", second], "y")],
      inputs: [value("x", dtype, ["n", 2])],
      outputs: [value("y", dtype, ["n", 2])],
      initializers,
      values: new Map(),
    },
  };
}

const options = { provider: "cpu", threads: 1 } as const;

Deno.test("openSession() runs a model and describes its inputs and outputs", async () => {
  await using session = await openSession(addModel("float32"), options);
  assertEquals(session.inputs, [{ name: "x", dtype: "float32", dims: ["n", 2] }]);
  assertEquals(session.outputs, [{ name: "y", dtype: "float32", dims: ["n", 2] }]);
  const { y } = await session.run({ x: tensor("float32", [1, 2], new Float32Array([1, 2])) });
  assertEquals(y, tensor("float32", [1, 2], new Float32Array([2, 4])));
});

Deno.test("Session.run() keeps float16, int64 and empty tensors as they are", async () => {
  const cases: [Tensor, Tensor][] = [
    [
      tensor("float16", [1, 2], new Uint16Array([0x3c00, 0x4000])),
      tensor("float16", [1, 2], new Uint16Array([0x4000, 0x4400])),
    ],
    [
      tensor("int64", [1, 2], new BigInt64Array([3n, -4n])),
      tensor("int64", [1, 2], new BigInt64Array([6n, -8n])),
    ],
    [
      tensor("float32", [0, 2], new Float32Array(0)),
      tensor("float32", [0, 2], new Float32Array(0)),
    ],
  ];
  for (const [x, expected] of cases) {
    await using session = await openSession(addModel(x.dtype), options);
    assertEquals((await session.run({ x })).y, expected, x.dtype);
  }
});

Deno.test("Session.run() names all missing, unknown and ill-typed inputs together", async () => {
  await using session = await openSession(addModel("float32"), options);
  const error = await assertRejects(
    () => session.run({ z: tensor("float32", [1], new Float32Array(1)) }),
    TypeError,
  );
  assertEquals(
    error.message,
    'Cannot run the model: input "x" float32[n, 2] is missing; "z" is not an input, its inputs are "x" float32[n, 2]',
  );
  const wrong = tensor("int64", [1, 3], new BigInt64Array(3));
  const second = await assertRejects(() => session.run({ x: wrong }), TypeError);
  assertStringIncludes(second.message, 'input "x" float32[n, 2] was given int64[1, 3]');
});

Deno.test("openSession() names a file that is missing, no ONNX, or truncated", async () => {
  const directory = await Deno.makeTempDir();
  const bytes = encodeModel(addModel("float32", tensor("float32", [1, 2], new Float32Array(2))));
  const truncated = join(directory, "truncated.onnx");
  await Deno.writeFile(truncated, bytes.subarray(0, bytes.length - 30));
  const text = join(directory, "text.onnx");
  await Deno.writeTextFile(text, "{}");
  const absent = join(directory, "absent.onnx");
  const codes = { [truncated]: "unreadable", [text]: "unreadable", [absent]: "not-found" };
  for (const [path, code] of Object.entries(codes)) {
    const error = await assertRejects(() => openSession(path, options), DiagnosticError);
    assertEquals(error.diagnostics[0]!.code, `model-${code}`);
    assertStringIncludes(error.message, `Cannot open "${path}"`);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("openSession() lays out a model with weights in files and removes the folder", async () => {
  const directory = await Deno.makeTempDir();
  const values = new Float32Array([0, 0, 10, 20]);
  await Deno.writeFile(join(directory, "w.bin"), new Uint8Array(values.buffer));
  const model = addModel("float32");
  const weight = {
    dtype: "float32",
    dims: [1, 2],
    data: { kind: "external", directory, location: "w.bin", offset: 8, length: 8 },
  } as const;
  const graph = {
    ...model.graph,
    nodes: [node("Add", ["x", "w"], "y")],
    initializers: new Map([["w", weight]]),
  };
  const parent = join(directory, "sessions");
  const session = await openSession({ ...model, graph }, { ...options, sessionFolder: parent });
  const { y } = await session.run({ x: tensor("float32", [1, 2], new Float32Array([1, 2])) });
  assertEquals([...y!.data], [11, 22]);
  await session[Symbol.asyncDispose]();
  assertEquals([...Deno.readDirSync(parent)], []);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("openSession() opens a branch whose weights are in a file", async () => {
  const directory = await Deno.makeTempDir();
  const size = 1024;
  await Deno.writeFile(join(directory, "w.bin"), new Uint8Array(4 * size));
  const weight = {
    dtype: "float32",
    dims: [size],
    data: { kind: "external", directory, location: "w.bin", offset: 0, length: 4 * size },
  } as const;
  const type = value("x", "float32", [size]);
  const branch = (opType: string) => ({
    name: opType,
    nodes: [node(opType, ["x", "w"], "b")],
    inputs: [],
    outputs: [{ ...type, name: "b" }],
    initializers: new Map([["w", weight]]),
    values: new Map(),
  });
  const choose: Node = {
    ...node("If", ["c"], "y"),
    attributes: {
      then_branch: { type: "graph", value: branch("Add") },
      else_branch: { type: "graph", value: branch("Sub") },
    },
  };
  const graph = {
    ...addModel("float32").graph,
    nodes: [choose],
    inputs: [value("c", "bool", []), type],
    outputs: [{ ...type, name: "y" }],
  };
  await using session = await openSession({ ...addModel("float32"), graph }, options);
  const x = tensor("float32", [size], new Float32Array(size).fill(3));
  const { y } = await session.run({ x, c: tensor("bool", [], Uint8Array.of(1)) });
  assertEquals(y!.data[size - 1], 3);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("openSession() says what a provider that does not work here lacks", async () => {
  const machineHasCuda = await openSession(addModel("float32"), { provider: "cuda" })
    .then(() => true, () => false);
  if (machineHasCuda) return;
  const error = await assertRejects(
    () => openSession(addModel("float32"), { provider: "cuda" }),
    DiagnosticError,
  );
  assertStringIncludes(error.message, 'Cannot use provider "cuda"');
  const notes = error.diagnostics[0]!.notes!;
  assert(notes.some((note) => note.startsWith("Not found: ")), notes.join("\n"));
  assert(notes.some((note) => note.includes("libonnxruntime_providers_cuda.so")));
});

Deno.test('openSession() takes a working device for "auto"', async () => {
  await using session = await openSession(addModel("float32"), { provider: "auto" });
  assert(["cpu", "cuda"].includes(session.provider));
});

Deno.test("a node that cannot compute what it gets is named, without ONNX Runtime's stack", async () => {
  const table = tensor("float32", [2, 1], Float32Array.of(1, 2));
  const model: Model = {
    ...addModel("float32"),
    graph: {
      name: "g",
      nodes: [node("Gather", ["w", "ids"], "y")],
      inputs: [value("ids", "int64", ["n"])],
      outputs: [value("y", "float32", ["n", 1])],
      initializers: new Map([["w", weightFromTensor(table)]]),
      values: new Map(),
    },
  };
  await using session = await openSession(model, { provider: "cpu", threads: 1 });
  const run = () => session.run({ ids: tensor("int64", [1], BigInt64Array.of(7n)) });
  const error = await assertRejects(run, DiagnosticError);
  const said = 'Cannot run the model at Gather node "Gather": it looks up 7 in a table of 2 rows';
  assertEquals(error.message, said);
});
