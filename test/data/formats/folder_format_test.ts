import { assertEquals, assertRejects } from "@std/assert";
import { listFolder } from "../../../lib/data/formats/folder_format.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { inFolder } from "../images_in.ts";

const list = "image,label\na.png,cat\nb.png,dog\n";

/** Names of files, and the classes that are found: each file has its name as content. */
const folders: readonly (readonly [
  name: string,
  files: readonly (string | readonly [string, string])[],
  found: readonly string[],
])[] = [
  ["classes", ["cat/1.png", "dog/1.png"], ["cat cat/1.png", "dog dog/1.png"]],
  ["other endings", ["cat/1.JPEG", "cat/2.jfif", "cat/3.Jpe", "dog/1.WebP"], [
    ...["cat cat/1.JPEG", "cat cat/2.jfif", "cat cat/3.Jpe", "dog dog/1.WebP"],
  ]],
  ["what systems leave behind", [
    ...["cat/1.png", "cat/.DS_Store", "cat/Thumbs.db", "cat/._1.png", "__MACOSX/cat/1.png"],
    ...["@eaDir/1.png", "cat/@eaDir/1.png/SYNO.jpg", "$RECYCLE.BIN/1.png", "desktop.ini"],
    ...[".ipynb_checkpoints/1.png", "dog/1.png", "dog/desktop.ini"],
  ], ["cat cat/1.png", "dog dog/1.png"]],
  ["letters of two signs and of one", ["train/\u00e9/1.png", "test/e\u0301/1.png"], [
    ...["\u00e9 test/e\u0301/1.png", "\u00e9 train/\u00e9/1.png"],
  ]],
  ["a list in capitals", ["a.png", "b.png", ["Labels.CSV", list]], ["cat a.png", "dog b.png"]],
];

for (const [name, files, expected] of folders) {
  Deno.test(`listFolder() reads ${name}`, () => {
    const contents = files.map((file) => typeof file === "string" ? [file, file] : file);
    return inFolder(Object.fromEntries(contents), async (folder) => {
      const { rows } = await listFolder(folder);
      assertEquals(rows.map(({ fields }) => `${fields.label} ${fields.image}`), expected);
    });
  });
}

const hints: readonly (readonly [file: string, hint: string])[] = [
  ["pics.zip", "it holds an archive: unpack it first"],
  ["rows.csv", "it holds files of another format: write { csv: PATH }"],
  ["a.parquet", "it holds files of another format: write { parquet: PATH }"],
  ["a.tar.bz2", "it holds files of another format: write { webdataset: PATH }"],
  [
    "data-00000-of-00001.arrow",
    'it holds Arrow files of Hugging Face\'s save_to_disk: write Parquet with it: load_from_disk("FOLDER").to_parquet("data.parquet")',
  ],
];

for (const [file, hint] of hints) {
  Deno.test(`listFolder() hints at ${file} where there is no image`, () =>
    inFolder({ [file]: "x" }, async (folder) => {
      const error = await assertRejects(() => listFolder(folder), DiagnosticError);
      assertEquals(error.message, `Cannot read ${JSON.stringify(folder)}: there is no image in it`);
      assertEquals(error.diagnostics[0]!.notes![0], hint);
    }));
}

Deno.test("listFolder() tells what lies beside the folders of splits", () =>
  inFolder({
    "train/cat/1.png": "a",
    "test/cat/2.png": "b",
    "extra/3.png": "c",
    "4.png": "d",
    "docs/a.md": "",
  }, async (folder) => {
    const { rows, notes } = await listFolder(folder);
    assertEquals(rows.length, 2);
    assertEquals(notes!.slice(0, 2), [
      "folders of no split, left out: extra",
      "images of no split, left out: 1 (4.png)",
    ]);
  }));

Deno.test("listFolder() refuses a folder of images that is a split, misspelt", () =>
  inFolder(
    { "train/cat/1.png": "a", "test/cat/2.png": "b", "vall/cat/3.png": "c" },
    async (folder) => {
      const error = await assertRejects(() => listFolder(folder), DiagnosticError, "of a split");
      assertEquals(
        error.diagnostics[0]!.notes![0],
        'did you mean "val"? Its images would be left out',
      );
    },
  ));
