/**
 * Image features of the clean images: computed once an image, then kept; computed again where an image is
 * drawn differently every time.
 *
 * @module
 */
import type { Session } from "../runtime/session.ts";
import { sizeOf, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { isFixed, type PickedRow } from "./batches.ts";
import { askedOf } from "./training_graph.ts";

/** The largest number of features kept; beyond it they are computed in every epoch. */
const MAX_BYTES = 1 << 28;

const keyOf = ({ row, flip }: PickedRow) => 2 * row + (flip ? 1 : 0);

/** Clean features of one or several source models, by image and mirroring. */
export class CleanFeatures {
  #session: Session;
  /** Per output: features of one image by key. */
  #kept = new Map<string, Map<number, Float32Array>>();
  #dims = new Map<string, readonly number[]>();
  #bytes = 0;

  /** Whether the same image is seen in the same way again. */
  #repeats: boolean;

  /**
   * @param session A session on `StepGraph.features`.
   * @param repeats Whether the same image is seen in the same way again; default true.
   */
  constructor(session: Session, repeats = true) {
    this.#session = session;
    this.#repeats = repeats;
    for (const { name } of session.outputs) this.#kept.set(name, new Map());
  }

  /**
   * Features of a batch, one tensor an output.
   *
   * @param feeds `images` float32 [batch, 3, S, S], the images of `picks`, and what else a model
   * takes, such as the instruction that a Q-Former reads, or the parameters of a transformation; δ is
   * 0. What the graph does not ask for is left out.
   */
  async of(
    picks: readonly PickedRow[],
    feeds: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>> {
    const first = this.#kept.values().next().value!;
    const isKept = (pick: PickedRow) => this.#isFixed(pick) && first.has(keyOf(pick));
    if (!picks.every(isKept)) return await this.#compute(picks, feeds);
    return Object.fromEntries(
      [...this.#kept].map(([name, features]) => {
        const rows = picks.map((pick) => features.get(keyOf(pick))!);
        return [name, stack(rows, this.#dims.get(name)!)];
      }),
    );
  }

  #isFixed(pick: PickedRow): boolean {
    return this.#repeats && isFixed(pick);
  }

  async #compute(picks: readonly PickedRow[], feeds: Readonly<Record<string, Tensor>>) {
    const known = { delta: zeros("float32", feeds.images!.dims.slice(1)), ...feeds };
    const outputs = await this.#session.run(askedOf(this.#session.inputs, known));
    const bytes = Object.values(outputs).reduce((sum, { data }) => sum + data.byteLength, 0);
    const isFixed = picks.every((pick) => this.#isFixed(pick));
    if (isFixed && this.#bytes + bytes <= MAX_BYTES) {
      this.#bytes += bytes;
      for (const [name, features] of Object.entries(outputs)) this.#keep(name, picks, features);
    }
    return outputs;
  }

  #keep(name: string, picks: readonly PickedRow[], { data, dims }: Tensor): void {
    this.#dims.set(name, dims.slice(1));
    const size = sizeOf(dims.slice(1));
    picks.forEach((pick, i) => {
      const features = (data as Float32Array).slice(i * size, (i + 1) * size);
      this.#kept.get(name)!.set(keyOf(pick), features);
    });
  }
}

function stack(rows: readonly Float32Array[], dims: readonly number[]): Tensor<"float32"> {
  const size = sizeOf(dims);
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => data.set(row, i * size));
  return tensor("float32", [rows.length, ...dims], data);
}
