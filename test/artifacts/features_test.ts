import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readFeatures, writeFeatures } from "../../lib/artifacts/features.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { decodeSafetensors, encodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { type Tensor, tensor, zeros } from "../../lib/tensor/tensor.ts";
import { withFolder } from "../cache/rig.ts";

const features = {
  ...{ model: "zoo/a", method: "vp", task: "t", classes: ["x", "y"], width: 3 },
  data: Float32Array.of(1, 2, 3, 4, 5, 6),
  labels: Int32Array.of(1, -1),
};

Deno.test("features that were written are read back", () =>
  withFolder(async (folder) => {
    const path = join(folder, "features.safetensors");
    await writeFeatures(path, features);
    assertEquals(await readFeatures(path), features);
  }));

interface Parts {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

const mistakes: readonly [(parts: Parts) => void, string][] = [
  [
    ({ tensors }) => delete tensors.features,
    '"features" must be float32 [rows, width], but is missing',
  ],
  [
    ({ tensors }) => tensors.features = zeros("float32", [2, 3, 1]),
    '"features" must be float32 [rows, width], but is float32 [2, 3, 1]',
  ],
  [({ tensors }) => tensors.features = zeros("float32", [0, 3]), "but is float32 [0, 3]"],
  [({ tensors }) => delete tensors.labels, '"labels" must be int32 [2], but is missing'],
  [
    ({ tensors }) => tensors.labels = zeros("int32", [3]),
    '"labels" must be int32 [2], but is int32 [3]',
  ],
  [
    ({ tensors }) => tensors.features = tensor("float32", [2, 1], Float32Array.of(0, NaN)),
    '"features" holds NaN',
  ],
  [
    ({ metadata }) => metadata.classes = "x",
    "its metadata classes must be a list of texts, but is x",
  ],
  [
    ({ metadata }) => metadata.classes = "[1]",
    "its metadata classes must be a list of texts, but is [1]",
  ],
];

for (const [change, reason] of mistakes) {
  Deno.test(`reading features: ${reason}`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "features.safetensors");
      await writeFeatures(path, features);
      const parts = decodeSafetensors(Deno.readFileSync(path));
      change(parts);
      Deno.writeFileSync(path, encodeSafetensors(parts.tensors, parts.metadata));
      const { message } = await assertRejects(() => readFeatures(path), DiagnosticError);
      assertEquals(message.startsWith(`Cannot read features from "${path}": `), true, message);
      assertEquals(message.endsWith(reason), true, message);
    }));
}
