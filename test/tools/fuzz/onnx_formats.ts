/** ONNX: bytes, whole models on their way to a gradient, and weights in other files. @module */
import { join } from "@std/path";
import { addGradients } from "../../../lib/autodiff/gradient.ts";
import { isDifferentiable } from "../../../lib/autodiff/engine/activity.ts";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import { decodeModel } from "../../../lib/onnx/codec/decode.ts";
import { encodeModel } from "../../../lib/onnx/codec/encode.ts";
import { inferShapes } from "../../../lib/onnx/infer/infer_shapes.ts";
import type { Model } from "../../../lib/onnx/ir/model.ts";
import { readModel } from "../../../lib/cli/read_model.ts";
import { weightFilesOf } from "../../../lib/runtime/weight_files.ts";
import type { Random } from "../../../lib/tensor/random.ts";
import { formatOf, mustHold, type OpenFormat } from "./format.ts";
import { edge, mutateBytes, pick } from "./mutate.ts";
import { encode, filesOf } from "./seeds.ts";

const seeds = filesOf("test/golden/vjp", /\.onnx$/, 3000);
const directory = "/nowhere";

/** A model with numbers at edges in the attributes and declared sizes of some nodes. */
function perturb(model: Model, random: Random): Model {
  const graph = structuredClone({ ...model.graph, initializers: new Map(), values: new Map() });
  type Loose = { attributes: Record<string, { type: string; value: unknown }>; inputs: string[] };
  const nodes = graph.nodes as unknown as Loose[];
  const names = [...model.graph.initializers.keys(), ...model.graph.inputs.map(({ name }) => name)];
  for (let left = 1 + random.integer(4); left > 0 && nodes.length > 0; left--) {
    const { attributes, inputs } = pick(random, nodes);
    const entries = Object.values(attributes);
    const entry = entries.length === 0 ? undefined : pick(random, entries);
    const integer = () => Math.trunc(edge(random));
    if (random.integer(4) === 0 || entry === undefined) {
      inputs[random.integer(inputs.length + 1)] = pick(random, [...names, "", "nobody"]);
    } else if (entry.type === "int") entry.value = integer();
    else if (entry.type === "ints") {
      entry.value = (entry.value as number[]).map((v) => random.integer(2) === 0 ? integer() : v);
    } else if (entry.type === "string") {
      entry.value = pick(random, ["", "x", "SAME_UPPER", "linear", "i,j->", "...ij,jk", "->"]);
    }
  }
  for (const { type } of graph.inputs) {
    if (type.kind !== "tensor" || random.integer(4) > 0) continue;
    const dims = (type.dims ?? []).map((dim) =>
      random.integer(2) === 0 ? Math.trunc(edge(random)) : dim
    );
    Object.assign(type, { dims });
  }
  return {
    ...model,
    opset: random.integer(8) === 0 ? pick(random, [1, 7, 11, 18, 23, 0, 1000]) : model.opset,
    graph: { ...graph, initializers: model.graph.initializers, values: model.graph.values },
  };
}

/** What `tvp grad` does with the bytes of a model. */
function differentiate(bytes: Uint8Array): void {
  const model = inferShapes(decodeModel(bytes, { directory }));
  const { inputs, outputs, initializers } = model.graph;
  const floats = (values: typeof inputs) =>
    values.filter(({ type }) => isDifferentiable(type)).map(({ name }) => name);
  const wrt = floats(inputs).filter((name) => !initializers.has(name));
  const cotangents = floats(outputs);
  if (wrt.length === 0 || cotangents.length === 0) return;
  const gradient = addGradients(model, { cotangents, wrt });
  encodeModel(gradient);
  mustHold(
    checkModel(model).length > 0 || checkModel(gradient).length === 0,
    "a model that is right, with a gradient that is none",
  );
}

function models(): readonly Model[] {
  return seeds.map((bytes) => decodeModel(bytes, { directory }));
}

/** A model whose weight lies in a file, with a place that leads anywhere. */
function outsideModel(place: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(place).flatMap(([key, value]) =>
    message(13, [...message(1, encode(key)), ...message(2, encode(value))])
  );
  // A float tensor of [4] whose data_location is EXTERNAL.
  const weight = [0x08, 4, 0x10, 1, ...message(8, encode("w")), ...entries, 0x70, 1];
  const node = [
    ...message(1, encode("w")),
    ...message(2, encode("y")),
    ...message(4, encode("Neg")),
  ];
  const type = message(1, [0x08, 1, ...message(2, message(1, [0x08, 4]))]);
  const output = [...message(1, encode("y")), ...message(2, type)];
  const graph = [...message(1, node), ...message(2, encode("g")), ...message(5, weight)]
    .concat(message(12, output));
  return Uint8Array.from([0x08, 8, ...message(7, graph), ...message(8, [0x10, 18])]);
}

/** A field of a protocol buffer that holds bytes. */
function message(field: number, bytes: ArrayLike<number>): number[] {
  const varint = (n: number): number[] => n < 128 ? [n] : [n % 128 + 128, ...varint(n >> 7)];
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...Array.from(bytes)];
}

const locations = [
  "w.bin",
  "./w.bin",
  "sub/w.bin",
  "../w.bin",
  "/etc/passwd",
  "sub/../../w.bin",
  "",
]
  .concat([
    "w\u0000.bin",
    "..\\w.bin",
    "nobody.bin",
    "sub",
    "%2e%2e/w.bin",
    "C:\\w",
    "~/w",
  ]);
const numbers = ["0", "8", "16", "-8", "-1", "1e1", "0x10", "1.5", "", "9007199254740993", "NaN"]
  .concat([" 8", "8 ", "18446744073709551616", "4294967296", "١"]);

const external: OpenFormat = async (scratch) => {
  const folder = join(scratch, "model");
  await Deno.mkdir(join(folder, "sub"), { recursive: true });
  await Deno.writeFile(join(scratch, "w.bin"), new Uint8Array(64));
  await Deno.writeFile(join(folder, "w.bin"), new Uint8Array(64));
  await Deno.writeFile(join(folder, "sub", "w.bin"), new Uint8Array(64));
  const inside = await Deno.realPath(folder) + "/";
  const path = join(folder, "model.onnx");
  return formatOf({
    seeds: [outsideModel({ location: "w.bin", offset: "8", length: "16" })],
    roots: [folder],
    generate: (random) => {
      const place: Record<string, string> = { location: pick(random, locations) };
      if (random.integer(2) === 0) place.offset = pick(random, numbers);
      if (random.integer(2) === 0) place.length = pick(random, numbers);
      const bytes = outsideModel(place);
      return random.integer(4) === 0 ? mutateBytes(bytes, random) : bytes;
    },
    read: async (bytes: Uint8Array) => {
      await Deno.writeFile(path, bytes);
      for (const file of weightFilesOf(await readModel(path)).keys()) {
        mustHold((await Deno.realPath(file)).startsWith(inside), "weights outside of the folder");
      }
    },
  });
};

/** Formats of this file. */
export const onnxFormats = {
  onnx: () =>
    Promise.resolve(formatOf({
      seeds,
      generate: (random) => mutateBytes(pick(random, seeds), random, seeds),
      read: (bytes: Uint8Array) => void decodeModel(bytes, { directory }),
    })),
  "onnx-gradient": () =>
    Promise.resolve(formatOf({
      seeds,
      generate: (random) => mutateBytes(pick(random, seeds), random, seeds),
      read: differentiate,
    })),
  "onnx-numbers": () => {
    const whole = models();
    return Promise.resolve(formatOf({
      seeds: whole,
      generate: (random) => perturb(pick(random, whole), random),
      read: (model: Model) => differentiate(encodeModel(model)),
    }));
  },
  "external-data": external,
} satisfies Record<string, OpenFormat>;
