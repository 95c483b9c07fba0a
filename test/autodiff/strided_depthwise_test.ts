import { assert, assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { toNumbers } from "../../lib/tensor/convert.ts";
import { Random } from "../../lib/tensor/random.ts";
import { sizeOf, type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { runOnce } from "./gradient_case.ts";

const channels = 3;

/** Kernel, stride, pads and dilation of windows over 9 × 10 elements. */
const windows = [
  { kernel: 3, stride: 2, pad: 1, dilation: 1 },
  { kernel: 5, stride: 2, pad: 2, dilation: 1 },
  { kernel: 5, stride: 3, pad: 1, dilation: 1 },
  { kernel: 3, stride: 2, pad: 2, dilation: 2 },
  { kernel: 1, stride: 2, pad: 0, dilation: 1 },
  { kernel: 2, stride: 3, pad: 0, dilation: 1 },
];

function draw(random: Random, ...dims: number[]): Tensor {
  return tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
}

/** Without known sizes the transposed map is a ConvTranspose. */
function gradientOf(
  { kernel, stride, pad, dilation }: typeof windows[number],
  isSized: boolean,
): Model {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", ["batch", channels, ...(isSized ? [9, 10] : ["h", "w"])]);
  const w = b.constant(draw(new Random(1), channels, 1, kernel, kernel));
  const y = b.op("Conv", [x, w], {
    group: channels,
    strides: [stride, stride],
    dilations: [dilation, dilation],
    pads: [pad, pad, pad, pad],
  });
  b.output(b.op("Mul", [y, y]), "y");
  return addGradients(b.finish(), { of: "y", wrt: ["x"] });
}

Deno.test("addGradients() gives the same gradients of strided depthwise windows of known size", async () => {
  const x = draw(new Random(2), 2, channels, 9, 10);
  for (const window of windows) {
    const [known, unknown] = await Promise.all(
      [true, false].map(async (isSized) =>
        toNumbers((await runOnce(gradientOf(window, isSized), { x }))["grad.x"]!)
      ),
    );
    const worst = Math.max(...known!.map((value, i) => Math.abs(value - unknown![i]!)));
    assert(worst < 1e-4, `${JSON.stringify(window)}: ${worst}`);
  }
});

Deno.test("addGradients() makes convolutions of strided depthwise windows", () => {
  const ops = gradientOf(windows[0]!, true).graph.nodes.map(({ opType }) => opType);
  assertEquals([ops.includes("ConvTranspose"), ops.filter((op) => op === "Conv").length], [
    false,
    2,
  ]);
});
