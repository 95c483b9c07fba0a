/** Each command as people call it, in a folder that holds what it takes: a new command needs a row. @module */
import { join } from "@std/path";
import type { CommandName } from "../../lib/cli/command_table.ts";
import { encodePrompt } from "../../lib/artifacts/prompt.ts";
import { promptMask } from "../../lib/prompts/prompt_table.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { encodePng } from "../../lib/vision/encode_png.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";

/** A call, and what is left of the permissions once it is done. */
export interface Call {
  readonly args: readonly string[];
  /** Permissions, in the order of the table. */
  readonly left: string;
  /** Its exit code where there has been a run of `p.yaml`; 0 by default. */
  readonly code?: number;
}

const onLooking = { left: "write" } as const;
const step = [
  ...["m/onnx/vision_encoder.onnx", "--cotangent", "image_features"],
  ...["--wrt", "pixel_values"],
];
const remote = ["--remote", "file://FOLDER/remote"];

/** `FOLDER` and `RUN` in the arguments stand for the folder and for the id of the latest run. */
export const everyCommand: Readonly<Record<CommandName, readonly Call[]>> = {
  run: [
    { args: ["run", "p.yaml", "--plan"], ...onLooking },
    // All is cached: what it needs for tasks it gives up when one has to run.
    { args: ["run", "p.yaml", "--require-trust"], left: "secrets write net run ffi sys" },
  ],
  trust: [{ args: ["trust", "p.yaml", "--dry-run"], ...onLooking }],
  plan: [
    { args: ["plan", "p.yaml"], ...onLooking },
    { args: ["plan", "p.yaml", "--strict-provider"], left: "write ffi sys" },
    { args: ["plan", "p.yaml", "--remote", "http://127.0.0.1:9/"], left: "secrets write net" },
  ],
  graph: [{ args: ["graph", "p.yaml", "--tasks"], ...onLooking }],
  status: [{ args: ["status", "p.yaml"], ...onLooking }],
  why: [{ args: ["why", "p.yaml", "a"], ...onLooking }],
  logs: [{ args: ["logs", "p.yaml", "a"], ...onLooking }],
  show: [{ args: ["show", "p.yaml", "a", "--content"], ...onLooking }],
  runs: [{ args: ["runs"], left: "" }],
  diff: [{ args: ["diff", "RUN", "RUN"], ...onLooking }],
  gc: [{ args: ["gc", "--dry-run"], ...onLooking }],
  verify: [{ args: ["verify"], ...onLooking }],
  push: [{ args: ["push", "p.yaml", ...remote], left: "secrets write net" }],
  pull: [{ args: ["pull", "p.yaml", ...remote], left: "secrets write net" }],
  keys: [{ args: ["keys"], left: "" }],
  sign: [{ args: ["sign", "p.yaml", "--of", "a.text"], ...onLooking }],
  "verify-report": [{
    args: ["verify-report", ".tvp/runs/gift/RUN/a/text.txt"],
    left: "secrets write run",
  }],
  grad: [
    { args: ["grad", ...step, "-o", "g.onnx"], ...onLooking },
    { args: ["grad", ...step, "--check", "--dim", "batch_size=1"], left: "write ffi sys" },
  ],
  inspect: [
    { args: ["inspect", "m/onnx/vision_encoder.onnx"], left: "" },
    { args: ["inspect", "m/onnx/vision_encoder.onnx", "--graph"], left: "" },
  ],
  ask: [{
    args: ["ask", "./m", "p.png", "what is it?", "--choices", "cat,dog"],
    left: "write ffi sys",
  }],
  prompt: [
    { args: ["prompt", "show", "d.safetensors"], left: "write ffi sys" },
    { args: ["prompt", "apply", "d.safetensors", "p.png", "-o", "o.png"], left: "write ffi sys" },
  ],
  models: [{ args: ["models", "inspect", "./m"], ...onLooking }],
  data: [
    { args: ["data", "ls"], left: "write ffi sys" },
    { args: ["data", "preview", "pics", "-o", "sheet.png"], left: "write ffi sys" },
  ],
  doctor: [{ args: ["doctor"], left: "ffi sys" }],
  stages: [{ args: ["stages"], left: "" }],
  schema: [{ args: ["schema"], left: "" }, { args: ["schema", "--events"], left: "" }],
  completions: [
    { args: ["completions", "bash"], left: "" },
    { args: ["completions", "--words", "--", "why", "p.yaml", ""], left: "" },
  ],
  init: [{ args: ["init", "new.yaml"], ...onLooking }],
};

/** Writes the files that the calls take, but for `p.yaml`. */
export async function writeWorkFolder(folder: string): Promise<void> {
  Deno.renameSync(await writeTinyModel(folder, "mini-minigpt4"), join(folder, "m"));
  const grey = new Float32Array(3 * 16 * 16).fill(0.4);
  Deno.writeFileSync(`${folder}/p.png`, await encodePng(grey, { height: 16, width: 16 }));
  const sizes = { canvas: 16, image: 8 };
  const how = { kind: "frame", sources: [], task: "t", method: "vp", loss: {}, seed: 0 } as const;
  const delta = tensor("float32", [3, 16, 16], promptMask("frame", sizes).data);
  const prompt = encodePrompt({ delta, meta: { ...how, ...sizes } });
  Deno.writeFileSync(`${folder}/d.safetensors`, prompt);
  Deno.mkdirSync(`${folder}/remote`);
  for (let i = 0; i < 6; i++) {
    Deno.mkdirSync(`${folder}/pics/${i % 2}`, { recursive: true });
    Deno.copyFileSync(`${folder}/p.png`, `${folder}/pics/${i % 2}/${i}.png`);
  }
}
