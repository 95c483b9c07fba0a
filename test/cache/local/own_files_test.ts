import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { ownFiles } from "../../../lib/cache/local/own_files.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { pathsIn, withFolder } from "../rig.ts";

/** What a program may leave in the place of an output, and what is said of it. */
const REFUSED: Readonly<Record<string, readonly [script: string, cause: string]>> = {
  "a named pipe": ["mkfifo o", "it is a named pipe"],
  "a pipe in a folder": ["mkdir o; mkfifo o/x", '"x" in it is a named pipe'],
  "a link to a pipe": ["mkfifo p; ln -s p o", "it is a link to a named pipe"],
  "a link to a device": ["mkdir o; ln -s /dev/zero o/x", '"x" in it is a link to a device'],
  "a link to nothing": ["mkdir o; ln -s none o/x", '"x" in it is a link to nothing'],
  "a link to itself": ["ln -s o o", "it is a link that leads to itself"],
  "links to one another": [
    "mkdir o; ln -s b o/a; ln -s a o/b",
    '"a" in it is a link that leads to itself',
  ],
  "a link to its folder": [
    "mkdir o; ln -s . o/x",
    '"x" in it is a link to a folder that holds it',
  ],
  "a link upwards": [
    "mkdir -p u/o; ln -s ../.. u/o/x; ln -s u/o o",
    '"x/o" in it is a link to a folder that holds it',
  ],
  "folders that link to one another": [
    "mkdir -p o/a o/b; ln -s ../b o/a/x; ln -s ../a o/b/x",
    '"a/x/x" in it is a link to a folder that holds it',
  ],
  "links that multiply": [
    "mkdir o; cd o; mkdir 0; touch 0/f; for i in $(seq 1 30); do p=$((i - 1)); " +
    "mkdir $i; ln -s ../$p $i/a; ln -s ../$p $i/b; done",
    "its links expand to too many files",
  ],
};

function make(folder: string, script: string): void {
  const made = new Deno.Command("sh", { args: ["-c", script], cwd: folder }).outputSync();
  assertEquals(made.success, true, new TextDecoder().decode(made.stderr));
}

for (const [what, [script, cause]] of Object.entries(REFUSED)) {
  Deno.test(`ownFiles() refuses ${what}`, () =>
    withFolder((folder) => {
      make(folder, script);
      const error = assertThrows(() => ownFiles(join(folder, "o"), "out", 1000), DiagnosticError);
      assertEquals(error.message, `Cannot store output "out": ${cause}`);
      return Promise.resolve();
    }));
}

Deno.test("ownFiles() copies what links lead to, and opens what was closed", () =>
  withFolder((folder) => {
    const script =
      "mkdir -p d/sub o/closed; echo text > d/sub/f; ln d/sub/f o/hard; ln -s ../d o/soft; " +
      "ln -s ../d o/again; echo text > o/closed/f; chmod 0 o/closed/f o/closed";
    make(folder, script);
    const { files, folders, bytes } = ownFiles(join(folder, "o"), "out");
    assertEquals(pathsIn(join(folder, "o")), [
      "again/",
      "again/sub/",
      "again/sub/f",
      "closed/",
      "closed/f",
      "hard",
      "soft/",
      "soft/sub/",
      "soft/sub/f",
    ]);
    assertEquals([files.length, folders.length, bytes], [4, 6, 20]);
    for (const file of files) assertEquals(Deno.lstatSync(file).nlink, 1);
    return Promise.resolve();
  }));

Deno.test("ownFiles() refuses a name that is not UTF-8", () =>
  withFolder((folder) => {
    make(folder, "mkdir o; touch \"o/$(printf '\\377')\"");
    const error = assertThrows(() => ownFiles(join(folder, "o"), "out"), DiagnosticError);
    assertEquals(
      error.message,
      'Cannot store output "out": "\ufffd" in it has a name that is not UTF-8',
    );
    return Promise.resolve();
  }));
