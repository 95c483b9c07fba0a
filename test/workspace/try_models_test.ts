import { assertEquals, assertRejects } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { Slot } from "../../lib/pipeline/contract/slot.ts";
import type { Task } from "../../lib/pipeline/plan/plan.ts";
import { tryModels } from "../../lib/workspace/try_models.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";

const naming = (stage: string, model: string) =>
  ({ stage, slots: [new Slot({ kind: "model" }, model)] }) as unknown as Task;

Deno.test("tryModels() opens each model once and says which stages name a broken one", async () => {
  const base = await Deno.makeTempDir({ prefix: "tvp-try-" });
  try {
    const whole = await writeTinyModel(base, "mini-minigpt4");
    const broken = await writeTinyModel(base, "mini-minigpt4", 1);
    await Deno.writeTextFile(`${broken}/tokenizer.json`, "<!doctype html>");
    const folders = { root: `${base}/`, base };
    const onHub = "hf://owner/name";
    await tryModels([naming("a", whole), naming("b", onHub)], folders);
    const tasks = [naming("a", broken), naming("b", broken), naming("b", whole)];
    const { diagnostics } = await assertRejects(() => tryModels(tasks, folders), DiagnosticError);
    assertEquals(diagnostics, [{
      code: "model-unreadable",
      severity: "error",
      message: `Cannot read "${broken}/tokenizer.json": it is a web page`,
      notes: [`found in model "${broken}", which is named by stage a, b`],
    }]);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});
