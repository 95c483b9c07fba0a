/** Model file → IR. @module */
import { DecodeContext } from "./decode_context.ts";
import { decodeNodes } from "./decode_node.ts";
import { decodeGraph } from "./decode_graph.ts";
import { decodeAttributes } from "./decode_node.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import type { FunctionDef, Model } from "../ir/model.ts";
import { type FunctionProto, type ModelProto, modelTable, type OpsetProto } from "./proto.ts";
import { standIn } from "../../diagnostic/stand_in.ts";
import { plainBytes } from "../../tensor/bytes.ts";
import { ProtoError, readMessage } from "./proto_reader.ts";

export { OnnxDecodeError } from "./decode_error.ts";

/** Options of {@linkcode decodeModel}. */
export interface DecodeOptions {
  /** Absolute path of the folder of the model file; kept in references to external data. */
  readonly directory?: string;
}

/**
 * Decodes an ONNX file. Weights are views into `bytes` or references into files beside the model.
 *
 * @throws {OnnxDecodeError} If the file is truncated or no ONNX model, if weights do not fit their
 * shapes or would lie outside of the model's folder, or if it holds more parts, or deeper ones, than a
 * file of its size needs.
 *
 * @example
 * ```ts
 * import { decodeModel, encodeModel, GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", ["n"])]), "y");
 * const model = decodeModel(encodeModel(b.finish())); // or the bytes of a file
 * assertEquals(model.opset, 18);
 * assertEquals(model.graph.inputs.map((input) => input.name), ["x"]);
 * ```
 */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): Model {
  const proto = readProto(plainBytes(bytes));
  if (proto.graph === undefined || proto.irVersion === undefined) {
    const missing = proto.graph === undefined ? "graph" : "IR version";
    throw new OnnxDecodeError(
      `Cannot decode model: the ${bytes.length} bytes hold no ${missing}, so this is not an ONNX file`,
    );
  }
  const { opset, domains } = decodeOpsets(proto.opsetImport ?? []);
  const context = new DecodeContext(options.directory ?? "", decodeGraph);
  return {
    irVersion: proto.irVersion,
    opset,
    domains,
    graph: decodeGraph(proto.graph, context, { dropInitializedInputs: proto.irVersion < 4 }),
    functions: (proto.functions ?? []).map((f) => decodeFunction(f, context)),
    metadata: Object.fromEntries(
      (proto.metadataProps ?? []).map((e) => [e.key ?? "", e.value ?? ""]),
    ),
  };
}

function readProto(bytes: Uint8Array): ModelProto {
  if (bytes.length === 0) {
    throw new OnnxDecodeError("Cannot decode model: the file is empty", { offset: 0 });
  }
  try {
    return readMessage<ModelProto>(modelTable, bytes);
  } catch (cause) {
    if (!(cause instanceof ProtoError)) throw cause;
    throw new OnnxDecodeError(
      `Cannot decode model: the file is truncated or not ONNX, byte ${cause.offset} of ${bytes.length}: ${
        textHint(bytes) ?? cause.message
      }`,
      { offset: cause.offset, cause },
    );
  }
}

/** A text instead of the file itself is the most frequent reason for an unreadable one. */
function textHint(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 1024));
  const found = standIn(start) ?? (/^\s*\{/.test(start) ? "JSON" : undefined);
  return found === undefined ? undefined : `it is ${found}`;
}

function domainName(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

function decodeOpsets(protos: readonly OpsetProto[]): Pick<Model, "opset" | "domains"> {
  const versions = opsetVersions(protos);
  if (versions.size === 0) {
    throw new OnnxDecodeError("Cannot decode model: it imports no operator set");
  }
  const opset = versions.get("") ?? 18;
  versions.delete("");
  return { opset, domains: Object.fromEntries(versions) };
}

function opsetVersions(protos: readonly OpsetProto[]): Map<string, number> {
  return new Map(protos.map((p) => [domainName(p.domain), p.version ?? 1]));
}

function decodeFunction(proto: FunctionProto, context: DecodeContext): FunctionDef {
  const name = proto.name ?? "";
  const defaults = proto.attributeProto ?? [];
  return {
    name: proto.overload ? `${name}:${proto.overload}` : name,
    domain: domainName(proto.domain),
    inputs: proto.input ?? [],
    outputs: proto.output ?? [],
    attributes: [...proto.attribute ?? [], ...defaults.map((a) => a.name ?? "")],
    attributeDefaults: decodeAttributes(defaults, context, `function "${name}"`),
    nodes: decodeNodes(proto.node ?? [], context),
    opsets: Object.fromEntries(opsetVersions(proto.opsetImport ?? [])),
  };
}
