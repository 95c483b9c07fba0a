/** Texts that people write or models bring: pipelines, expressions, configuration, data sets. @module */
import { join } from "@std/path";
import { readDatasetFolder, writeDatasetFolder } from "../../../lib/data/dataset_folder.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { openChatTemplate } from "../../../lib/models/chat_template.ts";
import { readModelType } from "../../../lib/models/directory.ts";
import { readModelJson } from "../../../lib/models/model_file.ts";
import {
  configSchema,
  generationSchema,
  tokenizerConfigSchema,
} from "../../../lib/models/model_schema.ts";
import { specialTokenTexts } from "../../../lib/models/special_token_texts.ts";
import { openTokenizer } from "../../../lib/models/tokenize.ts";
import { planPipeline } from "../../../lib/pipeline/plan/expand.ts";
import { formMistake, parseTemplate } from "../../../lib/pipeline/read/expression.ts";
import { parsePipeline } from "../../../lib/pipeline/read/parse.ts";
import { loadStages } from "../../../lib/pipeline/plan/stage_lookup.ts";
import type { Random } from "../../../lib/tensor/random.ts";
import { buildProcessor } from "../../../lib/vision/build_processor.ts";
import { preprocess } from "../../../lib/vision/preprocess.ts";
import { planProcessor } from "../../../lib/vision/processor_table.ts";
import { formatOf, mustHold, type OpenFormat, Refused } from "./format.ts";
import { mutateBytes, mutateJson, mutateJsonText, mutateText, pick } from "./mutate.ts";
import { encode, jsonOf, textOf } from "./seeds.ts";

const stagesFolder = new URL("../../../stages/", import.meta.url);

/** A pipeline file, and the file that it may include. */
interface PipelineTexts {
  readonly main: string;
  readonly part: string;
}

const pipeline: OpenFormat = async () => {
  const part = textOf("pipelines/paper/zoo_models.yaml");
  const fairness = textOf("pipelines/paper/fairness.yaml");
  const names = [
    "noop.yaml",
    "quickstart.yaml",
    "zoo.yaml",
    "paper/main.yaml",
    "paper/ablation.yaml",
  ];
  const files = names.map((name) => textOf(`pipelines/${name}`));
  const shown = [...textOf("docs/pipelines.md").matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, text]) => text!.includes("name:") ? text! : `name: x\n${text}`);
  const stages = Object.fromEntries(stageTypes().map((uses) => [uses, { uses }]));
  const lookup = await loadStages({ stages } as never, [stagesFolder]);
  return formatOf({
    seeds: files.map((main): PipelineTexts => ({ main, part })),
    generate: (random) => {
      const main = pick(random, [...files, ...shown]);
      return random.integer(6) === 0
        ? { main, part: mutateText(part, random) }
        : { main: mutateText(main, random), part };
    },
    read: async ({ main, part }: PipelineTexts) => {
      const read = (path: string) => {
        if (path === "zoo_models.yaml") return { path, text: part };
        if (path === "fairness.yaml") return { path, text: fairness };
        throw new Deno.errors.NotFound(path);
      };
      const parsed = await parsePipeline(main, { path: "x.yaml", read });
      if (!parsed.ok) throw new DiagnosticError(parsed.error);
      const planned = await planPipeline(parsed.value, lookup);
      if (!planned.ok) throw new DiagnosticError(planned.error);
    },
  });
};

/** Names of the project's own stage types. */
function stageTypes(): readonly string[] {
  return [...Deno.readDirSync(stagesFolder)].map(({ name }) => name)
    .filter((name) => /^[a-z].*\.ts$/.test(name))
    .map((name) => name.slice(0, -".ts".length).replaceAll("_", "-")).sort();
}

const references = [
  "${{ vars.x }}",
  "a ${{ matrix.seed }} b ${{ stages.x.*.y }}",
  "${{ env.HOME }}",
];

/** JSON files of a model's folder, one of them damaged, read by what reads it. */
function modelFile(
  name: string,
  seeds: readonly unknown[],
  read: (directory: string) => Promise<unknown>,
): OpenFormat {
  return (scratch) =>
    Promise.resolve(formatOf({
      seeds: seeds.map((seed) => JSON.stringify(seed)),
      generate: (random) => {
        const seed = pick(random, seeds);
        return random.integer(4) === 0
          ? mutateText(JSON.stringify(seed), random)
          : mutateJsonText(seed, random);
      },
      read: async (text: string) => {
        await Deno.writeTextFile(join(scratch, name), text);
        await read(scratch);
      },
    }));
}

/** A tokenizer of few words: large ones take long to read. */
function smallTokenizer(): unknown {
  const whole = jsonOf("zoo/mini-minigpt4/tokenizer.json") as {
    model: { vocab: Record<string, number>; merges?: (string | string[])[] };
  };
  const vocab = Object.fromEntries(Object.entries(whole.model.vocab).slice(0, 300));
  const isKnown = (merge: string | string[]) => {
    const [a, b] = typeof merge === "string" ? merge.split(" ") : merge;
    return a! in vocab && b! in vocab && a! + b! in vocab;
  };
  const merges = whole.model.merges?.filter(isKnown).slice(0, 100);
  return { ...whole, model: { ...whole.model, vocab, ...(merges ? { merges } : {}) } };
}

async function useTokenizer(directory: string): Promise<void> {
  const tokenizer = await openTokenizer(directory);
  tokenizer.decode(tokenizer.encode("What is in the picture? cat 12", true));
}

const templates = [
  "{% for message in messages %}{{ message['role'] }}: {% for c in message['content'] %}" +
  "{% if c['type'] == 'image' %}<image>{% else %}{{ c['text'] }}{% endif %}{% endfor %}" +
  "{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}",
  "{{ bos_token }}{%- set ns = namespace(x=1) -%}{%- for m in messages -%}" +
  "{{- m.content | tojson -}}{%- endfor -%}{% macro f(a) %}{{ a | upper | trim }}{% endmacro %}" +
  "{{ f(eos_token) }}",
];

const chatTemplate: OpenFormat = (scratch) =>
  Promise.resolve(formatOf({
    seeds: templates,
    generate: (random) => mutateText(pick(random, templates), random),
    read: async (text: string) => {
      await Deno.writeTextFile(join(scratch, "chat_template.jinja"), text);
      const template = await openChatTemplate(scratch, { config: {} });
      mustHold(typeof (template?.("hello") ?? "") === "string", "a prompt that is not text");
    },
  }));

const processors = [
  jsonOf("zoo/mini-minigpt4/preprocessor_config.json"),
  {
    do_resize: true,
    size: { shortest_edge: 16 },
    do_center_crop: true,
    crop_size: { height: 12, width: 12 },
    resample: 3,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    rescale_factor: 1 / 255,
  },
];

const preprocessor: OpenFormat = () => {
  const pixels = { dtype: "uint8", dims: [1, 3, 8, 8], data: new Uint8Array(192) } as const;
  return Promise.resolve(formatOf({
    seeds: processors as never[],
    generate: (random) => mutateJson(pick(random, processors), random),
    read: (config: never) => {
      const { tiles, scale, bias } = planProcessor(config, { height: 8, width: 8 });
      const sides = tiles.flatMap(({ size }) => [size.height, size.width]);
      mustHold(
        sides.every((side) => Number.isSafeInteger(side) && side > 0),
        "a size that is none",
      );
      mustHold([...scale, ...bias].every(Number.isFinite), "a scale that is not a number");
      preprocess(pixels, config);
      buildProcessor(config, 8);
    },
  }));
};

const dataset: OpenFormat = async (scratch) => {
  const classes = ["a", "b"];
  const rows = [0, 1].map((i) => ({
    id: `r${i}`,
    cluster: "c",
    instruction: "what?",
    answer: classes[i]!,
    label: i,
  }));
  const info = {
    name: "x",
    kind: "classification",
    classes,
    licence: "x",
    source: "y",
  };
  const images = new Uint8Array(96);
  const good = join(scratch, "good");
  await writeDatasetFolder(good, info as never, { rows, images, height: 4, width: 4 } as never);
  const names = ["dataset.json", "rows.jsonl", "images.safetensors"];
  const seeds = names.map((name) => Deno.readFileSync(join(good, name)));
  return formatOf({
    seeds: [seeds],
    generate: (random) => {
      const place = random.integer(names.length);
      return seeds.map((bytes, i) => i === place ? mutateDatasetFile(i, bytes, random) : bytes);
    },
    read: async (files: readonly Uint8Array[]) => {
      for (const [i, name] of names.entries()) await Deno.writeFile(join(scratch, name), files[i]!);
      const folder = await readDatasetFolder(scratch);
      const texts = folder.rows.flatMap((row) => [row?.id, row?.answer, row?.instruction]);
      mustHold(texts.every((text) => typeof text === "string"), "a row without its texts");
      const { rows, images, height, width } = folder;
      mustHold(images.length === rows.length * 3 * height * width, "other images");
    },
  });
};

function mutateDatasetFile(place: number, bytes: Uint8Array, random: Random): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  if (place === 2 || random.integer(3) === 0) return mutateBytes(bytes, random);
  if (place === 0) return encode(mutateJsonText(JSON.parse(text), random));
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  return encode(lines.map((row) => mutateJsonText(row, random)).join("\n"));
}

/** Formats of this file. */
export const textFormats = {
  pipeline,
  expression: () =>
    Promise.resolve(formatOf({
      seeds: references,
      generate: (random) => mutateText(pick(random, references), random),
      read: (text: string) => {
        const template = parseTemplate(text);
        if (template.kind !== "whole") return;
        const mistake = formMistake(template.expression);
        if (mistake !== undefined) throw new Refused(mistake);
      },
    })),
  config: modelFile("config.json", [jsonOf("zoo/mini-minigpt4/config.json")], async (folder) => {
    await readModelType(folder, "the model");
    await readModelJson(join(folder, "config.json"), configSchema);
  }),
  "tokenizer-config": modelFile(
    "tokenizer_config.json",
    [{
      tokenizer_class: "X",
      bos_token: "<s>",
      eos_token: { content: "</s>", lstrip: false },
      extra_special_tokens: { image_token: "<image>" },
      chat_template: [{ name: "default", template: templates[0] }, {
        name: "tool_use",
        template: "",
      }],
    }],
    async (folder) => {
      const path = join(folder, "tokenizer_config.json");
      const config = await readModelJson(path, tokenizerConfigSchema) ?? {};
      const texts = Object.values(specialTokenTexts(config));
      mustHold(texts.every((text) => typeof text === "string"), "a token that is not text");
      const template = await openChatTemplate(folder, { config });
      mustHold(typeof (template?.("hello") ?? "") === "string", "a prompt that is not text");
    },
  ),
  "generation-config": modelFile(
    "generation_config.json",
    [{ eos_token_id: [2, 3], pad_token_id: 0, bos_token_id: 1, max_new_tokens: 20 }],
    (folder) => readModelJson(join(folder, "generation_config.json"), generationSchema),
  ),
  tokenizer: modelFile("tokenizer.json", [smallTokenizer()], useTokenizer),
  "chat-template": chatTemplate,
  preprocessor,
  dataset,
} satisfies Record<string, OpenFormat>;
