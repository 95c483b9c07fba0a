/** Runs many models, each with a session of its own. @module */
import type { Model } from "../onnx/ir/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";

/** A session per model, opened when it first runs. */
export class ModelSessions implements AsyncDisposable {
  readonly #open = new Map<Model, Session>();
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Runs a model; feeds that are not inputs of it are left out.
   *
   * @throws {DiagnosticError} If the model does not open.
   * @throws {Error} If it does not run.
   */
  async run(
    model: Model,
    feeds: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>> {
    let session = this.#open.get(model);
    if (session === undefined) {
      session = await openSession(model, this.#options);
      this.#open.set(model, session);
    }
    const used = session.inputs.map(({ name }) => [name, feeds[name]!] as const);
    return await session.run(Object.fromEntries(used));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#open.values()) await session[Symbol.asyncDispose]();
  }
}
