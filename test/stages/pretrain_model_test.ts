import { assertEquals } from "@std/assert";
import { changes } from "../../lib/drawing/changes/change_table.ts";
import { zooStyles } from "../../lib/drawing/art.ts";
import stage from "../../stages/pretrain_model.ts";

const encoder = { type: "model", digest: "", path: "" };
const cases: readonly [name: string, parameters: Record<string, unknown>, accepted: boolean][] = [
  ["the encoder", { architecture: "encoder", steps: 10 }, true],
  ["the encoder with an encoder", { architecture: "encoder", steps: 10, encoder }, false],
  ["a model without encoder", { architecture: "mini-minigpt4", steps: 10 }, false],
  ["a model", { architecture: "mini-minigpt4", steps: 10, encoder }, true],
  ["an unknown architecture", { architecture: "mini-gpt5", steps: 10, encoder }, false],
  ["no steps", { architecture: "encoder" }, false],
  ["changes", { architecture: "clip", steps: 10, changes: Object.keys(changes) }, true],
  ["an unknown change", { architecture: "clip", steps: 10, changes: ["frost"] }, false],
  ["all styles", { architecture: "clip", steps: 10, styles: zooStyles, typefaces: ["hand"] }, true],
  ["a style that tasks have", { architecture: "clip", steps: 10, styles: ["openmoji"] }, false],
  ["an unknown key", { architecture: "encoder", steps: 10, epochs: 3 }, false],
];

Deno.test("pretrain-model checks its parameters", () => {
  for (const [name, parameters, accepted] of cases) {
    assertEquals(stage.with.safeParse(parameters).success, accepted, name);
  }
});
