/** The context of decoding: where the model lies, and how much it may still unfold. @module */
import type { Graph } from "../ir/model.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import type { GraphProto } from "./proto.ts";

/** Bytes that sparse tensors of one model may become when they are written out. */
const denseLimit = 1 << 28;

/** Decodes a subgraph of a node. */
export type DecodeGraph = (proto: GraphProto, context: DecodeContext) => Graph;

/** State of decoding one model. */
export class DecodeContext {
  /** Absolute path of the folder of the model file. */
  readonly directory: string;
  /** Nodes hold graphs, which hold nodes: this is how the ones come to the others. */
  readonly decodeGraph: DecodeGraph;
  #denseBytes = 0;

  constructor(directory: string, decodeGraph: DecodeGraph) {
    this.directory = directory;
    this.decodeGraph = decodeGraph;
  }

  /**
   * Counts the bytes of a sparse tensor that is about to be written out.
   *
   * @throws {OnnxDecodeError} If all of them together would take more than a model has room for.
   */
  unfold(bytes: number, label: string): void {
    this.#denseBytes += bytes;
    if (this.#denseBytes <= denseLimit) return;
    throw new OnnxDecodeError(
      `Cannot decode ${label}: written out, the sparse tensors of the model take more than ${
        denseLimit >> 20
      } MiB`,
    );
  }
}
