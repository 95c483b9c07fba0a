import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { basename, join } from "@std/path";
import type { DataSpec } from "../../lib/data/data_spec.ts";
import { loadData, prepareData } from "../../lib/data/load_data.ts";
import type { PublishedSet } from "../../lib/data/published_set.ts";
import { decodeImage } from "../../lib/vision/decode_image.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { inFolder } from "./images_in.ts";

const files = new URL("published/files/", import.meta.url).pathname;
const expected = JSON.parse(await Deno.readTextFile(join(files, "expected.json"))) as Record<
  string,
  { sha256: string; label: number }[]
>;

async function setOf(name: string): Promise<PublishedSet> {
  const module = `../../datasets/${name.replaceAll("-", "_")}.ts`;
  return ((await import(module)) as { default: PublishedSet }).default;
}

interface Read {
  readonly spec: DataSpec;
  readonly set?: PublishedSet;
  readonly parameters?: unknown;
}

/** Digests of the pixels of all rows, and their labels, by the split that the source gives. */
async function read(loading: Read): Promise<Record<string, { sha256: string; label: number }[]>> {
  const { splits, listing } = await prepareData({ ...loading, seed: 0 });
  const rows = Object.values(splits).flat().sort((a, b) => a.place - b.place);
  const found: Record<string, { sha256: string; label: number }[]> = {};
  let next = 0;
  for await (const image of listing.images(rows.map(({ place }) => place))) {
    const { split = "", label } = rows[next++]!;
    assert(!("missing" in image));
    const planes = "planes" in image ? image.planes : (await decodeImage(image.encoded)).data;
    const sha256 = createHash("sha256").update(planes).digest("hex");
    (found[split] ??= []).push({ sha256, label: label! });
  }
  return found;
}

const sets: readonly (readonly [folder: string, set: string])[] = [
  ["cifar10", "cifar10"],
  ["cifar10-bin", "cifar10"],
  ["cifar100", "cifar100"],
  ["cifar100-bin", "cifar100"],
  ["svhn", "svhn"],
  ["svhn-plain", "svhn"],
  ["svhn-v73", "svhn"],
  ["svhn-few", "svhn"],
  ["cifar10-numpy", "cifar10"],
  ["mnist", "mnist"],
];

for (const [folder, name] of sets) {
  Deno.test(`datasets/${name} reads ${folder} as the official tools wrote it`, async () => {
    const found = await read({ spec: { folder: join(files, folder) }, set: await setOf(name) });
    assertEquals(found, { train: expected[`${folder}/train`]!, test: expected[`${folder}/test`]! });
  });
}

Deno.test("datasets/cifar10-c reads one severity, beside CIFAR-10's training images", () =>
  inFolder({}, async (folder) => {
    await Deno.mkdir(join(folder, "CIFAR-10-C"));
    for (const name of ["fog.npy", "labels.npy"]) {
      await Deno.copyFile(
        join(files, "cifar10-c/CIFAR-10-C", name),
        join(folder, "CIFAR-10-C", name),
      );
    }
    await copyTree(join(files, "cifar10"), folder);
    const { test } = await read({ spec: { folder }, set: await setOf("cifar10-c") });
    assertEquals(test, expected["cifar10-c/test"]);
  }));

Deno.test("loadData() reads Parquet with a list of one image in each row", async () => {
  const found = await read({ spec: { parquet: join(files, "parquet/list.parquet") } });
  assertEquals(found, { "": expected["parquet/list"]! });
});

for (const compression of ["snappy", "zstd", "gzip", "none"]) {
  Deno.test(`loadData() reads Parquet, ${compression}, with Hugging Face's names of classes`, async () => {
    const parquet = join(files, `parquet/${compression}.parquet`);
    const found = await read({ spec: { parquet } });
    assertEquals(found, { "": expected[`parquet/${compression}`]! });
    const { info, splits } = await prepareData({ spec: { parquet }, seed: 0 });
    assertEquals(info.classes, ["cat", "dog"]);
    assert(splits.train[0]!.instruction.startsWith("Which one is number "));
  });
}

Deno.test("loadData() reads Parquet whose rows have paths in place of bytes, and a second column of classes", async () => {
  const parquet = join(files, "parquet/paths.parquet");
  assertEquals(await read({ spec: { parquet } }), { "": expected["parquet/paths"]! });
  const { listing } = await prepareData({ spec: { parquet }, seed: 0 });
  assertEquals(listing.files?.().map((path) => basename(path)), ["1.png", "4.png"]);
  const columns = { label: "quality" };
  const { info, splits } = await prepareData({ spec: { parquet, columns }, seed: 0 });
  assertEquals(info.classes, ["good", "bad"]);
  const answers = [...splits.train, ...splits.validation, ...splits.test]
    .toSorted((a, b) => a.place - b.place).map(({ answer }) => answer);
  assertEquals(answers, ["good", "good", "good", "bad", "bad", "bad"]);
});

Deno.test("loadData() tells of a row of Parquet whose path leads to no file", () =>
  inFolder(
    { "a.parquet": Deno.readFileSync(join(files, "parquet/paths.parquet")) },
    async (folder) => {
      const parquet = join(folder, "a.parquet");
      const output = (name: string) => join(folder, name);
      const failure = await assertRejects(
        () => loadData({ spec: { parquet }, seed: 0, output }),
        DiagnosticError,
      );
      const told = failure.diagnostics.map(({ message, notes = [] }) =>
        [message, ...notes].join("\n")
      );
      assertStringIncludes(
        told.join("\n"),
        'a.parquet row 2: it has no image, only the path "beside/1.png": there is no such file',
      );
    },
  ));

Deno.test("loadData() reads WebDataset's archives, with long names", async () => {
  const webdataset = join(files, "webdataset/shard-{000..000}.tar");
  const found = await read({ spec: { webdataset, classes: ["cat", "dog"] } });
  assertEquals(found, { "": expected["webdataset"]! });
});

for (const [ending, pack] of [["tar.gz", gzipSync], ["tar.zst", zstdCompressSync]] as const) {
  Deno.test(`loadData() reads WebDataset's archives as .${ending}, and tells of one that is cut off or damaged`, async () => {
    const packed = new Uint8Array(pack(Deno.readFileSync(join(files, "webdataset/shard-000.tar"))));
    const damaged = packed.map((byte, i) => i > 40 && i % 40 === 0 ? byte ^ 0xff : byte);
    const archives = {
      [`whole.${ending}`]: packed,
      ...Object.fromEntries([6, 0.3, 0.9].map((part) => [
        `cut-${part}.${ending}`,
        packed.subarray(0, part < 1 ? part * packed.length : part),
      ])),
      [`damaged.${ending}`]: damaged,
    };
    await inFolder(archives, async (folder) => {
      for (const name of Object.keys(archives)) {
        const loading = { spec: { webdataset: join(folder, name), classes: ["cat", "dog"] } };
        if (name.startsWith("whole")) {
          assertEquals(await read(loading), { "": expected["webdataset"]! });
        } else await assertRejects(() => read(loading), DiagnosticError, name);
      }
    });
  });
}

/** Every file cut at several places, and with bytes changed: an error in words, or rows. */
const damaged: readonly (readonly [path: string, spec: (folder: string) => Read])[] = [];
for (const [folder, name] of sets) {
  const set = await setOf(name);
  for (
    const entry of [...Deno.readDirSync(join(files, folder))].sort((a, b) =>
      a.name < b.name ? -1 : 1
    )
  ) {
    const path = entry.isDirectory
      ? `${folder}/${entry.name}/test_batch${folder.endsWith("-bin") ? ".bin" : ""}`
      : `${folder}/${entry.name}`;
    (damaged as [string, (f: string) => Read][]).push([
      path,
      (to) => ({ spec: { folder: join(to, folder) }, set }),
    ]);
  }
}

for (const [path, spec] of damaged) {
  Deno.test(`damage in ${path} is told in words`, () =>
    inFolder({}, async (to) => {
      const [folder] = path.split("/") as [string];
      await copyTree(join(files, folder), join(to, folder));
      const bytes = await Deno.readFile(join(files, path));
      // A thread for each reading of HDF5 takes its time.
      const variants = [...variantsOf(bytes)].filter((_, i) =>
        folder !== "svhn-v73" || i % 9 === 2
      );
      for (const variant of variants) {
        await Deno.writeFile(join(to, path), variant);
        try {
          await read(spec(to));
        } catch (error) {
          assert(error instanceof DiagnosticError, `${(error as Error).stack}`);
        }
      }
      await Deno.writeFile(join(to, path), new Uint8Array(0));
      await assertRejects(() => read(spec(to)), DiagnosticError);
      await Deno.remove(join(to, path));
      const error = await assertRejects(() => read(spec(to)), DiagnosticError);
      assert(error.message.includes("there is no "), error.message);
    }));
}

function* variantsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (const share of [0.01, 0.3, 0.9]) yield bytes.slice(0, Math.floor(bytes.length * share));
  for (let i = 0; i < 24; i++) {
    const changed = bytes.slice();
    for (let k = 0; k < 3; k++) {
      changed[(i * 7919 + k * 104729) % Math.min(bytes.length, 1 + 40 * (i + 1))] =
        (i * 37 + k * 91) % 256;
    }
    yield changed;
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) await copyTree(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

Deno.test("a pickle that asks to run something is refused, and nothing is run", () =>
  inFolder({}, async (folder) => {
    await copyTree(join(files, "cifar10"), folder);
    const evil = "cos\nsystem\n(S'touch /tmp/never'\ntR.";
    await Deno.writeTextFile(join(folder, "cifar-10-batches-py/test_batch"), evil);
    const set = await setOf("cifar10");
    const error = await assertRejects(() => read({ spec: { folder }, set }), DiagnosticError);
    assert(error.message.includes('it asks to run "os.system"'), error.message);
  }));
