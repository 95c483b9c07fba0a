import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { openDatasetFolder } from "../../lib/data/dataset_folder.ts";
import { type DataSpec, parseDataSpec } from "../../lib/data/data_spec.ts";
import { type DataLoading, loadData, prepareData } from "../../lib/data/load_data.ts";
import { inspectData } from "../../lib/data/inspect_data.ts";
import { writeImages } from "../../lib/data/image_files.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { fitted } from "../../lib/vision/fit.ts";
import { resizeBytes } from "../../lib/vision/resize.ts";
import { classFolders, colour, imageFile, inFolder } from "./images_in.ts";

async function load(folder: string, spec: DataSpec, more: Partial<DataLoading> = {}) {
  const out = await Deno.makeTempDir({ dir: folder, prefix: ".out-" });
  await loadData({ spec, seed: 0, output: (name) => join(out, name), ...more });
  const read = (name: string) => openDatasetFolder(join(out, name));
  return {
    train: await read("train"),
    validation: await read("validation"),
    test: await read("test"),
  };
}

Deno.test("loadData() reads a folder of classes, shares it out alike, and keeps images encoded", async () =>
  await inFolder(await classFolders(10), async (folder) => {
    const { train, validation, test } = await load(folder, { folder });
    assertEquals([train, validation, test].map(({ rows }) => rows.length), [18, 6, 6]);
    assertEquals(test.info.classes, ["cat", "dog", "wood frog"]);
    assertEquals([0, 1, 2].map((c) => test.rows.filter(({ label }) => label === c).length), [
      2,
      2,
      2,
    ]);
    const [row] = test.rows;
    assertEquals([row!.instruction, row!.answer], ["This is a photo of a", "cat"]);
    const { height, width } = await test.images.read(0);
    assertEquals([height, width, test.images.side, test.images.fit], [8, 12, 224, "resize"]);
    assert([...Deno.readDirSync(folder)].length > 0);
  }));

for (const fit of ["resize", "crop", "pad"] as const) {
  Deno.test(`loadData() with decoded keeps pixels of squares, fit: ${fit}`, async () =>
    await inFolder(await classFolders(5), async (folder) => {
      const encoded = (await load(folder, { folder, fit })).test;
      const { test } = await load(folder, { folder, fit, decoded: 16 });
      assertEquals([test.height, test.width, test.images.side], [16, 16, 16]);
      assertEquals(test.images.folder, undefined);
      const { data, ...from } = fitted(await encoded.images.read(2), fit);
      const expected = resizeBytes(data, { from, to: { height: 16, width: 16 } });
      assertEquals((await test.images.read(2)).data, expected);
      assertEquals(test.rows, encoded.rows);
      assertEquals(
        test.info.notes?.at(-1),
        `images were decoded to squares of 16 pixels (fit: ${fit}, bicubic)`,
      );
    }));
}

Deno.test("loadData() notes that all images are of one class, and which folder may be meant", async () => {
  const [one, several] = [{}, {}] as [Record<string, Uint8Array>, Record<string, Uint8Array>];
  for (let i = 0; i < 5; i++) {
    one[`cat/${i}.jpg`] = await imageFile(colour(i));
    several[`all/${["cat", "dog"][i % 2]}/${i}.jpg`] = one[`cat/${i}.jpg`]!;
  }
  await inFolder(one, async (folder) => {
    const { test } = await load(folder, { folder });
    assertEquals(test.info.notes![0], 'all images are of one class, "cat"');
  });
  await inFolder(several, async (folder) => {
    const { test } = await load(folder, { folder });
    assertEquals(
      test.info.notes![0],
      'all images are of one class, "all"; if the classes are all/cat, all/dog, name the folder around these',
    );
  });
});

Deno.test("loadData() takes shots of a seed, and fewer of them are among more", async () =>
  await inFolder(await classFolders(10), async (folder) => {
    const ids = async (shots: number, seed: number) =>
      (await load(folder, { folder }, { shots, seed })).train.rows.map(({ id }) => id);
    const [two, four, other] = [await ids(2, 1), await ids(4, 1), await ids(2, 2)];
    assertEquals([two.length, four.length], [6, 12]);
    assert(two.every((id) => four.includes(id)));
    assert(JSON.stringify(two) !== JSON.stringify(other));
  }));

Deno.test("loadData() leaves an image out of the training rows that is tested", async () => {
  const files = await classFolders(4);
  const given = Object.entries(files).flatMap(([name, bytes], i) => [
    [`train/${name}`, bytes] as const,
    [`test/${name}`, i === 0 ? bytes : Uint8Array.from([...bytes, i])] as const,
  ]);
  await inFolder(Object.fromEntries(given), async (folder) => {
    const { train, validation, test } = await load(folder, { folder });
    assertEquals(train.rows.length + validation.rows.length, 11);
    assertEquals(test.rows.length, 12);
    const notes = [...train.info.notes!, ...validation.info.notes!];
    assert(
      notes.some((note) => /^images that are in other splits, left out of \w+: 1$/.test(note)),
    );
  });
});

const image = await imageFile(colour(1));
const lists: readonly (readonly [
  name: string,
  files: Record<string, string>,
  spec: DataSpec,
  row: unknown,
])[] = [
  [
    "csv with a question, and an answer that is yes or no",
    {
      "rows.csv": "file,question,answer\n" +
        three((i) => `${i}.jpg,"Is it red, or not?",${i % 2 ? "Yes" : "no"}`),
    },
    { csv: "rows.csv" },
    { instruction: "Is it red, or not?", answer: "no", label: 1 },
  ],
  [
    "jsonl with columns by name, and templates",
    {
      "rows.jsonl": three((i) =>
        JSON.stringify({ pic: `${i}.jpg`, kind: `k${i % 2}`, town: "Ulm" })
      ),
    },
    {
      jsonl: "rows.jsonl",
      columns: { image: "pic", label: "kind" },
      classes: { k0: "oak", k1: "fir" },
      instruction: "A tree of {town} is a",
      caption: "a photo of a {class} in {town}",
    },
    {
      instruction: "A tree of Ulm is a",
      answer: "oak",
      label: 0,
      caption: "a photo of a oak in Ulm",
    },
  ],
  [
    "tsv with free answers",
    { "rows.tsv": "image\tquestion\tanswer\n" + three((i) => `${i}.jpg\tHow many?\t${i + 3}`) },
    { csv: "rows.tsv" },
    { instruction: "How many?", answer: "3", label: undefined },
  ],
  [
    "jsonl with candidates of its own",
    {
      "rows.jsonl": three((i) =>
        JSON.stringify({
          image: `${i}.jpg`,
          question: "What?",
          choices: ["a", "b", "c"].slice(0, 2 + i % 2),
          answer: 1,
        })
      ),
    },
    { jsonl: "rows.jsonl" },
    { answer: "B", label: 1, candidates: ["A", "B"] },
  ],
];

Deno.test("loadData() tells in the log and on the card how many rows are left out", async () => {
  const files: Record<string, string | Uint8Array> = {};
  const splits = ["train", "val", "test", "foo"];
  for (let i = 0; i < 8; i++) files[`${i}.jpg`] = await imageFile(colour(i));
  const lines = Array.from({ length: 8 }, (_, i) => `${i}.jpg,cat,${splits[i % 4]}`);
  files["rows.csv"] = ["image,label,split", ...lines].join("\n");
  await inFolder(files, async (folder) => {
    const log: string[] = [];
    const spec = { csv: join(folder, "rows.csv") };
    const { test } = await load(folder, spec, { log: (line) => log.push(line) });
    const note = 'rows of split "foo", left out: 2 (rows.csv row 4, rows.csv row 8)';
    assertEquals([log, test.info.notes], [[note], [note]]);
  });
});

function three(line: (i: number) => string): string {
  return Array.from({ length: 9 }, (_, i) => line(i) + "\n").join("");
}

for (const [name, files, spec, expected] of lists) {
  Deno.test(`loadData() reads ${name}`, async () => {
    const images: Record<string, Uint8Array> = {};
    for (let i = 0; i < 9; i++) images[`${i}.jpg`] = await imageFile(colour(i));
    await inFolder({ ...files, ...images }, async (folder) => {
      const [key, value] = Object.entries(spec)[0]!;
      const { train, validation, test } = await load(folder, {
        ...spec,
        [key]: join(folder, value as string),
      });
      const rows = [train, validation, test].flatMap((split) => split.rows);
      const row = rows.find(({ id }) => id.endsWith("/0.jpg"))! as unknown as Record<
        string,
        unknown
      >;
      const wanted = expected as Record<string, unknown>;
      const found = Object.fromEntries(Object.keys(wanted).map((field) => [field, row[field]]));
      assertEquals(found, wanted);
    });
  });
}

Deno.test("loadData() reads columns off the folders into which a writer has divided rows", async () => {
  const files: Record<string, string | Uint8Array> = {};
  for (const [c, label] of ["wood%20frog", "cat"].entries()) {
    const names = [0, 1, 2].map((i) => `${c}${i}.jpg`);
    files[`year=1/label=${label}/part-0.jsonl`] = names
      .map((image) => JSON.stringify({ image, question: "what?" })).join("\n");
    for (const [i, name] of names.entries()) {
      files[`year=1/label=${label}/${name}`] = await imageFile(colour(10 * c + i));
    }
  }
  await inFolder(files, async (folder) => {
    const { train, test } = await load(folder, { jsonl: join(folder, "year=1") });
    assertEquals(train.info.classes, ["cat", "wood frog"]);
    for (const { rows } of [train, test]) {
      for (const { id, answer } of rows) assertEquals(answer, /\/1/.test(id) ? "cat" : "wood frog");
    }
  });
});
/** A Parquet file of at least so many bytes that says how many rows it has, and has none. */
function parquetOfRows(rows: number, size = 0): Uint8Array {
  const count: number[] = [];
  for (let rest = 2 * rows; rest > 0; rest = Math.floor(rest / 128)) {
    count.push(rest % 128 + (rest >= 128 ? 128 : 0));
  }
  const mark = [...new TextEncoder().encode("PAR1")];
  // Thrift's compact protocol: the version, a schema of a root alone, the rows, and one row group.
  const schema = [0x19, 0x1c, 0x48, 1, 0x72, 0x15, 0, 0];
  const group = [0x19, 0x1c, 0x19, 0x0c, 0x16, 0, 0x16, ...count, 0];
  const metadata = [0x15, 2, ...schema, 0x16, ...count, ...group, 0];
  const end = [...metadata, metadata.length, 0, 0, 0, ...mark];
  const file = new Uint8Array(Math.max(size, mark.length + end.length));
  file.set(mark);
  file.set(end, file.length - end.length);
  return file;
}

const mistakes: readonly (readonly [
  files: Record<string, string | Uint8Array>,
  spec: DataSpec,
  message: string,
])[] = [
  [{}, { folder: "." }, "there is no image in it"],
  [
    { "a.jpg": image },
    { folder: "." },
    "it has an image without class or answer",
  ],
  [{ "rows.csv": "" }, { csv: "rows.csv" }, "it is empty"],
  [
    { "rows.csv": "image,label\n" },
    { csv: "rows.csv" },
    "it has a line of column names and no rows",
  ],
  [
    {
      "rows.csv": "image,label\n" + ["a", "b", "c", "d"].map((c) => `../${c}.jpg,${c}\n`).join(""),
    },
    { csv: "rows.csv" },
    'Cannot read 4 images: rows.csv row 4: "../d.jpg": it is outside of the folder',
  ],
  [{ "rows.csv": "image,label\n/etc/hostname,a\n/etc/hostname,a\n/etc/hostname,a\n" }, {
    csv: "rows.csv",
    columns: { id: "label" },
  }, "two rows have the id"],
  [
    { "rows.csv": "image,label\na.jpg\n" },
    { csv: "rows.csv" },
    "rows.csv row 1: it has 1 cells for 2 columns",
  ],
  [
    { "rows.csv": "name,label\na.jpg,x\n" },
    { csv: "rows.csv" },
    "none of its columns has a known name for the image",
  ],
  [
    { "rows.csv": "image,label\na.jpg,x\n" },
    { csv: "rows.csv", columns: { label: "lable" } },
    'it has no column "lable"',
  ],
  [
    { "rows.jsonl": '{"image": "a.jpg"\n' },
    { jsonl: "rows.jsonl" },
    "rows.jsonl line 1: it is not JSON",
  ],
  [
    { "rows.jsonl": "[1, 2]" },
    { jsonl: "rows.jsonl" },
    "rows.jsonl item 1: it is not a map of columns and values",
  ],
  [
    { "a.tar": "no archive" },
    { webdataset: "a.tar" },
    "it is empty or cut off, expected a tar archive",
  ],
  [
    { "a.parquet": "no Parquet file at all" },
    { parquet: "a.parquet" },
    "it is not a Parquet file",
  ],
  [
    { "a.parquet": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n" },
    { parquet: "a.parquet" },
    "it is not a Parquet file but a pointer of Git LFS; fetch the file itself: git lfs pull",
  ],
  [
    { "a.parquet": parquetOfRows(300_000) },
    { parquet: "a.parquet" },
    "it has 300000 rows in 38 bytes, at most 250152 can be read",
  ],
  [
    { "a.parquet": parquetOfRows(300_000, 4_700) },
    { parquet: "a.parquet" },
    "it has 300000 rows in 4700 bytes, at most 268800 can be read",
  ],
  [
    // As many as ImageNet's list has, and nothing else that is wrong with their number.
    { "a.parquet": parquetOfRows(1_281_000, 4_000_000) },
    { parquet: "a.parquet" },
    "it has no column of images",
  ],
  [
    { "a.parquet": "PAR1 and then nothing more" },
    { parquet: "a.parquet" },
    "it is a Parquet file without its end: copy or download it again",
  ],
  [{ "a.parquet": "" }, { parquet: "a.parquet" }, "it is empty"],
  [
    { "a.parquet": "PAR1 then PARE" },
    { parquet: "a.parquet" },
    "it is encrypted: write it without encryption",
  ],
];

for (const [files, spec, message] of mistakes) {
  Deno.test(`loadData() says: ${message}`, () =>
    inFolder(files, async (folder) => {
      const [key, value] = Object.entries(spec)[0]!;
      const error = await assertRejects(
        () => load(folder, { ...spec, [key]: join(folder, value as string) }),
        DiagnosticError,
      );
      assert(error.message.includes(message), error.message);
    }));
}

Deno.test("loadData() reads nothing outside of the images' folder", () =>
  inFolder(
    { "in/rows.csv": "image,label\nlink.jpg,a\n", "secret.jpg": image },
    async (folder) => {
      await Deno.symlink("../secret.jpg", join(folder, "in/link.jpg"));
      for (const name of ["link.jpg", "../secret.jpg", join(folder, "secret.jpg")]) {
        const lines = ["image,label", ...[0, 1, 2, 3, 4].map((i) => `${name},${i}`)];
        await Deno.writeTextFile(join(folder, "in/rows.csv"), lines.join("\n"));
        const error = await assertRejects(
          () => load(folder, { csv: join(folder, "in/rows.csv"), columns: { id: "label" } }),
          DiagnosticError,
        );
        assert(error.message.includes("it is outside of the folder"), error.message);
      }
    },
  ));

Deno.test("parseDataSpec() reads `pictures`, the old name of `images`", () => {
  const now = parseDataSpec({ csv: "a.csv", images: "./in" });
  assertEquals(parseDataSpec({ csv: "a.csv", pictures: "./in" }), now);
  assertEquals(
    parseDataSpec({ csv: "a.csv", images: "./in", pictures: "./in" }),
    'it has "pictures", which is not supported',
  );
});

Deno.test("loadData() names every broken image, or skips them", async () => {
  const files = await classFolders(6);
  const cut = files["cat/3.jpg"]!.subarray(0, 200);
  const broken = {
    ...files,
    "cat/3.jpg": cut,
    "dog/2.jpg": new Uint8Array(0),
    "dog/5.heic": heic(),
  };
  await inFolder(broken, async (folder) => {
    const error = await assertRejects(() => load(folder, { folder }), DiagnosticError);
    assert(error.message.startsWith("Cannot read 3 images: "), error.message);
    const { train, validation, test } = await load(folder, { folder, broken: "skip" });
    assertEquals([train, validation, test].reduce((sum, { rows }) => sum + rows.length, 0), 16);
    const notes = [train, validation, test].flatMap(({ info }) => info.notes ?? []).join("\n");
    for (const name of ["cat/3.jpg", "dog/2.jpg", "dog/5.heic"]) {
      assert(notes.includes(name), notes);
    }
  });
});

Deno.test("loadData() names every file of a list that is missing, or leaves them out", async () => {
  const names = [...Array(9).keys()].map((i) => `${i}.jpg`);
  const files: Record<string, string | Uint8Array> = {
    "in/rows.jsonl": [...names, "none.jpg", "../out.jpg", null]
      .map((name, i) => JSON.stringify({ id: i, image: name, label: "cat" })).join("\n"),
    "out.jpg": image,
  };
  for (const [i, name] of names.entries()) files[`in/${name}`] = await imageFile(colour(i));
  await inFolder(files, async (folder) => {
    const spec = { jsonl: join(folder, "in/rows.jsonl") };
    const error = await assertRejects(() => load(folder, spec), DiagnosticError);
    const { message, notes = [] } = error.diagnostics[0]!;
    assertEquals(
      [message, ...notes].map((line) => line.replace(/^Cannot read 3 images: /, "")).sort(),
      [
        "Names in a list count from its folder: `dataset: { …, images: FOLDER }` names another one",
        "`dataset: { …, broken: skip }` leaves broken images out; `tvp data inspect` lists them all",
        'rows.jsonl line 10: "none.jpg": there is no such file',
        `rows.jsonl line 11: "../out.jpg": it is outside of the folder ${
          JSON.stringify(join(folder, "in"))
        }: put the images into it`,
        'rows.jsonl line 12: column "image" names no image',
      ],
    );
    const { train, validation, test } = await load(folder, { ...spec, broken: "skip" });
    assertEquals([train, validation, test].reduce((sum, { rows }) => sum + rows.length, 0), 9);
  });
});

Deno.test("loadData() and inspectData() name the files of broken images that a list names", async () => {
  const names = [...Array(9).keys()].map((i) => `${i}.jpg`);
  const lists = {
    "rows.csv": ["image,label", ...names.map((name) => `in/${name},cat`)].join("\n"),
    "rows.jsonl": names.map((name) => JSON.stringify({ image: `in/${name}`, label: "cat" }))
      .join("\n"),
  };
  const files: Record<string, string | Uint8Array> = { ...lists };
  for (const [i, name] of names.entries()) files[`in/${name}`] = await imageFile(colour(i));
  files["in/6.jpg"] = "no image";
  await inFolder(files, async (folder) => {
    for (const [list, where] of [["rows.csv", "row 7"], ["rows.jsonl", "line 7"]]) {
      const spec = { [list!.split(".")[1]!]: join(folder, list!) };
      const expected = { where: `${list} ${where}`, cause: '"in/6.jpg": the file is not an image' };
      const { broken } = await inspectData(await prepareData({ spec, seed: 0 }));
      assertEquals(
        broken.map(({ where, cause }) => ({ where, cause: cause.slice(0, expected.cause.length) })),
        [
          expected,
        ],
      );
      const error = await assertRejects(() => load(folder, spec), DiagnosticError);
      assertStringIncludes(error.message, `an image: ${expected.where}: ${expected.cause}`);
    }
  });
});

function heic(): Uint8Array {
  return Uint8Array.from([
    0,
    0,
    0,
    24,
    ...new TextEncoder().encode("ftypheic"),
    ...new Uint8Array(12),
  ]);
}

Deno.test("writeImages() keeps what there is, and tells of rows without an image", () =>
  inFolder({}, async (folder) => {
    const images = async function* () {
      yield { encoded: await imageFile(colour(1)) };
      yield { missing: "it has no image" };
      yield { encoded: await imageFile(colour(2)) };
    };
    const { kept, broken, size } = await writeImages(folder, images(), { seen: new Set() });
    assertEquals([kept, [...broken], size], [
      ...[[0, 2], [[1, "it has no image"]], { height: 8, width: 12 }],
    ]);
  }));
