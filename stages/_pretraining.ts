/** What the two stages that pretrain networks share: their parameters, world and progress. @module */
import { z } from "zod";
import { zooStyles } from "../lib/drawing/art.ts";
import { changes } from "../lib/drawing/changes/change_table.ts";
import { typefaces } from "../lib/drawing/typeset.ts";
import type { ZooWorld } from "../lib/drawing/zoo_world.ts";
import { model, oneOf, type StageContext } from "../lib/pipeline/contract/stage.ts";
import type { PretrainOptions } from "../lib/training/pretrain_options.ts";
import type { TrainingHost } from "../lib/training/trainer.ts";

type Context = StageContext<"model">;

/** Parameters of the schedule, and of what is drawn. */
export const pretraining = {
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
};

const parameters = z.strictObject(pretraining);

/** Values of {@linkcode pretraining}. */
export type Pretraining = z.output<typeof parameters>;

/** Opens the world with the drawings that are asked for; art lies in the stage's scratch folder. */
export async function openWorld(values: Pretraining, context: Context): Promise<ZooWorld> {
  const { openZooWorld } = await import("../lib/drawing/zoo_world.ts");
  const { join } = await import("@std/path");
  const { boost, balanced, typefaces, styles, favoured } = values;
  return await openZooWorld({
    downloads: join(context.scratch, "downloads"),
    signal: context.signal,
    ...{ boost, balanced, typefaces },
    ...(styles === undefined ? {} : { styles }),
    ...(favoured === undefined ? {} : { favoured }),
  });
}

/** The settings that the pretrainings take. */
export function pretrainOptions(values: Pretraining): PretrainOptions {
  const { seed, batch, steps, learningRate, warmup, decay, start } = values;
  const { digits, scenes, scale, changes } = values;
  return {
    ...{ seed, batch },
    schedule: { steps, learningRate, warmup, decay },
    drawn: {
      changes,
      ...(digits === undefined ? {} : { digits }),
      ...(scenes === undefined ? {} : { scenes }),
      ...(scale === undefined ? {} : { scale }),
    },
    ...(start === undefined ? {} : { start }),
  };
}

/** Steps between two lines of the log. */
const LOGGED = 500;

/** Services of the engine, with all terms of the loss in progress and log. */
export async function pretrainingHost(context: Context, steps: number): Promise<TrainingHost> {
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
