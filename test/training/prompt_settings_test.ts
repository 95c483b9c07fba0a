import { assertEquals, assertThrows } from "@std/assert";
import { promptTable } from "../../lib/prompts/prompt_table.ts";
import { augmentations } from "../../lib/training/augment.ts";
import { type GivenSettings, metaOf, resolveSettings } from "../../lib/training/prompt_settings.ts";
import { methods } from "../../lib/training/method_table.ts";
import { optimizers } from "../../lib/training/optimizer.ts";
import { searches } from "../../lib/training/searches/search_table.ts";
import { views } from "../../lib/training/views/view_table.ts";
import optimizePrompt from "../../stages/optimize_prompt.ts";

/** Settings on 40 images of 64 pixels. */
const resolve = (given: Partial<GivenSettings>) =>
  resolveSettings({ lr: 1, ...given }, { rows: 40, side: 64 });

const labels: readonly [Partial<GivenSettings>, string][] = [
  [{}, "tvp"],
  [{ loss: "vp" }, "vp"],
  [{ loss: { lm: 1, fca: 2 } }, "1 lm + 2 fca"],
  [{ loss: "vp", kind: "frame", optimizer: "normalized-gradient", augment: "flip-crop" }, "vp"],
  [{ loss: "tvp", kind: "patch", optimizer: "adam", augment: "none" }, "tvp, patch, adam, none"],
  [{ method: "evp" }, "evp"],
  [{ method: "evp", loss: "vp" }, "evp"],
  [{ method: "evp", loss: "tvp", optimizer: "adam" }, "evp, tvp, adam"],
  [{ method: "acavp", augment: "none" }, "acavp, none"],
  [{ loss: "mine", variants: { mine: { lm: 2 } } }, "mine"],
  [{ method: "ghost" }, "ghost"],
  [{ method: "ghost", views: [], layerDrop: 0 }, "ghost, no views, all layers"],
  [{ method: "di", search: "reverse", copies: 3 }, "di, 3 copies, reverse"],
  [{ loss: "vp", views: ["admix", "scale"], layerDrop: 0.2 }, "vp, admix + scale, layer drop 0.2"],
  [{ loss: "vp", bound: { rms: 0.2, range: [0, 1] } }, "vp, RMS 0.2, 0 to 1"],
  [{ method: "evp", label: "as published" }, "as published"],
];

Deno.test("resolveSettings() names the method and what differs from it", () => {
  for (const [given, label] of labels) assertEquals(resolve(given).label, label);
});

Deno.test("resolveSettings() takes what is given, the method's for the rest, then defaults", () => {
  const given = { method: "acavp", loss: "tvp", optimizer: "sgd", epochs: 3, lr: 2 } as const;
  assertEquals(resolve(given), {
    label: "acavp, tvp, sgd",
    loss: { lm: 1, fca: 0.005, tse: 0.001 },
    kind: "affine-color",
    optimizer: "sgd",
    augment: "trivial-augment",
    canvas: 64,
    image: 46,
    schedule: "cosine",
    lr: 2,
    steps: 6,
    batch: 16,
    seed: 0,
    spsa: { samples: 4, radius: 0.05 },
    transformRate: 0.001,
    views: [],
    copies: 1,
    search: "plain",
    around: { samples: 4, radius: 0.05 },
    layerDrop: 0,
    bound: {},
  });
});

Deno.test("resolveSettings() takes no more rows a step than there are", () => {
  const { batch, steps } = resolve({ batch: 64, epochs: 2 });
  assertEquals([batch, steps], [40, 2]);
});

Deno.test("metaOf() tells a kind of one's own by its name and how it shows the image", () => {
  const own = {
    name: "bar",
    description: "a bar",
    placement: "whole",
    covers: () => true,
  } as const;
  const of = { sources: [{ name: "zoo/a", digest: "d" }], task: "t" };
  const { kind, placement, method } = metaOf(resolve({ kind: own, loss: "vp" }), of);
  assertEquals([kind, placement, method], ["bar", "whole", "vp, bar"]);
  assertEquals("placement" in metaOf(resolve({}), of), false);
});

Deno.test("resolveSettings() rejects an unknown method", () => {
  assertThrows(
    () => resolve({ method: "pv" }),
    RangeError,
    'Cannot train method "pv": known methods: "vp", "tvp", "vp-bahng"',
  );
});

Deno.test("every method is made of known choices", () => {
  for (const name of Object.keys(methods)) {
    const { kind, optimizer, augment, search, views: seen } = resolve({ method: name });
    assertEquals(
      [kind as string in promptTable, optimizer in optimizers, augment in augmentations],
      [true, true, true],
      name,
    );
    assertEquals([search in searches, seen.every((view) => view in views)], [true, true], name);
  }
});

Deno.test("optimize-prompt offers what the tables have", () => {
  const { shape } = optimizePrompt.with;
  const options = (name: "method" | "optimizer" | "augment" | "search") =>
    shape[name].unwrap().options as readonly string[];
  const [kinds] = (shape.kind.unwrap() as unknown as { options: { options: string[] }[] }).options;
  assertEquals(options("method"), Object.keys(methods));
  assertEquals(kinds!.options, Object.keys(promptTable));
  assertEquals(options("optimizer"), Object.keys(optimizers));
  assertEquals(options("augment"), Object.keys(augmentations));
  assertEquals(options("search"), Object.keys(searches));
  assertEquals(shape.views.unwrap().element.options, Object.keys(views));
});

Deno.test("metaOf() tells what of the transfer methods a prompt was trained by", () => {
  const of = { sources: [], task: "t" };
  const meta = metaOf(resolve({ method: "admix", bound: { rms: 0.2 }, layerDrop: 0.1 }), of);
  const { views, copies, search, layerDrop, bound } = meta;
  assertEquals([views, copies, search, layerDrop, bound], [
    "admix + scale",
    5,
    undefined,
    0.1,
    "RMS 0.2",
  ]);
});
