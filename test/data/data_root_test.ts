import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DataRoot, readImageFile, readList, readRange } from "../../lib/data/data_root.ts";
import { openBytes } from "../../lib/data/formats/byte_source.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { inFolder } from "./images_in.ts";

/** Runs what opens files while none may be opened, which no mode of a file keeps root from. */
async function withoutOpening(body: () => Promise<void>): Promise<void> {
  const { openSync, readFile } = Deno;
  const refuse = () => {
    throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  };
  Deno.openSync = refuse;
  Deno.readFile = () => Promise.resolve().then(refuse);
  try {
    await body();
  } finally {
    Object.assign(Deno, { openSync, readFile });
  }
}

/** What opens a file, and is told that it may not. */
const readers: Readonly<Record<string, (path: string) => unknown>> = {
  "new DataRoot": (path) => new DataRoot(path),
  readList: (path) => readList(path),
  readImageFile: (path) => readImageFile(path, JSON.stringify(path)),
};

for (const [name, read] of Object.entries(readers)) {
  Deno.test(`${name}() says of a file that may not be read that it may not`, () =>
    inFolder({ "a.csv": "image,label" }, (folder) =>
      withoutOpening(async () => {
        const path = join(folder, "a.csv");
        const error = await assertRejects(async () => await read(path), DiagnosticError);
        assertEquals(error.message, `Cannot read "${path}": it may not be read`);
      })));
}

Deno.test("whatever reads data does not wait for a named pipe", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder({}, async (folder) => {
    const path = join(folder, "a.tar");
    await new Deno.Command("mkfifo", { args: [path] }).output();
    const openers = { ...readers, readRange: () => readRange(path, 0, 4), openBytes };
    for (const read of Object.values(openers)) {
      const error = await assertRejects(async () => await read(path), DiagnosticError);
      assertEquals(error.message, `Cannot read "${path}": it is a named pipe, expected a file`);
    }
  }));
