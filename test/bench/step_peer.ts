/**
 * Our side of `deno task bench step --torch PYTHON`: a process of its own, so that its memory is the step's. Takes
 * `{"do":"open","folder":…,"atOnce":N}` and `{"do":"run","repeats":N}`, a line each; times are in milliseconds.
 *
 * @module
 */
import process from "node:process";
import { statusBytes } from "../../lib/runtime/peak_memory.ts";
import { openSession, type Session, type SessionOptions } from "../../lib/runtime/session.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { askedOf } from "../../lib/training/training_graph.ts";
import { feedsOf, openTrajectory } from "../tools/golden/trajectory.ts";
import { timeOf } from "./benchmark.ts";

interface Request {
  readonly do: "open" | "run";
  readonly folder: string;
  /** Images that are computed at once; default all of the batch. */
  readonly atOnce?: number;
  readonly repeats: number;
}

const options: SessionOptions = {
  provider: "cpu",
  threads: 2,
  ...JSON.parse(Deno.args[0] ?? "{}"),
};
/** Images of a step. */
const batch = 16;
let session: Session | undefined;
let feeds: Record<string, Tensor> = {};
/** Runs of a step. */
let parts = 1;

async function open({ folder, atOnce = batch }: Request): Promise<Record<string, unknown>> {
  const training = await openTrajectory(folder, "cpu", atOnce);
  parts = batch / atOnce;
  {
    await using features = await openSession(training.graph.features, options);
    feeds = { ...await feedsOf(0, features, training), delta: training.data.delta! };
  }
  session = await openSession(training.graph.model, options);
  return { nodes: training.graph.model.graph.nodes.length };
}

async function run(repeats: number): Promise<Record<string, unknown>> {
  const asked = askedOf(session!.inputs, feeds);
  let loss = NaN;
  const cpu = process.cpuUsage();
  const ms = await timeOf(async () => {
    for (let part = 0; part < parts; part++) {
      loss = Number((await session!.run(asked)).loss!.data[0]);
    }
  }, repeats);
  const after = process.cpuUsage();
  const cpuMs = (after.user + after.system - cpu.user - cpu.system) / 1000 / repeats;
  return { ms, cpuMs, loss, peak: statusBytes("VmHWM") };
}

const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
let rest = "";
for await (const text of lines) {
  const parts = (rest + text).split("\n");
  rest = parts.pop()!;
  for (const line of parts) {
    const request: Request = JSON.parse(line);
    const answer = request.do === "open" ? await open(request) : await run(request.repeats);
    console.log(JSON.stringify(answer));
  }
}
