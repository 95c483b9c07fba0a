/** Describes what is wrong with a model file. @module */

/**
 * The file is not an ONNX model that the IR can hold; `offset` is the byte at which this shows.
 *
 * @example
 * ```ts
 * import { decodeModel, OnnxDecodeError } from "@tvp/pipeline/onnx";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => decodeModel(new TextEncoder().encode("no model")), OnnxDecodeError);
 * ```
 */
export class OnnxDecodeError extends SyntaxError {
  override readonly name = "OnnxDecodeError";
  readonly offset: number | undefined;

  constructor(message: string, options: { offset?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.offset = options.offset;
  }
}
