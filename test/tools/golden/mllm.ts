/** The mllm level: loss of a whole multimodal model, and its gradient by the pixels. @module */
import { join } from "@std/path";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { composeLoss, lossFeeds } from "../../../lib/models/compose_loss.ts";
import { openModelDirectory, weightSuffixes } from "../../../lib/models/directory.ts";
import type { WeightType } from "../../../lib/models/directory.ts";
import type { TextBatch } from "../../../lib/models/text_batch.ts";
import { openSession } from "../../../lib/runtime/session.ts";
import { castTensor } from "../../../lib/tensor/convert.ts";
import { decodeSafetensors } from "../../../lib/tensor/safetensors.ts";
import type { Tensor } from "../../../lib/tensor/tensor.ts";
import type { CaseFolder, CaseSpec, Outcome } from "./case.ts";
import { compareTensors, type Comparison } from "./compare.ts";
import { outcome } from "./vjp.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** Composes the parts of a model into one loss graph, differentiates and runs it. */
export async function runMllm(folder: CaseFolder): Promise<Outcome> {
  const spec: CaseSpec = JSON.parse(await Deno.readTextFile(join(folder.path, "case.json")));
  const bytes = await Deno.readFile(join(folder.path, "data.safetensors"));
  const data = decodeSafetensors(bytes).tensors;
  const weights = weightsOf(spec.files_suffix);
  const directory = await openModelDirectory(folder.path, weights === undefined ? {} : { weights });
  const batch = toBatch(data);
  const model = await composeLoss(directory, {
    batch: batch.inputIds.dims[0]!,
    sequence: batch.inputIds.dims[1]!,
    imageTokens: data.image_features!.dims[1]!,
    ...lengthsOf(batch),
    logits: true,
  });
  const graph = addGradients(model, { of: "loss", wrt: ["pixel_values"] });
  await using session = await openSession(graph, {
    provider: "cpu",
    threads: 1,
    graphOptimization: spec.ort_graph_optimization === "disable_all" ? "disabled" : "all",
  });
  const feeds = {
    pixel_values: data.pixel_values!,
    ...lossFeeds(model, batch, spec.image_token_id!),
  };
  if (data.position_ids !== undefined && "position_ids" in feeds) {
    feeds.position_ids = castTensor(data.position_ids, "int64");
  }
  const results = await session.run(feeds);
  return outcome(compareForward(results, data, spec), {
    "grad.pixel_values": compareTensors(
      results["grad.pixel_values"],
      data["grad.pixel_values"]!,
      spec,
    ),
  });
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
