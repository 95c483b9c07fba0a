/** Col2Im adds patches into an image; its transpose cuts them out again. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { sizeOf, tensor } from "../../tensor/tensor.ts";
import { intsOf } from "../engine/attributes.ts";
import { reshape, shapeBetween } from "../engine/dynamic_shape.ts";
import { castLike, constantInts, longestRange, shapeOf } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import { type GradRules, linear } from "../engine/rule.ts";

/** A convolution whose k-th output channel picks the k-th element of the block. */
const col2im = linear(({ b, node, g, x }) => {
  const block = constantInts(b, node.inputs[2]) ?? [];
  refuse(
    node,
    block.length === 0,
    `its block shape "${node.inputs[2]}" is known at run time only`,
    "Give the block shape as a constant",
  );
  refuse(
    node,
    sizeOf(block) ** 2 > longestRange,
    `its block of ${block.join("×")} elements is too large`,
    "Make the block smaller: the gradient holds a kernel for each of its elements",
  );
  const planes = reshape(b, g, [-1, 1, shapeBetween(b, g, 2)]);
  const ones = block.map(() => 1);
  const patches = b.op("Conv", [planes, castLike(b, picks(b, block), g)], {
    kernel_shape: block,
    strides: intsOf(node, "strides") ?? ones,
    dilations: intsOf(node, "dilations") ?? ones,
    pads: intsOf(node, "pads") ?? [...ones, ...ones].map(() => 0),
  });
  return b.op("Reshape", [patches, shapeOf(b, x)]);
});

/** [K, 1, …block]: the rows of the identity as kernels. */
function picks(b: GraphBuilder, block: readonly number[]): Value {
  const size = sizeOf(block);
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  return b.constant(tensor("float32", [size, 1, ...block], data));
}

/** Rule of Col2Im. */
export const col2imRules = { Col2Im: col2im } satisfies GradRules;
