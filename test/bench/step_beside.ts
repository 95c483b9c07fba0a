/** Our step beside PyTorch's, of the same models with random weights, each in a process of its own. @module */
import type { BenchResult, BenchRow } from "./benchmark.ts";
import { type PeerAnswer, PeerProcess } from "./peer_process.ts";

const folderOf = (name: string) => new URL(name, import.meta.url).pathname;
const threads = 2;

/** Sizes of the models, as `step_torch.py` knows them. */
const sizes = ["mini", "small"];

/** Our ways: how many images are computed at once, as `microBatch` says it. */
const ourWays = { ours: 16, "ours, 8 at once": 8 };

/** PyTorch's ways, as `step_torch.py` has them. */
const ways = ["official", "eager", "compile"] as const;

interface Answer extends PeerAnswer {
  readonly ms: number;
  readonly cpuMs: number;
  readonly loss: number;
  readonly peak: number;
}

/** Milliseconds, CPU milliseconds and peak memory of a step; ours and PyTorch's take turns. */
export async function benchStepBeside(
  { python, rounds }: { readonly python: string; readonly rounds: number },
): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const notes = [`${threads} threads, batch 16, loss lm + fca + tse`];
  const summary: Record<string, number> = {};
  for (const size of sizes) {
    try {
      const measured = await compare(python, size, rounds);
      for (const [name, figures] of Object.entries(measured)) {
        rows.push({ name: `${size} ${name}`, figures });
      }
      for (const way of ways.filter((way) => way in measured)) {
        const ratio = measured.ours!["CPU ms"]! / measured[way]!["CPU ms"]!;
        summary[`${size}: ours / ${way}, CPU time`] = ratio;
      }
    } catch (error) {
      notes.push(`without ${size}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { rows, summary, notes };
}

type Figures = Record<string, number>;

async function compare(
  python: string,
  size: string,
  rounds: number,
): Promise<Readonly<Record<string, Figures>>> {
  const folder = await Deno.makeTempDir({ prefix: "tvp-bench-" });
  const script = (way: string) => [folderOf("step_torch.py"), way, size, String(threads)];
  const peers = new Map<string, PeerProcess<Answer>>();
  try {
    {
      await using exporter = new PeerProcess<Answer>(python, script("export"));
      await exporter.ask({ do: "open", folder });
    }
    for (const [name, atOnce] of Object.entries(ourWays)) {
      const ours = new PeerProcess<Answer>(Deno.execPath(), [
        "run",
        "-A",
        folderOf("step_peer.ts"),
      ]);
      peers.set(name, ours);
      await ours.ask({ do: "open", folder, atOnce });
    }
    for (const way of ways) peers.set(way, new PeerProcess<Answer>(python, script(way)));
    return await inTurns(peers, rounds);
  } finally {
    for (const peer of peers.values()) await peer[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

/** After a step to warm up, one of each in turn; of each the shortest. */
async function inTurns(
  peers: ReadonlyMap<string, PeerProcess<Answer>>,
  rounds: number,
): Promise<Record<string, Figures>> {
  const best: Record<string, Figures> = {};
  for (const [name, peer] of peers) {
    const { loss } = await peer.ask({ do: "run", repeats: 1 });
    best[name] = { "ms": Infinity, "CPU ms": Infinity, "peak MiB": 0, "first loss": loss };
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, peer] of peers) {
      const { ms, cpuMs, peak } = await peer.ask({ do: "run", repeats: 1 });
      const figures = best[name]!;
      figures.ms = Math.min(figures.ms!, ms);
      figures["CPU ms"] = Math.min(figures["CPU ms"]!, cpuMs);
      figures["peak MiB"] = peak / 2 ** 20;
    }
  }
  return best;
}
