import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { digestPath } from "../../../lib/cache/digest/digest.ts";
import { TransferError } from "../../../lib/cache/remote/transfer.ts";
import {
  listTree,
  makeFolders,
  parseTree,
  type Tree,
  type TreeFacts,
} from "../../../lib/cache/remote/tree.ts";
import { withFolder } from "../rig.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A folder with files in folders, an odd name and an empty folder, as a manifest and a list. */
async function folderOf(root: string): Promise<{ tree: Tree; facts: TreeFacts }> {
  Deno.mkdirSync(join(root, "sub/deep"), { recursive: true });
  Deno.mkdirSync(join(root, "empty"));
  Deno.writeTextFileSync(join(root, "one"), "1");
  Deno.writeTextFileSync(join(root, "sub/two ä\n"), "22");
  Deno.writeTextFileSync(join(root, "sub/deep/three"), "");
  const tree = await listTree(root);
  return { tree, facts: { digest: await digestPath(root), bytes: 3, files: 3 } };
}

Deno.test("parseTree() takes the list that a signed digest vouches for", () =>
  withFolder(async (folder) => {
    const { tree, facts } = await folderOf(join(folder, "a"));
    const parsed = parseTree(encode(tree), facts);
    assertEquals(parsed, tree);
    const copy = join(folder, "b");
    Deno.mkdirSync(copy);
    makeFolders(parsed, copy);
    for (const { path } of parsed.files) {
      Deno.copyFileSync(join(folder, "a", path), join(copy, path));
    }
    assertEquals(await digestPath(copy), facts.digest);
  }));

Deno.test("parseTree() takes a folder with nothing in it", () =>
  withFolder(async (folder) => {
    const facts = { digest: await digestPath(folder), bytes: 0, files: 0 };
    const tree = await listTree(folder);
    assertEquals(parseTree(encode(tree), facts), { files: [], emptyFolders: [""] });
  }));

Deno.test("parseTree() refuses every other list", () =>
  withFolder(async (folder) => {
    const { tree, facts } = await folderOf(folder);
    const first = tree.files[0]!;
    const with_ = (...files: unknown[]) => ({ ...tree, files: [...tree.files, ...files] });
    const cases: [name: string, list: unknown, message: string][] = [
      ["nothing", null, "no tree"],
      ["no lists", { files: 3 }, "no tree"],
      ["no file", with_(null), "a tree holds null, which is not a file name"],
      ["no path", with_({ digest: first.digest, bytes: 0 }), ", which is not a file name"],
      ["an empty path", with_({ ...first, path: "" }), ", which is not a file name"],
      [
        "negative bytes",
        with_({ ...first, path: "x", bytes: -1e15 }),
        ", which is not a file name",
      ],
      ["half a byte", with_({ ...first, path: "x", bytes: 0.5 }), ", which is not a file name"],
      ["no digest", with_({ ...first, path: "x", digest: "x" }), ", which is not a file name"],
      ["a way out", with_({ ...first, path: "../x" }), 'leaves its folder with "../x"'],
      ["a root", with_({ ...first, path: "/x" }), 'leaves its folder with "/x"'],
      ["a long name", with_({ ...first, path: "a".repeat(300) }), "leaves its folder with"],
      ["a long path", with_({ ...first, path: "a/".repeat(2000) + "a" }), "leaves its folder with"],
      [
        "an empty folder among others",
        { ...tree, emptyFolders: [""] },
        'leaves its folder with ""',
      ],
      ["a file twice", with_(first), "is not what its manifest says"],
      ["a file in a file", with_({ ...first, path: "one/x" }), "is not what its manifest says"],
      ["a file more", with_({ ...first, path: "x", bytes: 0 }), "is not what its manifest says"],
      [
        "another file",
        { ...tree, files: [{ ...first, digest: "f".repeat(64) }, ...tree.files.slice(1)] },
        "is not what its manifest says",
      ],
    ];
    for (const [name, list, message] of cases) {
      const error = assertThrows(() => parseTree(encode(list), facts), TransferError, message);
      assertEquals(error.message.includes(message), true, name);
    }
    assertThrows(
      () => parseTree(new TextEncoder().encode("{"), facts),
      TransferError,
      "it is not JSON",
    );
  }));

Deno.test("parseTree() refuses a file in a file also where counts fit", () => {
  const digest = "a".repeat(64);
  const files = [{ path: "one", digest, bytes: 1 }, { path: "one/x", digest, bytes: 1 }];
  assertThrows(
    () =>
      parseTree(encode({ files, emptyFolders: [] }), {
        digest: digest as TreeFacts["digest"],
        bytes: 2,
        files: 2,
      }),
    TransferError,
    'a tree has a file in the file "one"',
  );
});
