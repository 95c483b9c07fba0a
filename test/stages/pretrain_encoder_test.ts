import { assertEquals } from "@std/assert";
import { changes } from "../../lib/drawing/changes/change_table.ts";
import { zooStyles } from "../../lib/drawing/art.ts";
import stage from "../../stages/pretrain_encoder.ts";

const encoder = { type: "model", digest: "", path: "" };
const cases: readonly [name: string, parameters: Record<string, unknown>, accepted: boolean][] = [
  ["an encoder", { architecture: "vit-encoder", steps: 10 }, true],
  ["an encoder on an encoder", { architecture: "vit-encoder", steps: 10, encoder }, false],
  ["a multimodal model", { architecture: "mini-minigpt4", steps: 10 }, false],
  ["no steps", { architecture: "vit-encoder" }, false],
  ["changes", { architecture: "clip", steps: 10, changes: Object.keys(changes) }, true],
  ["an unknown change", { architecture: "clip", steps: 10, changes: ["frost"] }, false],
  ["all styles", { architecture: "clip", steps: 10, styles: zooStyles, typefaces: ["hand"] }, true],
  ["a style that tasks have", { architecture: "clip", steps: 10, styles: ["openmoji"] }, false],
  ["an unknown key", { architecture: "vit-encoder", steps: 10, epochs: 3 }, false],
];

Deno.test("pretrain-encoder checks its parameters", () => {
  for (const [name, parameters, accepted] of cases) {
    assertEquals(stage.with.safeParse(parameters).success, accepted, name);
  }
});
