import { assertEquals } from "@std/assert";
import {
  type Device,
  explainMissing,
  firstMissing,
  type Provider,
  requirementsOf,
  splitProvider,
} from "../../lib/runtime/provider.ts";

/** What is planted, in turn, and what is then missing. */
const steps: readonly (readonly [string, string])[] = [
  ["", "ONNX Runtime's provider is missing, DIR/libonnxruntime_providers_shared.so"],
  [
    "DIR/libonnxruntime_providers_shared.so",
    "ONNX Runtime's provider is missing, DIR/libonnxruntime_providers_cuda.so",
  ],
  ["DIR/libonnxruntime_providers_cuda.so", "the NVIDIA driver is missing, libcuda.so.1"],
  ["libcuda.so.1", "CUDA 13 is missing, libcudart.so.13"],
  ["libcudart.so.13", "cuBLAS is missing, libcublas.so.13"],
  ["libcublas.so.13", "cuBLAS is missing, libcublasLt.so.13"],
  ["DIR/libcublasLt.so.13", "cuRAND is missing, libcurand.so.10"],
  ["libcurand.so.10", "cuDNN 9 is missing, libcudnn.so.9 for convolutions"],
  ["libcudnn.so.9", "no card, all that it needs was found"],
];

Deno.test("each thing that is planted moves the message for CUDA on", async (t) => {
  if (Deno.build.os !== "linux") return;
  const directory = await Deno.makeTempDir();
  const planted = new Set<string>();
  for (const [thing, expected] of steps) {
    await t.step(thing || "nothing", async () => {
      const name = thing.replace("DIR", directory);
      planted.add(name);
      if (name.includes("onnxruntime")) await Deno.writeFile(name, new Uint8Array());
      const found = requirementsOf("cuda", directory, (library) => planted.has(library));
      const { message } = explainMissing("cuda", "no card", found);
      assertEquals(
        message.replaceAll(directory, "DIR"),
        `Cannot use provider "cuda": ${expected}`,
      );
    });
  }
  const all = requirementsOf("cuda", directory, (library) => planted.has(library));
  assertEquals(firstMissing(all), undefined);
  assertEquals(
    explainMissing("cuda", "no card", all).notes?.[0],
    "Not found: libcufft.so.12 (cuFFT, for Fourier transforms)",
  );
  await Deno.remove(directory, { recursive: true });
});

Deno.test("what is missing comes with what brings it, once each", () => {
  if (Deno.build.os !== "linux") return;
  const { notes = [] } = explainMissing(
    "cuda",
    "",
    requirementsOf("cuda", "/nowhere", () => false),
  );
  const hints = notes.filter((note) => note.startsWith("To bring it"));
  assertEquals(hints.map((hint) => hint.split(" ").slice(3, 6).join(" ")), [
    "deno task tvp",
    "install the NVIDIA",
    "pip install nvidia-cuda-runtime",
  ]);
});

Deno.test("splitProvider() reads the number of the card, and TF32", () => {
  const cases: readonly (readonly [Exclude<Provider, "auto">, Device, number, boolean])[] = [
    ["cuda", "cuda", 0, false],
    ["cuda:1", "cuda", 1, false],
    ["cuda+tf32", "cuda", 0, true],
    ["cuda:3+tf32", "cuda", 3, true],
    ["webgpu", "webgpu", 0, false],
  ];
  for (const [text, device, index, tf32] of cases) {
    assertEquals(splitProvider(text), { device, index, tf32 });
  }
});
