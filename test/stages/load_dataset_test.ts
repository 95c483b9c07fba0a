import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readDatasetFolder } from "../../lib/data/dataset_folder.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Progress, StageContext } from "../../lib/pipeline/contract/stage.ts";
import stage from "../../stages/load_dataset.ts";

const tiny = {
  name: "tiny",
  digest: "0",
  module: new URL("load_dataset/tiny_dataset.ts", import.meta.url).href,
};

function contextIn(
  folder: string,
  signal: AbortSignal = new AbortController().signal,
): StageContext & { seen: Progress[] } {
  const seen: Progress[] = [];
  return {
    output: (name) => join(folder, name),
    progress: (progress) => seen.push(progress),
    log() {},
    checkpoint: {
      load: () => Promise.resolve(undefined),
      due: () => false,
      save: () => Promise.resolve(),
    },
    signal,
    provider: "cpu",
    ranOn() {},
    threads: 1,
    scratch: join(folder, "scratch"),
    seen,
  };
}

async function run(parameters: Record<string, unknown>, signal?: AbortSignal) {
  const folder = await Deno.makeTempDir();
  const context = contextIn(folder, signal);
  try {
    await stage.run(stage.with.parse({ dataset: tiny, ...parameters }), context);
    const splits = ["train", "validation", "test"].map((name) =>
      readDatasetFolder(join(folder, name))
    );
    return { splits: await Promise.all(splits), seen: context.seen };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("load-dataset writes three folders that can be read back", async () => {
  const { splits, seen } = await run({ shots: 3, seed: 7, parameters: { grey: 9 } });
  assertEquals(splits.map(({ rows }) => rows.length), [3, 1, 2]);
  assertEquals(splits[0]!.rows[2]!.id, "train/7/2");
  assertEquals([...splits[2]!.images], new Array(24).fill(9));
  assertEquals([splits[1]!.height, splits[1]!.width], [2, 2]);
  assertEquals(splits[0]!.info.classes, ["grey"]);
  assertEquals(seen.map(({ total, unit }) => [total, unit]), [[3, "images"], [1, "images"], [
    2,
    "images",
  ]]);
});

Deno.test("load-dataset puts size and notes of the split into dataset.json", async () => {
  const { splits } = await run({ percentage: 40 });
  const card = splits[0]!.info as unknown as Record<string, unknown>;
  assertEquals([card.rows, card.height, card.width, card.notes], [5, 2, 2, ["40 percentage"]]);
});

Deno.test("load-dataset names the parameter of the data set that is wrong", async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ grey: 900 }, "parameter parameters.grey is wrong, "],
    [{ gray: 9 }, 'parameter parameters is wrong, Unrecognized key: "gray"'],
  ];
  for (const [parameters, cause] of cases) {
    await assertRejects(
      () => run({ parameters }),
      DiagnosticError,
      `Cannot load data set "tiny": ${cause}`,
    );
  }
});

Deno.test("load-dataset takes shots or percentage, not both", () => {
  const checked = stage.with.safeParse({ dataset: tiny, shots: 3, percentage: 10 });
  assertEquals(checked.error?.issues.map(({ path, message }) => [path, message]), [
    [["percentage"], "shots and percentage exclude each other"],
  ]);
});

Deno.test("load-dataset stops when it is interrupted", async () => {
  const reason = new DOMException("interrupted", "AbortError");
  await assertRejects(() => run({}, AbortSignal.abort(reason)), DOMException, "interrupted");
});
