import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { classFolders, inFolder } from "../data/images_in.ts";

const main = new URL("../../lib/cli/main.ts", import.meta.url).pathname;

async function tvp(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", main, "data", ...args],
    cwd: folder,
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

const refused: readonly (readonly [args: string[], error: string])[] = [
  [
    ["ls", "images"],
    'error: Cannot run data ls "images": data ls takes nothing more\n' +
    "  = tvp data inspect says what a data set holds\n",
  ],
];

for (const [args, error] of refused) {
  Deno.test(`tvp data ${args.join(" ")}`, () =>
    inFolder({}, async (folder) => {
      assertEquals(await tvp(folder, ...args), { code: 2, out: "", error });
    }));
}

Deno.test("tvp data says what a folder holds, which images are broken and which are in two splits", async () => {
  const files = await classFolders(5);
  const twice = {
    ...files,
    "train/cat/1.jpg": files["cat/0.jpg"]!,
    "test/dog/1.jpg": files["cat/0.jpg"]!,
  };
  const given = Object.entries(twice).map(([name, bytes]) =>
    [/^t/.test(name) ? name : `train/${name}`, bytes] as const
  );
  await inFolder(
    { ...Object.fromEntries(given), "train/cat/9.jpg": "no image" },
    async (folder) => {
      const { code, out } = await tvp(folder, "inspect", "{folder: .}", "--json");
      const report = JSON.parse(out);
      assertEquals(code, 1);
      assertEquals([
        report.splits.train.rows + report.splits.validation.rows,
        report.splits.test.rows,
      ], [16, 1]);
      assertEquals(report.broken[0].where, "train/cat/9.jpg");
      assert(report.duplicates.some(({ kind }: { kind: string }) => kind === "same"));
      const text = await tvp(folder, "inspect", ".");
      assert(
        text.out.includes("1 broken image\n  train/cat/9.jpg: the file is not an image"),
        text.out,
      );
      for (const name of ["sheet.png", "sheet.html"]) {
        assertEquals((await tvp(folder, "preview", ".", "-o", name)).code, 0);
        assert(Deno.statSync(join(folder, name)).size > 1000);
      }
      await Deno.copyFile(join(folder, "sheet.png"), join(folder, "train/cat/own.png"));
      const over = await tvp(folder, "preview", ".", "-o", "train/cat/own.png");
      assertEquals([over.code, over.error.includes("it is the source")], [2, true], over.error);
    },
  );
});

Deno.test("tvp data lists sets, and says what is missing", () =>
  inFolder({}, async (folder) => {
    const { out } = await tvp(folder, "ls");
    assertMatch(
      out,
      /^\{ set: cifar10, folder: PATH \} +classification\n {2}licence: .+\n {2}from: https:/m,
    );
    const cases: [string[], string][] = [
      [["inspect"], "Cannot run data inspect: the data set is missing"],
      [["inspekt"], 'Cannot run data "inspekt"'],
      [["ls", "x"], 'Cannot run data ls "x": data ls takes nothing more'],
      [
        ["inspect", "{folder:./x}"],
        'it has "folder:./x"; write a space after the colon: { folder: ./x }',
      ],
      [["inspect", "{folder: ["], "Cannot read {folder: ["],
      [["inspect", "{folder: ., seed: .inf}"], "Infinity is not a number to compute with"],
      [
        ["inspect", "{set: cifar10}"],
        "it does not say where the set's files lie; write { set: cifar10, folder: ./FOLDER }",
      ],
      [["inspect", "cifar10"], "its publisher's files are needed, and no folder is given"],
      [["inspect", "nope"], "Cannot use data ./nope: there is no file or folder"],
      [["preview", ".", "-o", "x.jpg"], "expected a name that ends in .html or .png"],
      [
        ["inspect", "{folder: ., columns: {lable: x}}"],
        'columns has "lable", which is not supported; did you mean "label"?',
      ],
      [["inspect", "{foldr: .}"], 'it has "foldr", which is not supported; did you mean "folder"?'],
      [["preview", "./nothing"], "there is no file or folder"],
    ];
    for (const [args, message] of cases) {
      const { code, error } = await tvp(folder, ...args);
      assertEquals([code, error.includes(message)], [2, true], error);
    }
  }));
