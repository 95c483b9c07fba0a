import { assertEquals, assertThrows } from "@std/assert";
import {
  readRecordJson,
  readRegularFile,
  readRegularText,
} from "../../../lib/cache/disk/regular_file.ts";
import { withFolder } from "../rig.ts";

Deno.test("readRegularFile() reads files, and neither waits for a pipe nor takes what is too large", () =>
  withFolder(async (folder) => {
    const [file, pipe] = [`${folder}/file`, `${folder}/pipe`];
    Deno.writeTextFileSync(file, "grün");
    Deno.symlinkSync(file, `${folder}/link`);
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    assertEquals(readRegularText(`${folder}/link`), "grün");
    const refused: readonly (readonly [path: string, most: number | undefined, cause: string])[] = [
      [pipe, undefined, "it is a named pipe"],
      [folder, undefined, "it is a folder"],
      ["/dev/null", undefined, "it is a device"],
      [file, 4, "it has 5 bytes, and at most 4 can be read"],
    ];
    for (const [path, most, cause] of refused) {
      assertThrows(() => readRegularFile(path, most), RangeError, cause);
    }
    assertThrows(() => readRegularFile(`${folder}/none`), Deno.errors.NotFound);
    for (const damaged of [pipe, folder, "/dev/zero", file]) {
      assertThrows(() => readRecordJson(damaged), SyntaxError);
    }
    Deno.writeTextFileSync(file, '{"a":[1]}');
    assertEquals(readRecordJson(`${folder}/link`), { a: [1] });
  }));
