import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import * as fc from "fast-check";
import { digestFile, digestOf, digestPath } from "../../lib/cache/digest.ts";
import { FileMemo } from "../../lib/cache/file_memo.ts";
import { withFolder } from "./rig.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const PAST = new Date("2020-01-01T00:00:00Z");

/** Writes a file that was not changed a moment ago. */
function write(path: string, text: string): void {
  Deno.writeTextFileSync(path, text);
  Deno.utimeSync(path, PAST, PAST);
}

Deno.test("digestFile() is the sha256 of the bytes, over any number of chunks", () =>
  withFolder(async (folder) => {
    const path = join(folder, "f");
    for (const bytes of [0, 1, (1 << 20) - 1, 1 << 20, (3 << 20) + 5]) {
      const content = Uint8Array.from({ length: bytes }, (_, i) => i * 31);
      Deno.writeFileSync(path, content);
      assertEquals(await digestFile(path), digestOf(content));
    }
    assertEquals(digestOf("") as string, EMPTY);
    await assertRejects(() => digestFile(join(folder, "none")), Deno.errors.NotFound);
  }));

Deno.test("digestPath() of a folder depends on names and bytes, and on nothing else", () =>
  withFolder(async (folder) => {
    const make = (name: string, files: Record<string, string>) => {
      const root = join(folder, name);
      Deno.mkdirSync(join(root, "sub"), { recursive: true });
      for (const [path, text] of Object.entries(files)) {
        Deno.writeTextFileSync(join(root, path), text);
      }
      return digestPath(root);
    };
    const base = await make("base", { "a": "1", "sub/b": "2" });
    assertEquals(await make("same", { "sub/b": "2", "a": "1" }), base);
    const others = {
      byte: { "a": "1", "sub/b": "3" },
      name: { "a": "1", "sub/c": "2" },
      place: { "a": "1", "b": "2" },
      more: { "a": "1", "sub/b": "2", "c": "" },
      swapped: { "a": "2", "sub/b": "1" },
    };
    for (const [name, files] of Object.entries(others)) {
      assertNotEquals(await make(name, files), base, name);
    }
    Deno.symlinkSync(join(folder, "base"), join(folder, "link"));
    assertEquals(await digestPath(join(folder, "link")), base);
  }));

Deno.test("digestPath() tells trees apart whose names and texts run together alike", () =>
  fc.assert(
    fc.asyncProperty(tree(), tree(), (a, b) =>
      withFolder(async (folder) => {
        const digests = await Promise.all(
          Object.entries({ a, b }).map(([name, files]) => {
            Deno.mkdirSync(join(folder, name));
            for (const [file, text] of Object.entries(files)) {
              Deno.writeTextFileSync(join(folder, name, file), text);
            }
            return digestPath(join(folder, name));
          }),
        );
        assertEquals(digests[0] === digests[1], canonical(a) === canonical(b));
      })),
    { seed: 7, numRuns: 60 },
  ));

function tree(): fc.Arbitrary<Record<string, string>> {
  const name = fc.constantFrom("a", "b", "ab", 'a"', "a\nb", "file x");
  return fc.dictionary(name, fc.constantFrom("", "a", "b"), { maxKeys: 3 });
}

function canonical(files: Record<string, string>): string {
  return JSON.stringify(Object.entries(files).sort());
}

Deno.test("FileMemo computes again when bytes change, not when nothing does", () =>
  withFolder(async (folder) => {
    const [path, memo] = [join(folder, "f"), join(folder, "memo.json")];
    let reads = 0;
    const read = async () => {
      const files = new FileMemo(memo);
      const text = await files.get("text", path, (path) => {
        reads += 1;
        return Deno.readTextFileSync(path);
      });
      files.flush();
      return `${text} ${reads}`;
    };
    write(path, "one");
    assertEquals([await read(), await read()], ["one 1", "one 1"]);
    Deno.writeTextFileSync(path, "two");
    assertEquals(await read(), "two 2");
    // Written a moment ago: the next write might keep the time, so it was not kept.
    assertEquals(await read(), "two 3");
    write(path, "six");
    Deno.utimeSync(path, new Date(0), new Date(0));
    assertEquals([await read(), await read()], ["six 4", "six 4"]);
    Deno.writeTextFileSync(memo, "torn");
    assertEquals(await read(), "six 5");
  }));

Deno.test("FileMemo keeps values of one file apart by kind", () =>
  withFolder(async (folder) => {
    const path = join(folder, "f");
    write(path, "text");
    const memo = new FileMemo();
    assertEquals(await memo.get("length", path, (path) => Deno.readTextFileSync(path).length), 4);
    assertEquals(await memo.get("upper", path, (path) => path.length > 0), true);
    assert(await memo.get("length", path, () => 9) === 4);
  }));
