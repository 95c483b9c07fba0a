import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { readModelFile } from "../../lib/runtime/read_model.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";
import { inFolder, tvp } from "./workplace.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";

Deno.test("tvp models ls lists the zoo and the cache that is shared with others", () =>
  inFolder(async (folder) => {
    const snapshots = join(folder, "hub/models--some--model/snapshots");
    await Deno.mkdir(snapshots, { recursive: true });
    const made = await writeTinyModel(folder, "mini-minigpt4");
    await Deno.rename(made, join(snapshots, commit));
    const onnx = join(snapshots, commit, "onnx");
    await Deno.copyFile(join(onnx, "embed_tokens.onnx"), join(onnx, "embed_tokens_q4f16.onnx"));
    const env = { HF_HUB_CACHE: join(folder, "hub") };
    const { code, out } = await tvp(folder, "models", "ls", "--json", { env });
    const models = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(code, 0);
    const { bytes, ...hub } = models.at(-1);
    assertEquals(hub, {
      model: `hf://some/model@${commit}`,
      family: "minigpt4",
      weights: ["fp32", "q4f16"],
    });
    assertEquals(bytes > 1000, true);
    assertEquals(models.find(({ model }) => model === "zoo/mini-clip").family, "clip");
  }));

Deno.test("tvp models inspect says what a model consists of", () =>
  inFolder(async (folder) => {
    await Deno.rename(await writeTinyModel(folder, "mini-minigpt4"), join(folder, "model"));
    const { code, out } = await tvp(folder, "models", "inspect", "./model", "--json");
    const { parts, memory, prompt, ...facts } = JSON.parse(out);
    assertEquals(code, 0);
    assertEquals(facts, {
      model: "./model",
      family: "minigpt4",
      decoder: "decoder-only",
      imageTokens: 8,
      imageToken: "<image>",
      endToken: "</s>",
    });
    assertEquals(prompt.split("<image>").length, 2);
    const names = parts.map(({ part, weights }: Record<string, string>) => `${part} ${weights}`);
    assertEquals(names, ["decoder_model_merged fp32", "embed_tokens fp32", "vision_encoder fp32"]);
    const sum = parts.reduce(
      (all: number, part: { weightBytes: number }) => all + part.weightBytes,
      0,
    );
    assertEquals(memory.weights, sum);
    assertEquals(memory.cachePerToken > 0, true);
    const { out: text } = await tvp(folder, "models", "inspect", "./model");
    assertEquals(text.split("\n")[0], "family       minigpt4, decoder-only");
  }));

Deno.test("tvp models check names what keeps a model from being a source", () =>
  inFolder(async (folder) => {
    await Deno.rename(await writeTinyModel(folder, "mini-minigpt4"), join(folder, "model"));
    const good = await tvp(folder, "models", "check", "./model");
    const lines = good.out.split("\n");
    assertEquals([good.code, good.err, ...lines.slice(0, 3)], [
      ...[0, ""],
      "./model: minigpt4",
      "target  yes: its files, tokenizer and chat template can be read",
      "source  yes: its loss can be differentiated",
    ]);
    assertMatch(
      lines[3]!,
      /^ {8}a step takes about 0\.\d\d GB of memory: .* at batch 16, 224 pixels$/,
    );
    assertEquals(lines[4], "cuda    all nodes of a step run there");
    await addStrangeNode(join(folder, "model/onnx/vision_encoder.onnx"));
    const { code, out } = await tvp(folder, "models", "check", "./model");
    assertEquals(code, 1);
    assertEquals(out.split("\n").slice(2, 4).map((line) => line.slice(0, 60)), [
      "source  no:",
      '  Cannot differentiate node "source/vision/strange": Strange',
    ]);
    const absent = await tvp(folder, "models", "check", "./nothing");
    assertEquals(absent.code, 2);
  }));

const placed = `name: placed
stages:
  data:
    uses: load-dataset
    with: { dataset: digits10 }
  prompt:
    uses: optimize-prompt
    with: { source: ./model, data: "\${{ stages.data.train }}", loss: vp, lr: 1, steps: 1 }
`;

Deno.test("tvp graph and tvp doctor say what of a step would run on the CPU with CUDA", () =>
  inFolder(async (folder) => {
    await Deno.rename(await writeTinyModel(folder, "mini-minigpt4"), join(folder, "model"));
    await Deno.writeTextFile(join(folder, "placed.yaml"), placed);
    const graph = ["graph", "placed.yaml", "--placement", "cuda"];
    const line = "./model (prompt) on cuda: all nodes of a step run there";
    assertEquals((await tvp(folder, ...graph)).out, `prompt\n└─ data\n${line}\n`);
    const dot = await tvp(folder, ...graph, "--format", "dot");
    assertEquals(dot.out.trimEnd().split("\n").at(-1), `// ${line}`);
    const json = (await tvp(folder, ...graph, "--json")).out.trimEnd().split("\n");
    const { model, stages, cuda } = JSON.parse(json.at(-1)!);
    assertEquals([model, stages, cuda.cpu], ["./model", ["prompt"], []]);
    const doctor = await tvp(folder, "doctor", "--model", "./model");
    const last = doctor.out.trimEnd().split("\n").at(-1);
    assertEquals(last, "./model on cuda: all nodes of a step run there");
    await addStrangeNode(join(folder, "model/onnx/vision_encoder.onnx"));
    assertMatch((await tvp(folder, ...graph)).out, /on cuda: not a source: Cannot differentiate/);
    const hub = await tvp(folder, "doctor", "--model", "hf://some/model");
    assertEquals(hub.code, 2);
  }));

/** Puts a node of an unknown domain in front of the output. */
async function addStrangeNode(path: string): Promise<void> {
  const model = await readModelFile(path);
  const { graph } = model;
  const nodes = graph.nodes.map((node) => ({
    ...node,
    outputs: node.outputs.map((name) => name === "image_features" ? "plain_features" : name),
  }));
  const strange = {
    name: "strange",
    opType: "Strange",
    domain: "other.domain",
    inputs: ["plain_features"],
    outputs: ["image_features"],
    attributes: {},
  };
  const domains = { ...model.domains, "other.domain": 1 };
  const changed = { ...model, domains, graph: { ...graph, nodes: [...nodes, strange] } };
  await Deno.writeFile(path, encodeModel(changed));
}

Deno.test("tvp models says what it wants", async () => {
  await inFolder(async (folder) => {
    const cases: readonly [readonly string[], string][] = [
      [["models", "lst"], 'error: Cannot run models "lst"'],
      [["models", "check"], "error: Cannot run models check: the model is missing"],
    ];
    for (const [args, first] of cases) {
      const { code, err } = await tvp(folder, ...args);
      assertEquals([code, err.split("\n")[0]], [2, first]);
    }
  });
});
