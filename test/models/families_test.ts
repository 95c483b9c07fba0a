import { assertEquals } from "@std/assert";
import type { ImageFacts, Json } from "../../lib/models/families/family.ts";
import { findFamily, knownModelTypes } from "../../lib/models/families/family_table.ts";
import { planProcessor } from "../../lib/vision/processor_table.ts";

/** A row: what the files say, how an image is written, and how many image tokens it has. */
interface Written {
  readonly type: string;
  readonly image: string;
  readonly config?: Json;
  readonly processor?: Json;
  readonly special?: Readonly<Record<string, string>>;
  /** Settings of the image processor; the image has 48 rows and 96 columns. */
  readonly settings?: Json;
  readonly rows?: number;
  readonly placeholder: string;
  readonly text: string;
}

const tile = { size: { height: 24, width: 24 } };
const cut = { image_processor_type: "GotOcr2ImageProcessor", crop_to_patches: true, ...tile };

const table: readonly Written[] = [
  {
    type: "idefics3",
    image: "<image>",
    processor: { image_seq_len: 2 },
    settings: {
      image_processor_type: "Idefics3ImageProcessor",
      size: { longest_edge: 32 },
      max_image_size: { longest_edge: 16 },
    },
    placeholder: "<image>",
    text: "<fake_token_around_image><row_1_col_1><image><image>" +
      "<fake_token_around_image><row_1_col_2><image><image>\n\n" +
      "<fake_token_around_image><global-img><image><image><fake_token_around_image>",
  },
  {
    type: "smolvlm",
    image: "<image>",
    settings: {
      image_processor_type: "SmolVLMImageProcessor",
      size: { longest_edge: 32 },
      max_image_size: { longest_edge: 16 },
      do_image_splitting: false,
    },
    config: { scale_factor: 2, vision_config: { patch_size: 4 } },
    placeholder: "<image>",
    text:
      "<fake_token_around_image><global-img><image><image><image><image><fake_token_around_image>",
  },
  {
    type: "gemma3",
    image: "*",
    special: { boi_token: "[", eoi_token: "]" },
    processor: { image_seq_length: 2 },
    settings: { image_processor_type: "Gemma3ImageProcessor", ...tile },
    placeholder: "[",
    text: "\n\n[**]\n\n",
  },
  {
    type: "gemma3",
    image: "*",
    special: { boi_token: "[", eoi_token: "]" },
    processor: { image_seq_length: 1 },
    settings: {
      image_processor_type: "Gemma3ImageProcessor",
      ...tile,
      do_pan_and_scan: true,
      pan_and_scan_min_crop_size: 24,
    },
    placeholder: "[",
    text:
      "Here is the original image \n\n[*]\n\n and here are some crops to help you see better \n\n[*]\n\n \n\n[*]\n\n",
  },
  {
    type: "phi3_v",
    image: "*",
    settings: { image_processor_type: "Phi3VImageProcessor", num_crops: 2, num_img_tokens: 4 },
    placeholder: "<|image_1|>",
    text: "*".repeat((1 * 2 + 1) * 4 + 1 + 2 * 2),
  },
  {
    type: "multi_modality",
    image: "*",
    processor: { num_image_tokens: 3, image_start_tag: "[", image_end_tag: "]" },
    placeholder: "*",
    text: "[***]",
  },
  {
    type: "janus",
    image: "*",
    special: { boi_token: "<", eoi_token: ">" },
    processor: { num_image_tokens: 2 },
    placeholder: "*",
    text: "<**>",
  },
  {
    type: "gemma3n",
    image: "*",
    special: { boi_token: "[", eoi_token: "]" },
    config: { vision_soft_tokens_per_image: 3 },
    placeholder: "*",
    text: "\n\n[***]\n\n",
  },
  {
    type: "gemma4",
    image: "*",
    special: { boi_token: "[", eoi_token: "]" },
    settings: { image_processor_type: "Gemma4ImageProcessor", patch_size: 2, max_soft_tokens: 3 },
    placeholder: "*",
    text: "[**]",
  },
  {
    type: "internvl",
    image: "*",
    processor: { image_seq_length: 2 },
    settings: cut,
    placeholder: "*",
    text: "<img>" + "*".repeat(2 * 9) + "</img>",
  },
  {
    type: "aya_vision",
    image: "*",
    processor: { img_size: 4, patch_size: 2, tile_token: "T", tile_global_token: "G" },
    settings: { ...cut, max_patches: 2 },
    placeholder: "<image>",
    text: "<|START_OF_IMG|>T_1****T_2****G****<|END_OF_IMG|>",
  },
  {
    type: "cohere2_vision",
    image: "*",
    settings: {
      image_processor_type: "Cohere2VisionImageProcessor",
      size: { height: 48, width: 48 },
      patch_size: 2,
    },
    placeholder: "*",
    text: "<|START_OF_IMG|>" + "****<|IMG_LINE_BREAK|>".repeat(3) + "<|END_OF_IMG|>",
  },
  {
    type: "ovis2",
    image: "*",
    processor: { image_seq_length: 1 },
    settings: {
      image_processor_type: "Ovis2ImageProcessor",
      ...tile,
      crop_to_patches: true,
      use_covering_area_grid: false,
      max_patches: 2,
    },
    placeholder: "<image>",
    text: "<IMG_START>*<IMG_GRID>*<IMG_COL>*<IMG_END>",
  },
  {
    type: "ovis2",
    image: "*",
    settings: { image_processor_type: "Ovis2ImageProcessor", ...tile },
    rows: 2,
    placeholder: "<image>",
    text: "<IMG_START>**<IMG_GRID><IMG_END>",
  },
  {
    type: "mistral3",
    image: "*",
    settings: {
      image_processor_type: "PixtralImageProcessor",
      size: { longest_edge: 48 },
      patch_size: { height: 12, width: 12 },
    },
    placeholder: "*",
    text: "****[IMG_BREAK]****[IMG_END]",
  },
  {
    type: "llava",
    image: "*",
    settings: {
      image_processor_type: "PixtralImageProcessorFast",
      size: { longest_edge: 48 },
      patch_size: 12,
    },
    placeholder: "*",
    text: "****[IMG_BREAK]****[IMG_END]",
  },
  {
    type: "llava",
    image: "*",
    processor: { processor_class: "PixtralProcessor", image_break_token: "/" },
    settings: {
      image_processor_type: "PixtralImageProcessor",
      size: { longest_edge: 48 },
      patch_size: 12,
    },
    placeholder: "*",
    text: "****/****[IMG_END]",
  },
  {
    type: "lighton_ocr",
    image: "*",
    settings: {
      image_processor_type: "PixtralImageProcessor",
      size: { longest_edge: 48 },
      patch_size: { height: 12, width: 12 },
    },
    placeholder: "*",
    text: "********",
  },
  {
    type: "lfm2_vl",
    image: "*",
    settings: {
      image_processor_type: "Lfm2VlImageProcessor",
      tile_size: 16,
      encoder_patch_size: 4,
      min_image_tokens: 2,
      max_image_tokens: 4,
      max_tiles: 2,
    },
    processor: {},
    placeholder: "*",
    text:
      "<|image_start|><|img_row_1_col_1|>****<|img_row_1_col_2|>****<|img_thumbnail|>**<|image_end|>",
  },
];

function factsOf(row: Written): ImageFacts {
  const { config = {}, processor = {}, settings, special = {}, image, rows } = row;
  return {
    config,
    processor,
    preprocessor: settings ?? {},
    special,
    image,
    tokenOf: () => undefined,
    ...(rows === undefined ? {} : { rows }),
    ...(settings === undefined ? {} : {
      plan: planProcessor(settings, { height: 48, width: 96 }),
    }),
  };
}

for (const row of table) {
  Deno.test(`${row.type} writes an image as its processor does: ${JSON.stringify(row.text.slice(0, 40))}`, () => {
    const { placeholder, text } = row;
    assertEquals(findFamily({ model_type: row.type })?.writtenImage?.(factsOf(row)), {
      placeholder,
      text,
    });
  });
}

/** Image tokens by the rule of families that write nothing but these. */
const counts: readonly (readonly [string, Partial<ImageFacts>, Json, number])[] = [
  ["llava", { processor: { patch_size: 8, num_additional_image_tokens: 1 } }, {}, 73],
  [
    "llava",
    {
      processor: {
        patch_size: 8,
        num_additional_image_tokens: 1,
        vision_feature_select_strategy: "default",
      },
    },
    {},
    72,
  ],
  ["qwen2_vl", {}, {
    image_processor_type: "Qwen2VLImageProcessor",
    patch_size: 4,
    min_pixels: 64,
    max_pixels: 4608,
  }, 72],
  ["llava_next", { processor: { patch_size: 4 } }, {
    image_processor_type: "LlavaNextImageProcessor",
    size: { shortest_edge: 12 },
    crop_size: { height: 12, width: 12 },
    image_grid_pinpoints: [[12, 24]],
  }, 9 + 3 * 6 + 3],
  ["paligemma", { processor: { image_seq_length: 9 } }, {}, 9],
  ["blip-2", { processor: { num_query_tokens: 5 } }, {}, 5],
];

Deno.test("image tokens are counted by the processor's rule", () => {
  for (const [type, facts, settings, expected] of counts) {
    const plan = planProcessor(settings, { height: 48, width: 96 });
    const all = { ...factsOf({ type, image: "*", placeholder: "", text: "" }), plan, ...facts };
    assertEquals(findFamily({ model_type: type })?.imageTokens?.(all), expected, type);
  }
});

Deno.test("every model type is served by one family", () => {
  assertEquals(knownModelTypes, [...new Set(knownModelTypes)]);
});

Deno.test("decoders of answers begin with the token of a task, or with a question", () => {
  const { decoderPrompt: prompt } = findFamily({ model_type: "vision-encoder-decoder" })!;
  const donut = { encoder: { model_type: "donut-swin" } };
  const tokens = ["<s_docvqa>", "<s_question>", "</s_question>", "<s_answer>", "<s_cord-v2>"];
  const known = (text: string) => tokens.includes(text);
  const none = () => false;
  assertEquals(prompt!("<s_cord-v2>", { config: donut, isToken: known }), {
    text: "<s_cord-v2>",
    afterStart: false,
  });
  assertEquals(prompt!("When?", { config: {}, isToken: known }), {
    text: "<s_docvqa><s_question>When?</s_question><s_answer>",
    afterStart: true,
  });
  assertEquals(prompt!("When?", { config: donut, isToken: none }), undefined);
  assertEquals(prompt!("<b>When?", { config: donut, isToken: none }), undefined);
});
