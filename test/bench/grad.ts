/** What a gradient costs: forward pass alone against forward pass with the gradient of the inputs. @module */
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { makeFeeds } from "../../lib/cli/check_feeds.ts";
import { inferShapes } from "../../lib/onnx/infer/infer_shapes.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { openSession, type Session } from "../../lib/runtime/session.ts";
import { decodeSafetensors } from "../../lib/tensor/safetensors.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { type CaseSpec, findCases } from "../tools/golden/case.ts";
import { feedsOf, readModel, withPrefix } from "../tools/golden/vjp.ts";
import { type Benchmark, type BenchRow, interleave, median } from "./benchmark.ts";
import { benchTorch } from "./torch.ts";
import { openZoo } from "./zoo.ts";

/** Recorded cases that are models or their blocks, not single operators. */
const models =
  /^(vit|clip_vision|clip_text|llama|gpt2|opt|blip2|conv_mix|swin|mobile|resnet|siglip|bert)_/;

const options = { provider: "cpu", threads: 1 } as const;
const zooBatch = 8;

/** Ratio of the times on recorded models, and on the zoo's vision encoders where there is one. */
export const benchGrad: Benchmark = async ({ rounds, torch }) => {
  if (torch !== undefined) return await benchTorch({ python: torch, rounds });
  const rows: BenchRow[] = [];
  const golden = new URL("../golden/vjp", import.meta.url).pathname;
  for (const { name, path } of findCases(golden)) {
    if (!models.test(name)) continue;
    const spec: CaseSpec = JSON.parse(await Deno.readTextFile(`${path}/case.json`));
    const { tensors } = decodeSafetensors(await Deno.readFile(`${path}/data.safetensors`));
    const model = await readModel({ name, path, level: "vjp" });
    const cotangents = Object.keys(withPrefix(tensors, "ct."));
    const wrt = (spec.inputs ?? []).filter((input) => input.wrt).map((input) => input.name);
    if (wrt.length === 0) continue;
    const feeds = (session: Session) => feedsOf(session, tensors);
    rows.push(await compare(name, model, { cotangents, wrt }, feeds, rounds));
  }
  const { directories, notes } = await openZoo();
  for (const directory of directories) {
    const encoder = await directory.readPart("vision_encoder");
    const model = inferShapes(encoder, { dims: sizesOf(encoder) });
    const wrt = ["pixel_values"];
    const cotangents = [model.graph.outputs[0]!.name];
    const values = makeFeeds(addGradients(model, { cotangents, wrt }), {
      dims: [],
      feeds: [],
      seed: 0,
    });
    const feeds = (session: Session) =>
      Object.fromEntries(session.inputs.map(({ name }) => [name, values[name]!]));
    const name = `${directory.name} vision_encoder ×${zooBatch}`;
    rows.push(await compare(name, model, { cotangents, wrt }, feeds, rounds));
  }
  const ratio = median(rows.map((row) => row.figures.ratio!));
  return { rows, summary: { "median ratio": ratio }, notes };
};

async function compare(
  name: string,
  model: Model,
  asked: { readonly cotangents: readonly string[]; readonly wrt: readonly string[] },
  feedsOf: (session: Session) => Record<string, Tensor>,
  rounds: number,
): Promise<BenchRow> {
  await using forward = await openSession(model, options);
  await using both = await openSession(addGradients(model, asked), options);
  const [x, y] = [feedsOf(forward), feedsOf(both)];
  const times = await interleave(
    { forward: () => forward.run(x), both: () => both.run(y) },
    rounds,
  );
  const ratio = times.both / times.forward;
  return { name, figures: { "forward ms": times.forward, "with gradient ms": times.both, ratio } };
}

/** One size for all symbolic dimensions: the batch, and the length of a Q-Former's instruction. */
function sizesOf({ graph }: Model): Record<string, number> {
  const dims = graph.inputs.flatMap(({ type }) => type.kind === "tensor" ? type.dims ?? [] : []);
  const symbols = dims.filter((dim): dim is string => typeof dim === "string");
  return Object.fromEntries(symbols.map((symbol) => [symbol, zooBatch]));
}
