/** Our gradients beside PyTorch's, of PyTorch's own models and their exports. @module */
import { join } from "@std/path";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { decodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { compareTensors } from "../tools/golden/compare.ts";
import { feedsOf, readModel } from "../tools/golden/vjp.ts";
import { type PeerAnswer, PeerProcess } from "./peer_process.ts";
import { type BenchResult, type BenchRow, interleaveTimed, median, timeOf } from "./benchmark.ts";

const script = new URL("./grad_torch.py", import.meta.url).pathname;
const threads = 1;

/** Forward pass, and forward pass with the gradient of the input: ours and PyTorch's in turn. */
export async function benchTorch(
  { python, rounds }: { readonly python: string; readonly rounds: number },
): Promise<BenchResult> {
  const notes: string[] = [];
  const rows: BenchRow[] = [];
  try {
    await using torch = new PeerProcess<Answer>(python, [script, String(threads)]);
    const { models = [], version } = await torch.ask({ do: "list" });
    notes.push(`PyTorch ${version}, ${threads} thread`);
    for (const model of models) {
      try {
        rows.push(await compare(torch, model, rounds));
      } catch (error) {
        notes.push(`without ${model}: ${messageOf(error)}`);
      }
    }
  } catch (error) {
    notes.push(`skipped: ${python} cannot run PyTorch: ${messageOf(error)}`);
  }
  return { rows, summary: rows.length > 0 ? summaryOf(rows) : {}, notes };
}

function summaryOf(rows: readonly BenchRow[]): Record<string, number> {
  const middle = (figure: string) => median(rows.map((row) => row.figures[figure]!));
  return {
    "median ratio": middle("ratio"),
    "median ratio of PyTorch": middle("PyTorch's"),
    "median time against PyTorch's": middle("ours / PyTorch's"),
  };
}

async function compare(
  torch: PeerProcess<Answer>,
  model: string,
  rounds: number,
): Promise<BenchRow> {
  const folder = await Deno.makeTempDir({ prefix: "tvp-bench-" });
  try {
    await torch.ask({ do: "open", model, folder });
    const { tensors } = decodeSafetensors(await Deno.readFile(join(folder, "data.safetensors")));
    const graph = await readModel({ name: model, path: folder, level: "vjp" });
    const options = { provider: "cpu", threads } as const;
    const gradient = addGradients(graph, { cotangents: ["y"], wrt: ["x"] });
    await using forward = await openSession(graph, options);
    await using both = await openSession(gradient, options);
    const [x, y] = [feedsOf(forward, tensors), feedsOf(both, tensors)];
    const result = (await both.run(y))["grad.x"];
    const { error } = compareTensors(result, tensors["grad.x"]!, { rtol: 1e-4, atol: 0 });
    const ofTorch = (what: string) => async (repeats: number) =>
      (await torch.ask({ do: "run", what, repeats })).ms!;
    const times = await interleaveTimed({
      forward: (n) => timeOf(() => forward.run(x), n),
      both: (n) => timeOf(() => both.run(y), n),
      torchForward: ofTorch("forward"),
      torchBoth: ofTorch("gradient"),
    }, rounds);
    return { name: model, figures: figuresOf(times, error) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Times = Readonly<Record<"forward" | "both" | "torchForward" | "torchBoth", number>>;

function figuresOf(
  { forward, both, torchForward, torchBoth }: Times,
  error: number,
): Record<string, number> {
  return {
    "forward ms": forward,
    "with gradient ms": both,
    "ratio": both / forward,
    "PyTorch forward ms": torchForward,
    "with gradient": torchBoth,
    "PyTorch's": torchBoth / torchForward,
    "ours / PyTorch's": both / torchBoth,
    "difference ×1e-6": error * 1e6,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the script answers. */
interface Answer extends PeerAnswer {
  readonly models?: readonly string[];
  readonly version?: string;
  readonly ms?: number;
}
