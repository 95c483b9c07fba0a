import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import * as fc from "fast-check";
import {
  digestBytes,
  digestFile,
  digestPath,
  digestText,
} from "../../../lib/cache/digest/digest.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { withFolder } from "../rig.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
Deno.test("digestFile() is the sha256 of the bytes, over any number of chunks", () =>
  withFolder(async (folder) => {
    const path = join(folder, "f");
    for (const bytes of [0, 1, (1 << 20) - 1, 1 << 20, (3 << 20) + 5]) {
      const content = Uint8Array.from({ length: bytes }, (_, i) => i * 31);
      Deno.writeFileSync(path, content);
      assertEquals(await digestFile(path), await digestBytes(content));
    }
    assertEquals(digestText("") as string, EMPTY);
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

/** What a folder may hold that is not a file: path of the entry, how it is made, what is said of it. */
const ODD: Readonly<Record<string, readonly [string[], string]>> = {
  "named pipe": [["mkfifo", "d/x"], "it is a named pipe, expected a file or a folder"],
  "link to a pipe": [
    ["sh", "-c", "mkfifo p; ln -s ../p d/x"],
    "it is a named pipe, expected a file or a folder",
  ],
  "link to a device": [
    ["ln", "-s", "/dev/zero", "d/x"],
    "it is a device, expected a file or a folder",
  ],
  "link to nothing": [["ln", "-s", "none", "d/x"], "it is a link to nothing"],
  "link to itself": [["ln", "-s", "x", "d/x"], "it is a link that leads to itself"],
  "link to its folder": [["ln", "-s", ".", "d/x"], "it is a link to a folder that holds it"],
  "link upwards": [["ln", "-s", "..", "d/x"], "it is a link to a folder that holds it"],
};

for (const [what, [[program, ...args], cause]] of Object.entries(ODD)) {
  Deno.test(`digestPath() refuses a ${what}, and does not wait for it`, () =>
    withFolder(async (folder) => {
      Deno.mkdirSync(join(folder, "d"));
      const made = await new Deno.Command(program!, { args, cwd: folder }).output();
      assertEquals(made.success, true);
      const error = await assertRejects(() => digestPath(join(folder, "d")), DiagnosticError);
      const inside = what === "link upwards" ? "d/x/d" : "d/x";
      assertEquals(error.message, `Cannot read "${join(folder, inside)}": ${cause}`);
    }));
}
