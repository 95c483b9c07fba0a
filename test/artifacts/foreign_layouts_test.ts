import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type ImportOptions, importPrompt } from "../../lib/artifacts/import_prompt.ts";
import { promptMask } from "../../lib/prompts/prompt_table.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";
import { sizeOf, type Tensor, zeros } from "../../lib/tensor/tensor.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** Values that tell their place. */
const ramp = (dims: number[], from = 1) =>
  fromNumbers("float32", dims, Array.from({ length: sizeOf(dims) }, (_, i) => from + i / 64));

/** Strips of width 2 around a canvas of 8, as a module of `hjbahng/visual_prompting` has them. */
const strips = {
  pad_up: ramp([1, 3, 2, 8], 1),
  pad_down: ramp([1, 3, 2, 8], 2),
  pad_left: ramp([1, 3, 4, 2], 3),
  pad_right: ramp([1, 3, 4, 2], 4),
};

const under = (prefix: string, tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [`${prefix}${name}`, x]));

/** What the strips form: up, then left and right of each row, then down. */
function frameValue(channel: number, y: number, x: number): number {
  const at = (name: keyof typeof strips, row: number, column: number) => {
    const [, , height, width] = strips[name].dims as [number, number, number, number];
    return strips[name].data[(channel * height + row) * width + column] as number;
  };
  if (y < 2) return at("pad_up", y, x);
  if (y >= 6) return at("pad_down", y - 6, x);
  return x < 2 ? at("pad_left", y - 2, x) : x >= 6 ? at("pad_right", y - 2, x - 6) : 0;
}

const frame = Float32Array.from(
  { length: 192 },
  (_, i) => frameValue(Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8),
);

Deno.test("importPrompt() joins the strips of a padding prompter, however they are wrapped", () => {
  const files: readonly Tensors[] = [
    strips,
    under("state_dict.", strips),
    under("state_dict.module.", strips),
    under("model.prompter.module.", strips),
    { ...under("best.", strips), ...under("last.", strips) },
    { ...strips, "optimizer.state.0.momentum_buffer": strips.pad_up },
  ];
  for (const file of files) {
    const { delta, meta, guesses } = importPrompt(file);
    assertEquals(delta.data, frame);
    assertEquals([meta.kind, meta.canvas, meta.image, guesses], ["padding", 8, 4, []]);
  }
  assertEquals(importPrompt(strips, { kind: "frame" }).meta.kind, "frame");
  const other = under("ema.", { ...strips, pad_up: ramp([1, 3, 2, 8], 9) });
  const { delta } = importPrompt({ ...under("net.", strips), ...other }, { tensor: "net" });
  assertEquals(delta.data, frame);
});

const mask = promptMask("frame", { canvas: 8, image: 4 });
const inFrame = fromNumbers(
  "float32",
  [3, 8, 8],
  ramp([3, 8, 8]).data.map((value, i) => value * mask.data[i]!),
);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

Deno.test("importPrompt() gives what is added to images, not what is trained", () => {
  const program = ramp([3, 8, 8]);
  const auto = { "perturb_dict.delta": inFrame };
  const resnet = { texts: { pretrained_model: "resnet18" } };
  const cases: readonly {
    file: Tensors;
    options: ImportOptions;
    kind: string;
    value: (x: number) => number;
  }[] = [
    { file: auto, options: resnet, kind: "frame", value: sigmoid },
    {
      file: auto,
      options: { texts: { pretrained_model: "clip_RN50" } },
      kind: "frame",
      value: (x) => x,
    },
    { file: auto, options: { ...resnet, values: "added" }, kind: "frame", value: (x) => x },
    { file: { program, mask }, options: { values: "sigmoid" }, kind: "frame", value: sigmoid },
    { file: { program, mask }, options: { values: "added" }, kind: "padding", value: (x) => x },
    {
      file: { "vp.program": inFrame },
      options: { values: "sigmoid" },
      kind: "frame",
      value: sigmoid,
    },
  ];
  for (const { file, options, kind, value } of cases) {
    const { delta, meta, guesses } = importPrompt(file, options);
    assertEquals([meta.kind, meta.image, guesses], [kind, 4, []]);
    delta.data.forEach((x, i) =>
      assertAlmostEquals(x, mask.data[i] === 0 ? 0 : value(program.data[i]!), 1e-6)
    );
  }
});

Deno.test("importPrompt() refuses what a file does not say", () => {
  const without = ({ pad_left: _, ...rest }: typeof strips) => rest;
  const auto = (delta: Tensor, others: Tensors = {}) => ({
    "perturb_dict.delta": delta,
    ...others,
  });
  const options = { texts: { pretrained_model: "resnet18" } };
  const cases: readonly [Tensors, ImportOptions, string][] = [
    [without(strips), {}, "found pad_up [1, 3, 2, 8], pad_down [1, 3, 2, 8], pad_left [missing]"],
    [{ ...strips, pad_left: ramp([1, 3, 8, 2]) }, {}, "its strips do not form a frame"],
    [{ ...strips, pad_up: ramp([1, 3, 3, 8]) }, {}, "its strips do not form a frame"],
    [{ pad_left: ramp([1, 3, 8, 8]) }, {}, "its strips do not form a frame"],
    [
      { ...under("a.", strips), ...under("b.", { ...strips, pad_up: ramp([1, 3, 2, 8], 9) }) },
      {},
      '--tensor chooses one of "a", "b"',
    ],
    [{ "state_dict.patch": ramp([1, 3, 8, 8]) }, {}, "does not say where it lies on the image"],
    [{ program: ramp([3, 8, 8]), mask }, {}, "say --values added or --values sigmoid"],
    [
      { program: ramp([3, 8, 8]), mask: zeros("float32", [4, 4]) },
      { values: "added" },
      "its mask [4, 4]",
    ],
    [auto(inFrame), {}, "say --values added or --values sigmoid"],
    [auto(ramp([3, 8, 8])), options, "do not form a square in the middle"],
    [auto(zeros("float32", [3, 8, 8])), options, "do not form a square in the middle"],
    [
      auto(inFrame, { "resize_dict.scale": ramp([], 1.5) }),
      options,
      "the image was scaled by 1.5",
    ],
  ];
  for (const [file, given, message] of cases) {
    assertThrows(() => importPrompt(file, given), RangeError, message);
  }
});
