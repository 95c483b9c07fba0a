import { z } from "zod";
import {
  type EncoderName,
  zooArchitectures,
  zooEncoders,
  type ZooName,
} from "../lib/zoo/zoo_table.ts";
import { zooStyles } from "../lib/drawing/art.ts";
import { changes } from "../lib/drawing/changes/change_table.ts";
import { typefaces } from "../lib/drawing/typeset.ts";
import {
  artifact,
  defineStage,
  model,
  oneOf,
  type StageContext,
} from "../lib/pipeline/contract/stage.ts";
import type { PretrainedEncoder } from "../lib/training/encoder_directory.ts";
import type { DrawnImages } from "../lib/training/pretrain_images.ts";
import type { TrainingHost } from "../lib/training/trainer.ts";

const zooNames = Object.keys(zooArchitectures) as [ZooName, ...ZooName[]];
const encoderNames = Object.keys(zooEncoders) as [EncoderName, ...EncoderName[]];

const parameters = z.strictObject({
  architecture: z.enum([...encoderNames, "clip", ...zooNames])
    .describe("a vision encoder, the mini CLIP, or a multimodal model of the zoo"),
  encoder: artifact("model").optional()
    .describe("the pretrained encoder that a multimodal model is built on"),
  start: model().optional()
    .describe("a model of this architecture, or with this encoder, whose weights it begins with"),
  seed: z.int().min(0).default(0).describe("initial weights and order of the data"),
  steps: z.int().min(1).describe("number of updates"),
  batch: z.int().min(1).default(64).describe("images per update"),
  learningRate: z.number().positive().default(1.2e-3).describe("at its highest, after the warm-up"),
  warmup: z.int().min(1).default(200).describe("updates until the learning rate is reached"),
  decay: z.number().min(0).default(0.05).describe("weight decay of matrices"),
  digits: z.number().min(0).max(1).optional()
    .describe("share of digits among the images; default the world's, 0.2"),
  scenes: z.number().min(0).max(1).optional()
    .describe("share of images with several drawings; default the world's, 0.2"),
  scale: z.tuple([z.number().positive(), z.number().positive()]).optional()
    .describe("edge of a single drawing relative to the image, from and to; default 0.3 to 1.3"),
  boost: z.int().min(1).default(8)
    .describe("how much more often favoured drawings are drawn than others"),
  favoured: z.array(z.string()).min(1).optional()
    .describe("names and kinds of these; default CIFAR-10's classes and ten fruits"),
  balanced: z.boolean().default(false)
    .describe(
      "whether favoured names and kinds are drawn equally often, with many drawings or few",
    ),
  styles: z.array(z.enum(zooStyles)).min(1).optional()
    .describe("art styles of the drawings; default noto, twemoji and fluent-emoji-flat"),
  typefaces: z.array(oneOf(typefaces)).min(1).default(["print"])
    .describe("typefaces of the digits: printed, or drawn after handwriting"),
  changes: z.array(oneOf(changes)).default([])
    .describe("changes made to some of the images, so that models become robust to them"),
  sights: z.enum(["one", "all"]).default("one")
    .describe("what classifiers and captions of an encoder or the CLIP take for right on a scene"),
  dropped: z.number().min(0).max(0.9).optional().describe(
    "share of patches that an encoder does not see in most of its training; default 0.5 for a vision transformer, 0 for others",
  ),
  unchanged: z.number().min(0).max(1).default(0).describe(
    "share of an encoder's training, at its start, with images that are whole and not changed",
  ),
  images: z.int().min(64).default(24000)
    .describe("images that a multimodal model is trained on"),
}).refine(({ architecture, encoder }) => isZooName(architecture) === (encoder !== undefined), {
  error: "a multimodal model needs an encoder, encoders and the CLIP take none",
  path: ["encoder"],
});

/** What the world is asked to draw. */
function drawnOf({ digits, scenes, scale, changes }: Omit<Parameters, "encoder">): DrawnImages {
  return {
    changes,
    ...(digits === undefined ? {} : { digits }),
    ...(scenes === undefined ? {} : { scenes }),
    ...(scale === undefined ? {} : { scale }),
  };
}

type Parameters = z.output<typeof parameters>;
type Context = StageContext<"model">;

/** Pretrains a network of the zoo and writes it as a model directory. */
export default defineStage({
  name: "pretrain-model",
  description: "Pretrains a vision encoder, the mini CLIP, or a multimodal model of the zoo.",
  with: parameters,
  renamed: { parameters: { pictures: "images" } },
  outputs: { model: "model" },
  permissions: ["net", "ffi"],
  async run(values, context) {
    const { writeDirectory } = await import("../lib/training/write_directory.ts");
    const { openZooWorld } = await import("../lib/drawing/zoo_world.ts");
    const { join } = await import("@std/path");
    const encoder = await encoderOf(values); // before art is fetched for a wrong one
    const world = await openZooWorld({
      downloads: join(context.scratch, "downloads"),
      signal: context.signal,
      boost: values.boost,
      balanced: values.balanced,
      typefaces: values.typefaces,
      ...(values.styles === undefined ? {} : { styles: values.styles }),
      ...(values.favoured === undefined ? {} : { favoured: values.favoured }),
    });
    await writeDirectory(
      context.output("model"),
      await pretrain({ ...values, encoder }, world, context),
    );
  },
});

function isEncoderName(name: string): name is EncoderName {
  return name in zooEncoders;
}

function isZooName(name: string): name is ZooName {
  return name in zooArchitectures;
}

/** The encoder that a multimodal model is built on. */
async function encoderOf({ encoder }: Parameters): Promise<PretrainedEncoder | undefined> {
  if (encoder === undefined) return undefined;
  const { readEncoder } = await import("../lib/training/encoder_directory.ts");
  return await readEncoder(encoder.path);
}

async function pretrain(
  values: Omit<Parameters, "encoder"> & { readonly encoder: PretrainedEncoder | undefined },
  world: import("../lib/drawing/zoo_world.ts").ZooWorld,
  context: Context,
) {
  const { everyText, captionForms, ask } = await import("../lib/drawing/questions.ts");
  const {
    seed,
    batch,
    steps,
    learningRate,
    warmup,
    decay,
    architecture,
    sights,
    dropped,
    start,
    unchanged,
  } = values;
  const options = {
    seed,
    batch,
    schedule: { steps, learningRate, warmup, decay },
    drawn: drawnOf(values),
    sights,
    unchanged,
    ...(dropped === undefined ? {} : { dropped }),
    ...(start === undefined ? {} : { start }),
  };
  const host = await hostOf(context, steps);
  const corpus = everyText(world);
  if (isEncoderName(architecture)) {
    const { pretrainEncoder } = await import("../lib/training/pretrain_encoder.ts");
    return await pretrainEncoder(world, architecture, options, host);
  }
  if (architecture === "clip") {
    const { pretrainClip } = await import("../lib/training/pretrain_clip.ts");
    return await pretrainClip(world, { corpus, forms: captionForms }, options, host);
  }
  const { pretrainMultimodal } = await import("../lib/training/pretrain_multimodal.ts");
  return await pretrainMultimodal(
    world,
    {
      architecture,
      corpus,
      encoder: values.encoder!,
      images: values.images,
      ask: (fact, random) => ask(world, fact, random),
    },
    options,
    host,
  );
}

/** Steps between two lines of the log. */
const LOGGED = 500;

async function hostOf(context: Context, steps: number): Promise<TrainingHost> {
  const { trainingHost } = await import("./_training_host.ts");
  return {
    ...trainingHost(context, steps),
    onStep: (step, metrics) => {
      context.progress({ done: step, total: steps, unit: "steps", metrics });
      if (step % LOGGED === 0 || step === steps) {
        context.log(`step ${step}: ${JSON.stringify(metrics)}`);
      }
    },
  };
}
