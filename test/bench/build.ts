/** What it takes to write a gradient graph: `tvp grad` as a whole process, on large models. @module */
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { statusBytes } from "../../lib/runtime/peak_memory.ts";
import type { Benchmark, BenchRow } from "./benchmark.ts";
import { type LargeModelSizes, writeLargeModel } from "./large_model.ts";

const program = new URL("../../lib/cli/main.ts", import.meta.url).pathname;

const models: Readonly<Record<string, LargeModelSizes>> = {
  "ViT 24 + decoder 24": { layers: 24, width: 64, heads: 4, vocabulary: 1000 },
  "the same, 1 GB": { layers: 24, width: 640, heads: 10, vocabulary: 32_000 },
};

/** Time and memory of `tvp grad`, and of its middle part, which builds the graph, in this process. */
export const benchBuild: Benchmark = async ({ rounds }) => {
  const rows: BenchRow[] = [];
  for (const [name, sizes] of Object.entries(models)) {
    const folder = await Deno.makeTempDir({ prefix: "tvp-bench-" });
    try {
      rows.push({ name, figures: await measure(folder, sizes, Math.min(rounds, 5)) });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  return { rows, summary: {}, notes: ["weights are zeros in a sparse file; nothing is run"] };
};

async function measure(
  folder: string,
  sizes: LargeModelSizes,
  rounds: number,
): Promise<BenchRow["figures"]> {
  const { path, nodes, weightBytes } = writeLargeModel(folder, sizes);
  const model = decodeModel(Deno.readFileSync(path), { directory: folder });
  const asked = { of: "loss", wrt: ["pixel_values"] };
  let [build, whole, peak, kept] = [Infinity, Infinity, 0, 0];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    kept = addGradients(model, asked).graph.nodes.length;
    build = Math.min(build, performance.now() - start);
    const process = await runGrad(path);
    [whole, peak] = [Math.min(whole, process.ms), Math.max(peak, process.peakBytes)];
  }
  return {
    "weights MB": weightBytes / 1e6,
    nodes,
    "nodes with gradient": kept,
    "build s": build / 1000,
    "tvp grad s": whole / 1000,
    "peak MiB": peak / 2 ** 20,
  };
}

async function runGrad(path: string): Promise<{ ms: number; peakBytes: number }> {
  const start = performance.now();
  const args = ["run", "-A", program, "grad", path, "--of", "loss", "--wrt", "pixel_values"];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, "-o", path.replace("model.onnx", "step.onnx")],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let peakBytes = 0;
  const timer = setInterval(
    () => peakBytes = Math.max(peakBytes, statusBytes("VmHWM", child.pid) ?? 0),
    5,
  );
  const { success } = await child.status;
  clearInterval(timer);
  if (!success) throw new TypeError(`tvp grad failed on ${path}`);
  return { ms: performance.now() - start, peakBytes };
}
