import { assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { type AttributeInput, GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { dataTypeOf } from "../../lib/onnx/ir/data_type.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { fallbackLine, placeOnCuda } from "../../lib/runtime/placement.ts";
import type { DType } from "../../lib/tensor/dtype.ts";
import { type CaseSpec, findCases } from "../tools/golden/case.ts";
import { floatNames } from "../../lib/cli/read_model.ts";
import { readModel } from "../tools/golden/vjp.ts";

interface Row {
  readonly op: string;
  readonly inputs: readonly (readonly [DType, readonly number[]])[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly opset?: number;
  readonly reason?: string;
}

const image = ["float32", [1, 2, 8, 8]] as const;
const weight = ["float32", [2, 2, 3, 3]] as const;

/** What the provider itself does with these nodes, as a session with stand-ins of CUDA's libraries shows. */
const rows: readonly Row[] = [
  { op: "Sin", inputs: [["float32", [2]]] },
  { op: "Tan", inputs: [["float32", [2]]], reason: "CUDA has no kernel for it" },
  { op: "CastLike", inputs: [["float32", [2]], ["int64", [1]]] },
  { op: "ArgMax", inputs: [["float32", [2]]] },
  {
    op: "ArgMax",
    inputs: [["int32", [2]]],
    reason: "CUDA's kernel takes float64, float16, float32, not int32",
  },
  {
    op: "ArgMax",
    inputs: [["float32", [2]]],
    attributes: { select_last_index: 1 },
    reason: "CUDA's kernel takes the first of equal values",
  },
  {
    op: "Where",
    inputs: [["bool", [2]], ["bool", [2]], ["bool", [2]]],
    reason:
      "CUDA's kernel takes uint8, bfloat16, float64, float16, float32, int32, int64, not bool",
  },
  { op: "MaxPool", inputs: [image], attributes: { kernel_shape: [2, 2] }, opset: 21 },
  {
    op: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: [2, 2] },
    opset: 22,
    reason: "CUDA has no kernel for its form of opset 22",
  },
  { op: "ConvTranspose", inputs: [image, weight], attributes: { pads: [1, 0, 1, 0] } },
  {
    op: "ConvTranspose",
    inputs: [image, weight],
    attributes: { pads: [1, 1, 0, 1] },
    reason: "CUDA's kernel pads both sides of an axis alike",
  },
  {
    op: "ConvTranspose",
    inputs: [image, weight],
    attributes: { auto_pad: "SAME_UPPER" },
    reason: "CUDA's kernel does not take auto_pad SAME",
  },
];

function modelOf({ op, inputs, attributes = {}, opset = 18 }: Row): Model {
  const b = new GraphBuilder({ opset });
  const names = inputs.map(([dtype, dims], i) => b.input(`x${i}`, dtype, dims));
  b.output(b.op(op, names, attributes), "y");
  return b.finish();
}

Deno.test("placeOnCuda() says which nodes fall to the CPU, and why", () => {
  for (const row of rows) {
    const { cpu } = placeOnCuda(modelOf(row));
    const expected = row.reason === undefined ? [] : [row.reason];
    assertEquals(cpu.map(({ reason }) => reason), expected, JSON.stringify(row));
  }
});

Deno.test("placeOnCuda() counts apart what no device has a kernel for", () => {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", [2]);
  b.output(b.op("Strange", [b.op("Tan", [x])], {}, "my.own"), "y");
  b.output(b.op("Gelu", [x], {}, "com.microsoft"), "z");
  const placement = placeOnCuda(b.finish());
  assertEquals([placement.cuda, placement.cpu.map(({ op }) => op)], [3, ["Tan"]]);
  assertEquals(placement.nowhere, [{
    node: "Strange_0",
    op: "my.own.Strange",
    reason: 'ONNX Runtime has no operators of domain "my.own"',
  }]);
  assertEquals(
    fallbackLine(placement),
    "1 node of the graph runs on no device: 1 my.own.Strange: ONNX Runtime has no operators of " +
      'domain "my.own"; 1 node of the graph runs on the CPU, with copies: 1 Tan: CUDA has no ' +
      "kernel for it",
  );
});

Deno.test("placeOnCuda() counts what computes shapes apart", () => {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", ["batch", 4]);
  const size = b.op("Slice", [b.op("Shape", [x]), b.int64s([0]), b.int64s([1])]);
  const shape = b.op("Concat", [size, b.int64s([2, 2])], { axis: 0 });
  b.output(b.op("Neg", [b.op("Reshape", [x, shape])]), "y");
  const placement = placeOnCuda(b.finish());
  assertEquals([placement.cuda, placement.shapes, placement.cpu], [3, 3, []]);
  assertEquals(fallbackLine(placement), undefined);
});

/** x / n and (−x) / n, where n is the size of x. */
function perElement(b: GraphBuilder, dtype: "float32" | "float16"): Model {
  const x = b.input("x", dtype, ["batch", 4]);
  const count = b.op("Cast", [b.op("Size", [x])], { to: dataTypeOf[dtype] });
  b.output(b.op("Div", [x, count]), "y");
  b.output(b.op("Div", [b.op("Neg", [x]), count]), "z");
  return b.finish();
}

Deno.test("placeOnCuda() knows what the runtime keeps beside sizes: an input's node, but no 16-bit one", () => {
  const float32 = placeOnCuda(perElement(new GraphBuilder({ opset: 18 }), "float32"));
  assertEquals(float32.cpu.map(({ op, reason }) => `${op}: ${reason}`), [
    "Div: ONNX Runtime keeps it beside the sizes that it reads",
  ]);
  assertEquals(placeOnCuda(perElement(new GraphBuilder({ opset: 18 }), "float16")).cpu, []);
});

Deno.test("placeOnCuda() knows which sizes the kernels themselves want on the CPU", () => {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", ["batch", 4]);
  b.output(b.op("Expand", [b.input("s", "float32", [1]), b.op("Shape", [x])]), "y");
  const { cuda, shapes, cpu } = placeOnCuda(b.finish());
  assertEquals([cuda, shapes, cpu], [2, 1, []]);
});

Deno.test("placeOnCuda() looks into subgraphs", () => {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", [2]);
  const condition = b.input("condition", "bool", []);
  const branch = (op: string) => {
    const inner = new GraphBuilder({ opset: 18 });
    inner.output(inner.op(op, [inner.input("unused", "float32", [2])]), "z");
    const { graph } = inner.finish();
    const nodes = graph.nodes.map((node) => ({ ...node, inputs: [x] }));
    return { type: "graph", value: { ...graph, nodes, inputs: [] } } as const;
  };
  b.output(
    b.op("If", [condition], { then_branch: branch("Tan"), else_branch: branch("Cos") }),
    "y",
  );
  const placement = placeOnCuda(b.finish());
  assertEquals([placement.cuda, placement.cpu.map(({ op }) => op)], [5, ["Tan"]]);
  assertEquals(
    fallbackLine(placement),
    "1 node of the graph runs on the CPU, with copies: 1 Tan: CUDA has no kernel for it",
  );
});

/** Ops of the cases themselves that CUDA has no kernels for, and of their gradients. */
const withoutKernels = new Set([
  ..."Acos Acosh Asin Asinh Atan Atanh Celu Col2Im Cosh LpPool Mean MeanVarianceNormalization Sinh Tan"
    .split(" "),
]);

Deno.test("gradients of the golden graphs run on CUDA", async () => {
  const folder = new URL("../golden/vjp", import.meta.url).pathname;
  const left: string[] = [];
  for (const found of findCases(folder)) {
    const spec: CaseSpec = JSON.parse(await Deno.readTextFile(`${found.path}/case.json`));
    const inputs = (spec.inputs ?? []).filter(({ wrt }) => wrt).map(({ name }) => name);
    const model = await readModel(found);
    const { cpu } = placeOnCuda(addGradients(model, {
      cotangents: floatNames(model.graph.outputs),
      wrt: [...inputs, ...spec.wrt_initializers ?? []],
    }));
    const unexpected = cpu.filter(({ op, reason }) =>
      !withoutKernels.has(op) && !reason.endsWith("not int32")
    );
    left.push(...unexpected.map(({ op, reason }) => `${found.name}: ${op}: ${reason}`));
  }
  // What reads an input of the whole graph beside sizes, and positions that are mirrored: the provider
  // places them in just this way.
  const beside = "Div: ONNX Runtime keeps it beside the sizes that it reads";
  const mirrored = "Pad: CUDA's kernel takes bool, float64, float16, float32, not int64";
  assertEquals(left, [
    `attention23_4d__dyn: ${beside}`,
    `attention23_causal__dyn: ${beside}`,
    `globalavgpool__dyn: ${beside}`,
    `pad_reflect__dyn: ${mirrored}`,
    `pad_reflect__dyn: ${mirrored}`,
    `reducemean_attr_keep__dyn: ${beside}`,
    `size_scale__dyn: ${beside}`,
  ]);
});
