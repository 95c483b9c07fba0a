/** Numbers that ask for more than their node can mean are refused before anything is made of them. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { type AttributeInput, floats, GraphBuilder } from "../../../lib/onnx/build/builder.ts";
import { attributeChecks, freeAttributes } from "../../../lib/onnx/infer/attribute_checks.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import { signatures } from "../../../lib/onnx/ir/op_signature.ts";

Deno.test("every integer attribute of ai.onnx has a check, or is one that may be anything", () => {
  const names = new Set<string>();
  for (const { form } of [...signatures().values()].flat()) {
    for (const [name, { type }] of form?.attributes ?? []) {
      if (/^ints?$/.test(type)) names.add(name);
    }
  }
  const covered = new Set([...Object.keys(attributeChecks), ...freeAttributes]);
  assertEquals([...names].filter((name) => !covered.has(name)).sort(), []);
});

interface Row {
  readonly op: string;
  readonly opset?: number;
  /** Shapes of float inputs, or constant integers. */
  readonly inputs: readonly (readonly number[] | { readonly numbers: readonly number[] })[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly outputs?: number;
  readonly message: string;
}

const huge = 2 ** 40;
const image = [1, 2, 4, 4];
const values = (...numbers: number[]) => ({ numbers });
const same = "expected -2 to 1 because its input has rank 2";

const rows: readonly Row[] = [
  {
    op: "Gather",
    inputs: [[2, 3], values(0)],
    attributes: { axis: -huge },
    message: `its axis is -${huge}, ${same}`,
  },
  {
    op: "Flatten",
    inputs: [[2, 3]],
    attributes: { axis: 3 },
    message: "its axis is 3, expected -2 to 2 because its input has rank 2",
  },
  {
    op: "TopK",
    inputs: [[2, 3], values(-1)],
    outputs: 2,
    message: "its k is -1, expected at least 0 and below 2^31",
  },
  { op: "ReduceSum", inputs: [[2, 3], values(huge)], message: `its axes is ${huge}, ${same}` },
  {
    op: "ReduceSum",
    inputs: [[2, 3], values(0, -2)],
    message: "its axes is [0,-2], which names an axis twice",
  },
  {
    op: "Unsqueeze",
    inputs: [[2, 3], values(9)],
    message: "its axes is 9, expected -3 to 2 because its input has rank 3",
  },
  {
    op: "Transpose",
    inputs: [[2, 3]],
    attributes: { perm: [0, 0] },
    message: "its perm is [0,0], expected each number from 0 to 1 once",
  },
  {
    op: "GatherND",
    inputs: [[2, 3], values(0)],
    attributes: { batch_dims: huge },
    message: `its batch_dims is ${huge}, expected from 0 to 0`,
  },
  {
    op: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [2, 2], pads: [huge, 0, 0, 0] },
    message: `its pads is [${huge},0,0,0], expected at least 0 and below 2^31`,
  },
  {
    op: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [2, 2], pads: [2, 0, 0, 0] },
    message: "its pads is [2,0,0,0], expected less than the window [2,2]",
  },
  {
    op: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: [2, 2], strides: [0, 1] },
    message: "its strides is [0,1], expected at least 1 and below 2^31",
  },
  {
    op: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: [2] },
    message: "its kernel_shape has 1 numbers, expected 2",
  },
  {
    op: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: [9, 9] },
    message: "its window of 9 is larger than its input of 4, pads included",
  },
  {
    op: "Conv",
    inputs: [[1, 2, 2, 2], [2, 2, 3, 3]],
    attributes: { strides: [2, 2] },
    message: "its window of 3 is larger than its input of 2, pads included",
  },
  {
    op: "STFT",
    inputs: [[1, 2, 1], values(2), [3]],
    message: "its window of 3 is larger than its input of 2, pads included",
  },
  {
    op: "Conv",
    inputs: [image, [2, 2, 1, 1]],
    attributes: { group: 0 },
    message: "its group is 0, expected at least 1 and below 2^31",
  },
  {
    op: "Conv",
    inputs: [image, [2, 2, 1]],
    message: "its input 1 has rank 3, its input 0 rank 4, expected the same",
  },
  {
    op: "DepthToSpace",
    inputs: [image],
    attributes: { blocksize: -huge },
    message: `its blocksize is -${huge}, expected at least 1 and below 2^31`,
  },
  {
    op: "Split",
    inputs: [[2, 4], values(3, 3)],
    attributes: { axis: 1 },
    outputs: 2,
    message: "its split is [3,3], which is not the 4 of the axis",
  },
  {
    op: "Slice",
    inputs: [[2, 4], values(0), values(2), values(1), values(0)],
    message: "its steps is 0, expected integers other than 0",
  },
  {
    op: "Slice",
    inputs: [[2, 4], values(0, 0), values(2), values(1)],
    message: "its starts, ends, axes and steps differ in number",
  },
  {
    op: "Pad",
    inputs: [[2, 4], values(1, 1, 1)],
    message: "it has 3 pads for 2 axes, expected two each",
  },
  {
    op: "Reshape",
    inputs: [[2, 4], values(-1, -1)],
    message: "its shape is [-1,-1], which has two -1",
  },
  {
    op: "Reshape",
    inputs: [[2, 4], values(3, 3)],
    message: "it gives the shape [3, 3] to 8 elements",
  },
  {
    op: "Einsum",
    inputs: [[2, 4]],
    attributes: { equation: "ijk->i" },
    message: 'its equation "ijk->i" has "ijk" for an input of rank 2',
  },
  {
    op: "Add",
    inputs: [[2, 4], [3, 4]],
    message: "its inputs of shapes [2, 4] and [3, 4] cannot be broadcast",
  },
  {
    op: "MatMul",
    inputs: [[2, 4], [3, 4]],
    message: "it sums over an axis of 4 and one of 3",
  },
  {
    op: "Gemm",
    inputs: [[2, 4], [4, 3]],
    attributes: { transB: 1 },
    message: "it sums over an axis of 4 and one of 3",
  },
  {
    op: "Upsample",
    opset: 7,
    inputs: [image],
    attributes: { scales: floats([NaN, 1]) },
    message: "its scales is [NaN,1], expected numbers above 0",
  },
  {
    op: "RandomNormal",
    inputs: [],
    attributes: { shape: [-1] },
    message: "its shape is -1, expected from 0 to 9007199254740991",
  },
];

for (const { op, opset = 18, inputs, attributes, outputs, message } of rows) {
  Deno.test(`GraphBuilder refuses ${op}: ${message}`, () => {
    const b = new GraphBuilder({ opset });
    const names = inputs.map((input, i) =>
      "numbers" in input ? b.int64s(input.numbers) : b.input(`x${i}`, "float32", input)
    );
    const options = { attributes: attributes ?? {}, outputs: outputs ?? 1, name: "n" };
    const error = assertThrows(() => b.node(op, names, options), DiagnosticError);
    assertEquals(error.message, `Cannot use ${op} node "n": ${message}`);
  });
}

Deno.test("inferShapes() says in words that an attribute of one number has none", () => {
  const b = new GraphBuilder();
  b.output(b.op("Cast", [b.input("x", "float32", [2])], { to: 1 }), "y");
  const model = b.finish();
  const nodes = model.graph.nodes.map((node) => ({
    ...node,
    name: "",
    attributes: { to: { type: "ints", value: [] } as const },
  }));
  const error = assertThrows(
    () => inferShapes({ ...model, graph: { ...model.graph, nodes } }),
    DiagnosticError,
  );
  assertStringIncludes(error.message, "its to is [], which is not one of ONNX's");
});
