/** The mllm level: loss of a whole multimodal model, and its gradient by the pixels. @module */
import { join } from "@std/path";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { composeLoss, lossFeeds } from "../../../lib/models/compose_loss.ts";
import { type ModelDirectory, openDirectoryParts } from "../../../lib/models/directory.ts";
import {
  type ModelPart,
  weightSuffixes,
  type WeightType,
} from "../../../lib/models/weight_types.ts";
import { ignoredLabel, type TextBatch } from "../../../lib/models/text_batch.ts";
import { decodeModel } from "../../../lib/onnx/codec/decode.ts";
import type { Provider } from "../../../lib/runtime/provider.ts";
import { openSession, type Session } from "../../../lib/runtime/session.ts";
import { castTensor } from "../../../lib/tensor/convert.ts";
import { decodeSafetensors } from "../../../lib/tensor/safetensors.ts";
import { sizeOf, type Tensor } from "../../../lib/tensor/tensor.ts";
import type { CaseFolder, CaseSpec, Outcome } from "./case.ts";
import { compareTensors, type Comparison } from "./compare.ts";
import { outcome, precisionOn, withPrefix } from "./vjp.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** Composes the parts of a model into one loss graph, differentiates and runs it. */
export async function runMllm(folder: CaseFolder, provider: Provider): Promise<Outcome> {
  const spec: CaseSpec = JSON.parse(await Deno.readTextFile(join(folder.path, "case.json")));
  const bytes = await Deno.readFile(join(folder.path, "data.safetensors"));
  const recorded = decodeSafetensors(bytes).tensors;
  const inFront = inFrontOfText(recorded, spec.image_token_id);
  const data = inFront ? withPlaceholders(recorded) : recorded;
  const weights = weightsOf(spec.files_suffix);
  const directory = withAnswerEmbedding(
    await openDirectoryParts(
      folder.path,
      partsOf(spec),
      weights === undefined ? {} : { weights },
    ),
  );
  const batch = toBatch(data);
  const [imageRows, imageTokens] = featureRows(data);
  const model = await composeLoss(directory, {
    batch: batch.inputIds.dims[0]!,
    sequence: batch.inputIds.dims[1]!,
    imageTokens,
    imageRows,
    ...(inFront ? { imageStart: 0 } : {}),
    inputDims: recordedDims(data),
    ...lengthsOf(batch),
    logits: true,
  });
  const references = withPrefix(data, "grad.");
  const graph = addGradients(model, {
    of: "loss",
    wrt: Object.keys(references),
    precision: precisionOn(provider),
  });
  await using session = await openSession(graph, {
    provider,
    threads: 1,
    graphOptimization: spec.ort_graph_optimization === "disable_all" ? "disabled" : "all",
  });
  const feeds = {
    ...lossFeeds(model, batch, { imageToken: spec.image_token_id ?? 0 }),
    ...recordedFeeds(session, data),
  };
  const results = await session.run(feeds);
  const grads = Object.entries(references).map(([name, reference]) =>
    [`grad.${name}`, compareTensors(results[`grad.${name}`], reference, spec)] as const
  );
  return outcome(compareForward(results, data, spec), Object.fromEntries(grads));
}

function partsOf(spec: CaseSpec): readonly ModelPart[] {
  const parts: ModelPart[] = ["vision_encoder", "embed_tokens", "decoder_model_merged"];
  return spec.kind === "encoder-decoder" ? [...parts, "encoder_model"] : parts;
}

/** An embedding table of the answers' own may be called anything that says so. */
function withAnswerEmbedding(directory: ModelDirectory): ModelDirectory {
  const folder = join(directory.path, "onnx");
  const file = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .find((name) => /embed.*decoder|decoder.*embed/.test(name) && name.endsWith(".onnx"));
  if (file === undefined || directory.has("decoder_embed_tokens")) return directory;
  return {
    ...directory,
    has: (part) => part === "decoder_embed_tokens" || directory.has(part),
    readPart: async (part) =>
      part === "decoder_embed_tokens"
        ? decodeModel(await Deno.readFile(join(folder, file)), { directory: folder })
        : await directory.readPart(part),
  };
}

/** Whether the features stand in front of the text, instead of in the places of its placeholders. */
function inFrontOfText(data: Tensors, token: number | undefined): boolean {
  return token === undefined || !castTensor(data.input_ids!, "int64").data.includes(BigInt(token));
}

/** Puts as many ids in front of the text as there are features; which ones does not matter. */
function withPlaceholders(data: Tensors): Tensors {
  const [, length] = featureRows(data);
  const widen = (name: string, value: number) => ({
    [name]: prepend(castTensor(data[name]!, "int64"), length, value),
  });
  return {
    ...data,
    ...widen("input_ids", 0),
    ...widen("attention_mask", 1),
    ...(data.decoder_input_ids ? {} : widen("labels", ignoredLabel)),
  };
}

/** [batch, n] with so many more columns in front. */
function prepend({ dims, data }: Tensor<"int64">, columns: number, value: number): Tensor<"int64"> {
  const [rows = 0, width = 0] = dims;
  const wider = new BigInt64Array(rows * (columns + width)).fill(BigInt(value));
  for (let row = 0; row < rows; row++) {
    wider.set(data.subarray(row * width, (row + 1) * width), row * (columns + width) + columns);
  }
  return { dtype: "int64", dims: [rows, columns + width], data: wider };
}

/** Rows of image features of the whole batch, and of one image. */
function featureRows(data: Tensors): readonly [number, number] {
  const dims = data.image_features!.dims.slice(0, -1);
  return [sizeOf(dims), dims.at(-1)!];
}

/** Shapes of the recorded inputs, by the names that the graphs give them. */
function recordedDims(data: Tensors): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(data).map(([name, { dims }]) => [name, dims]));
}

/** What was recorded for an input is fed to it, also where nothing else is known of it. */
function recordedFeeds(session: Session, data: Tensors): Record<string, Tensor> {
  return Object.fromEntries(
    session.inputs.filter(({ name }) => name in data)
      .map(({ name, dtype }) => [name, castTensor(data[name]!, dtype)]),
  );
}

function weightsOf(suffix: string | undefined): WeightType | undefined {
  const names = Object.keys(weightSuffixes) as WeightType[];
  return suffix === undefined ? undefined : names.find((name) => weightSuffixes[name] === suffix);
}

function lengthsOf(batch: TextBatch): { answer?: number; qformer?: number } {
  const [answer, qformer] = [batch.decoderInputIds?.dims[1], batch.qformerIds?.dims[1]];
  return {
    ...(answer === undefined ? {} : { answer }),
    ...(qformer === undefined ? {} : { qformer }),
  };
}

function toBatch(data: Tensors): TextBatch {
  const ids = (name: string) => castTensor(data[name]!, "int64");
  return {
    inputIds: ids("input_ids"),
    attentionMask: ids("attention_mask"),
    labels: ids("labels"),
    ...(data.decoder_input_ids ? { decoderInputIds: ids("decoder_input_ids") } : {}),
    ...(data.qformer_input_ids
      ? { qformerIds: ids("qformer_input_ids"), qformerMask: ids("qformer_attention_mask") }
      : {}),
  };
}

/** Padded positions of a decoder-only model have no defined logits. */
function compareForward(
  results: Tensors,
  data: Tensors,
  spec: CaseSpec,
): Record<string, Comparison> {
  const logits = data.logits!;
  const vocabulary = logits.dims.at(-1)!;
  const mask = spec.kind === "encoder-decoder" ? undefined : data.attention_mask!.data;
  const real = (i: number) => mask === undefined || Number(mask[Math.floor(i / vocabulary)]) === 1;
  return {
    loss: compareTensors(results.loss, data.loss!, spec),
    logits: compareTensors(results.logits, logits, spec, real),
    image_features: compareTensors(results.image_features, data.image_features!, spec),
  };
}
