/** Runs the stage that holds a lock, and says when it does. Argument: a folder. @module */
import { localExecutor } from "../../lib/executors/local.ts";
import { keyOf } from "../cache/rig.ts";

const folder = Deno.args[0] ?? ".";
await localExecutor().submit({
  task: "holder",
  key: keyOf("holder"),
  stage: "holder",
  module: new URL("./stages/holder.ts", import.meta.url).href,
  isolation: "worker",
  permissions: ["all"],
  places: { read: [], models: [], write: [] },
  parameters: { path: `${folder}/held` },
  outputs: {},
  checkpoint: `${folder}/checkpoint`,
  checkpointIntervalMs: 1000,
  scratch: folder,
  provider: "cpu",
  resources: { cpu: 1, gpu: 0 },
  environment: {},
}, {
  signal: new AbortController().signal,
  onEvent: (event) => {
    if (event.type === "log") console.log(event.line);
  },
});
