/** Sizes that a file of 200 bytes can declare: what a rule writes down must not grow with them. */
import { assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { type AttributeInput, GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import { weightSize } from "../../lib/onnx/ir/weight.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";

interface Case {
  readonly name: string;
  readonly op: string;
  readonly x: readonly number[];
  readonly others?: (b: GraphBuilder) => readonly Value[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly domain?: string;
  /** Why there is no gradient; without it there is one. */
  readonly refused?: string;
}

const huge = 2 ** 31 - 1;

const cases: readonly Case[] = [
  {
    name: "a mean over windows at the border",
    op: "AveragePool",
    x: [3, 3, huge, 7],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  {
    name: "a mean over windows of many elements",
    op: "AveragePool",
    x: [1, 1, 9, huge],
    attributes: { kernel_shape: [3, huge], pads: [1, 0, 1, 0] },
  },
  {
    name: "depthwise windows with a stride",
    op: "Conv",
    x: [2, 4, 7, huge],
    others: (b) => [b.constant(fromNumbers("float32", [4, 1, 3, 3], new Array(36).fill(1)))],
    attributes: { group: 4, strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  {
    name: "an image out of large blocks",
    op: "Col2Im",
    x: [1, 90_000, 1],
    others: (b) => [b.int64s([300, 300]), b.int64s([300, 300])],
    refused: 'Cannot differentiate node "y" (Col2Im): its block of 300×300 elements is too large',
  },
  {
    name: "overlapping windows as an axis",
    op: "UnfoldTensor",
    domain: "com.microsoft",
    x: [1, 2 ** 20],
    attributes: { dim: 1, size: 2 ** 19, step: 1 },
    refused:
      'Cannot differentiate node "y" (UnfoldTensor): its inputs or attributes do not fit each other',
  },
  {
    name: "an attribute that the op has not, nor the op that it is made of",
    op: "FusedGemm",
    domain: "com.microsoft",
    x: [2, 3],
    others: (b) => [b.constant(fromNumbers("float32", [3, 2], [1, 2, 3, 4, 5, 6]))],
    attributes: { axis: 1 },
    refused:
      'Cannot differentiate node "y" (FusedGemm): its inputs or attributes do not fit each other',
  },
];

const maxBytes = 2 ** 20;

for (const { name, op, x, others, attributes = {}, domain = "", refused } of cases) {
  Deno.test(`addGradients() writes no constants of the input's size: ${name}`, () => {
    const b = new GraphBuilder({ opset: 18 });
    const inputs = [b.input("x", "float32", x), ...others?.(b) ?? []];
    b.output(b.node(op, inputs, { attributes, domain, outputs: ["y"] })[0]!);
    const model = b.finish();
    try {
      const { graph } = addGradients(model, { cotangents: ["y"], wrt: ["x"] });
      const large = [...graph.initializers].filter(([, weight]) => weightSize(weight) > maxBytes);
      assertEquals([large.map(([name]) => name), undefined], [[], refused]);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      assertEquals(error.message, refused);
    }
  });
}
