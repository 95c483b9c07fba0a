import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { buildProcessor } from "../../lib/vision/build_processor.ts";
import { preprocess } from "../../lib/vision/preprocess.ts";
import { planProcessor } from "../../lib/vision/processor_table.ts";
import type { ProcessorConfig } from "../../lib/vision/processor_fields.ts";
import { resizeBytes } from "../../lib/vision/resize.ts";

const clip: ProcessorConfig = {
  do_resize: true,
  do_center_crop: true,
  do_rescale: true,
  do_normalize: true,
  size: { shortest_edge: 20 },
  crop_size: { height: 16, width: 16 },
  resample: 3,
  rescale_factor: 1 / 255,
  image_mean: [0.48, 0.46, 0.41],
  image_std: [0.27, 0.26, 0.28],
};

Deno.test("planProcessor() works out sizes as transformers does", () => {
  const cases: [string, ProcessorConfig, [number, number], [number, number]][] = [
    ["height and width", { size: { height: 5, width: 7 } }, [30, 40], [5, 7]],
    ["a number", { size: 20 }, [30, 40], [20, 26]],
    ["shortest edge, tall", { size: { shortest_edge: 20 } }, [40, 30], [26, 20]],
    ["both edges", { size: { shortest_edge: 20, longest_edge: 22 } }, [30, 40], [16, 22]],
    ["longest edge", { size: { longest_edge: 20 } }, [30, 40], [15, 20]],
    ["no resizing", { do_resize: false, size: 20 }, [30, 40], [30, 40]],
    ["no size", {}, [30, 40], [30, 40]],
    ["crop", { size: 20, do_center_crop: true, crop_size: 18 }, [30, 40], [18, 18]],
  ];
  for (const [name, config, [height, width], expected] of cases) {
    const { size } = planProcessor(config, { height, width }).tiles[0]!;
    assertEquals([size.height, size.width], expected, name);
  }
});

Deno.test("planProcessor() takes null for absent", () => {
  const config = { do_resize: null, size: null, crop_size: null, resample: null, image_mean: null };
  const { tiles, scale } = planProcessor(config, { height: 8, width: 6 });
  assertEquals([tiles[0]!.size, scale], [{ height: 8, width: 6 }, [1, 1, 1]]);
});

Deno.test("planProcessor() knows a kind of processor by each of its names", () => {
  const size = { height: 40, width: 20 };
  const wanted = planProcessor({ image_processor_type: "CLIPImageProcessor", size: 16 }, size);
  const names: ProcessorConfig[] = [
    { feature_extractor_type: "CLIPFeatureExtractor" },
    { image_processor_type: "CLIPFeatureExtractor" },
    { image_processor_type: "CLIPImageProcessorFast" },
    { image_processor_type: "CLIPImageProcessorPil" },
  ];
  for (const name of names) assertEquals(planProcessor({ ...name, size: 16 }, size), wanted);
});

Deno.test("preprocess() refuses more images at once than memory should hold", () => {
  const image = tensor("uint8", [20, 3, 1, 1], new Uint8Array(60));
  assertThrows(
    () => preprocess(image, { size: 5000 }),
    RangeError,
    "Cannot prepare 20 images of 5000×5000 pixels at once: they take more than 536870912 bytes",
  );
});

Deno.test("planProcessor() rejects what it cannot do", () => {
  const pixels = "expected whole numbers of pixels from 1 to 16384, and 30000000 in all";
  const cases: [ProcessorConfig, string][] = [
    [{ do_pad: true }, '"do_pad" is set, supported are do_resize'],
    [{ resample: 9 }, "resample is 9, expected 0 to 5 (nearest, lanczos"],
    [{ resample: "length" }, 'resample is "length", expected 0 to 5'],
    [{ size: { edge: 3 } }, 'size is {"edge":3}, expected a number, {height, width}'],
    [{
      image_processor_type: "CLIPImageProcessor",
      size: { height: { toString: 1 }, width: 8 } as never,
    }, 'size.height is {"toString":1}, expected a number of pixels'],
    [{ size: { height: -64, width: -64 } }, `size is {"height":-64,"width":-64}, ${pixels}`],
    [{ size: { height: 8.5, width: 8 } }, `size is {"height":8.5,"width":8}, ${pixels}`],
    [{ size: 0 }, `size is 0, ${pixels}`],
    [{ size: { height: 6000, width: 6000 } }, `size is {"height":6000,"width":6000}, ${pixels}`],
    [{ size: { shortest_edge: "8" } }, 'size.shortest_edge is "8", expected a number of pixels'],
    [{ size: [8, 8, 8] }, "size is [8,8,8], expected a number, {height, width}, [height, width]"],
    [
      {
        image_processor_type: "ViTImageProcessor",
        do_pad: true,
        pad_size: { height: 9, width: 9 },
      },
      'pad_size is {"height":9,"width":9}, expected null',
    ],
    [
      { image_processor_type: "DPTImageProcessor", size: 8, do_pad: true, size_divisor: 7 },
      "do_pad is true, expected false",
    ],
    [{
      image_processor_type: "LlavaNextImageProcessor",
      size: { shortest_edge: 4 },
      do_center_crop: false,
      crop_size: 4,
      image_grid_pinpoints: [[4, 6]],
    }, "image_grid_pinpoints is [4,6], expected multiples of 4"],
    [{ do_center_crop: true, crop_size: -1 }, `crop_size is -1, ${pixels}`],
    [{ do_resize: "no", size: 8 }, 'do_resize is "no", expected true or false'],
    [{ image_mean: [1, 2] }, "image_mean is [1,2], expected three numbers"],
    [{ image_mean: 0.5, image_std: null }, "image_std is null, expected three numbers"],
    [
      { image_mean: 0.5, image_std: 0 },
      "image_mean is [0.5,0.5,0.5] and image_std [0,0,0], which makes pixels infinite",
    ],
    [{ rescale_factor: NaN }, "rescale_factor is NaN, expected a number other than 0"],
  ];
  for (const [config, cause] of cases) {
    assertThrows(() => planProcessor(config, { height: 8, width: 8 }), RangeError, cause);
  }
});

Deno.test("preprocess() resizes bytes as Pillow, crops, rescales and normalises", () => {
  const bytes = Uint8Array.from({ length: 3 * 30 * 40 }, (_, i) => (i * 31) % 256);
  const values = preprocess(tensor("uint8", [1, 3, 30, 40], bytes), clip);
  assertEquals(values.dims, [1, 3, 16, 16]);
  const from = { height: 30, width: 40 }, to = { height: 20, width: 26 };
  const resized = resizeBytes(bytes, { from, to });
  for (const [channel, y, x] of [[0, 0, 0], [1, 7, 9], [2, 15, 15]] as const) {
    const pixel = resized[(channel * 20 + y + 2) * 26 + x + 5]! / 255;
    const mean = (clip.image_mean as number[])[channel]!;
    const std = (clip.image_std as number[])[channel]!;
    assertAlmostEquals(values.data[(channel * 16 + y) * 16 + x]!, (pixel - mean) / std, 1e-5);
  }
});

Deno.test("preprocess() puts zeros around an image smaller than the crop", () => {
  const config = { do_center_crop: true, crop_size: 6, do_rescale: true };
  const image = tensor("uint8", [1, 3, 3, 3], new Uint8Array(27).fill(255));
  const { data } = preprocess(image, config);
  const inside = (i: number) => i >= 2 && i < 5; // the odd row lies at the end, as in transformers
  for (let i = 0; i < 36; i++) {
    assertEquals(data[i], inside(i % 6) && inside(Math.floor(i / 6)) ? 1 : 0, `pixel ${i}`);
  }
});

Deno.test("buildProcessor() computes what preprocess() does, on every kind of configuration", async () => {
  const random = new Random(1);
  const data = Float32Array.from({ length: 2 * 3 * 24 * 24 }, () => random.uniform(-0.2, 1.2));
  const image = tensor("float32", [2, 3, 24, 24], data);
  const cases: [string, ProcessorConfig, number][] = [
    ["clip", clip, 5],
    ["enlarged, bilinear", { ...clip, resample: 2, size: 40, do_center_crop: false }, 5],
    ["crop without resize", { do_center_crop: true, crop_size: 15 }, 3],
    ["normalised only", { ...clip, do_resize: false, do_center_crop: false }, 3],
    ["crop beyond the image", { do_center_crop: true, crop_size: 31, image_mean: 0.5 }, 0],
  ];
  for (const [name, config, nodes] of cases) {
    const full = config.image_mean === 0.5 ? { ...config, image_std: 0.5 } : config;
    const model = buildProcessor(full, 24);
    // The last node gives the output its name.
    if (nodes > 0) assertEquals(model.graph.nodes.length, nodes, name);
    const session = await openSession(model, { provider: "cpu" });
    const { pixel_values: actual } = await session.run({ image });
    await session[Symbol.asyncDispose]();
    const expected = preprocess(image, full);
    assertEquals(actual!.dims, expected.dims, name);
    const worst = Math.max(
      ...expected.data.map((value, i) => Math.abs(value - (actual!.data[i] as number))),
    );
    assert(worst < 1e-5, `${name}: off by ${worst}`);
  }
});
