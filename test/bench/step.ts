/** One step of prompt training: VP and TVP side by side. @module */
import { optimizePrompt } from "../../lib/training/optimize_prompt.ts";
import type { PromptTraining } from "../../lib/training/prompt_training.ts";
import { resolveSettings } from "../../lib/training/prompt_settings.ts";
import type { TrainingHost } from "../../lib/training/trainer.ts";
import type { Provider } from "../../lib/runtime/provider.ts";
import { type Benchmark, type BenchRow, median } from "./benchmark.ts";
import { classes, instruction, noiseImages, openZoo, zooPath } from "./zoo.ts";
import { imagesIn } from "../../lib/vision/images.ts";

const batch = 16;
const side = 64;

/** Milliseconds per step on every model of the zoo, at a batch of 16 images; or beside PyTorch. */
export const benchStep: Benchmark = async ({ rounds, torch, provider = "cpu" }) => {
  if (torch !== undefined) {
    const { benchStepBeside } = await import("./step_beside.ts");
    return await benchStepBeside({ python: torch, rounds });
  }
  const { directories, hasClip, notes } = await openZoo();
  if (directories.length > 0 && !hasClip) {
    return { rows: [], summary: {}, notes: ["skipped: TVP needs zoo/mini-clip"] };
  }
  const rows: BenchRow[] = [];
  for (const { name, path } of directories) {
    const { vp, tvp } = await timeSteps({ name, path }, rounds, provider);
    rows.push({ name, figures: { "vp ms": vp, "tvp ms": tvp, ratio: tvp / vp } });
  }
  const ratio = median(rows.map((row) => row.figures.ratio!));
  return { rows, summary: rows.length > 0 ? { "median ratio": ratio } : {}, notes };
};

interface NamedPath {
  readonly name: string;
  readonly path: string;
}

/** Two whole trainings that take turns, a step each. */
async function timeSteps(
  source: NamedPath,
  rounds: number,
  provider: Provider,
): Promise<{ vp: number; tvp: number }> {
  const turns = new Turns(["vp", "tvp"]);
  const train = (loss: "vp" | "tvp") =>
    optimizePrompt(trainingFor(source, loss, rounds + 1), { ...hostFor(loss, turns), provider })
      .finally(() => turns.leave(loss));
  await Promise.all([train("vp"), train("tvp")]);
  return { vp: turns.shortest("vp"), tvp: turns.shortest("tvp") };
}

function trainingFor(source: NamedPath, loss: string, steps: number): PromptTraining {
  const images = imagesIn(noiseImages(batch, side).data, { height: side, width: side });
  const rows = Array.from({ length: batch }, (_, i) => {
    const label = i % classes.length;
    return { instruction, answer: classes[label]!, label };
  });
  const size = { rows: batch, side };
  return {
    settings: resolveSettings({ loss, lr: 1, steps, batch, augment: "none" }, size),
    sources: [source],
    clip: { name: "zoo/mini-clip", path: zooPath("mini-clip") },
    data: { images, rows, info: { classes } },
  };
}

function hostFor(loss: string, turns: Turns): TrainingHost {
  return {
    threads: 2,
    checkpoint: {
      load: () => Promise.resolve(undefined),
      due: () => true,
      // The end of a step: here the other training gets its turn.
      save: () => turns.next(loss),
    },
  };
}

/** Lets several loops go on one after the other, and keeps the time each one took per turn. */
class Turns {
  readonly #names: string[];
  readonly #waiting = new Map<string, () => void>();
  readonly #times = new Map<string, number[]>();
  #running = "";
  #start = 0;

  constructor(names: readonly string[]) {
    this.#names = [...names];
  }

  /** Ends a turn; resolves when the next one of this name begins. */
  next(name: string): Promise<void> {
    // The first step of each warms up, and may run beside the others.
    if (this.#running === name) {
      const times = this.#times.get(name) ?? [];
      this.#times.set(name, [...times, performance.now() - this.#start]);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(name, resolve);
    if (this.#waiting.size === this.#names.length) this.#begin(name);
    return promise;
  }

  /** Takes a loop that has ended out of the round. */
  leave(name: string): void {
    this.#names.splice(this.#names.indexOf(name), 1);
    const [waiting] = this.#waiting.keys();
    if (waiting !== undefined && this.#waiting.size === this.#names.length) this.#begin(waiting);
  }

  /** The shortest turn. */
  shortest(name: string): number {
    return Math.min(...this.#times.get(name) ?? [NaN]);
  }

  #begin(after: string): void {
    const name = this.#names[(this.#names.indexOf(after) + 1) % this.#names.length]!;
    const resolve = this.#waiting.get(name)!;
    this.#waiting.delete(name);
    this.#running = name;
    this.#start = performance.now();
    resolve();
  }
}
