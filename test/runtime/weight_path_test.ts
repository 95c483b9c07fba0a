/** Weights lie in a regular file of the model's folder, whatever the model says. */
import { assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { weightPath } from "../../lib/runtime/weight_path.ts";

/** What lies around: folders end with a slash, links say where they lead, other files hold 8 bytes. */
const files: Readonly<Record<string, string | undefined>> = {
  "secret.bin": undefined,
  "m/w.bin": undefined,
  "m/.. w.bin": undefined,
  "m/sub/v.bin": undefined,
  "m/inner": "sub/v.bin",
  "m/out": "../secret.bin",
  "m/folder-out": "..",
  "m/loop": "loop",
  "m/dangling": "nothing",
  "hub/models--o--n/blobs/abc": undefined,
  "hub/models--o--n/snapshots/0/onnx/w.data": "../../../blobs/abc",
  "hub/models--o--n/snapshots/0/onnx/out": "../../../../../secret.bin",
  "hub/models--o--n/snapshots/0/onnx/other": "../../../../models--o--m/blobs/abc",
  "hub/models--o--m/blobs/abc": undefined,
};

async function inFolder(test: (folder: string) => void): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const [name, target] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
      if (target === undefined) await Deno.writeFile(join(folder, name), new Uint8Array(8));
      else await Deno.symlink(target, join(folder, name));
    }
    test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const snapshot = "hub/models--o--n/snapshots/0/onnx";

const found: [folder: string, location: string, path: string][] = [
  ["m", "w.bin", "m/w.bin"],
  ["m", "./w.bin", "m/w.bin"],
  ["m", "sub//v.bin", "m/sub/v.bin"],
  ["m", ".. w.bin", "m/.. w.bin"],
  ["m", "inner", "m/sub/v.bin"],
  [snapshot, "w.data", "hub/models--o--n/blobs/abc"],
];

Deno.test("weightPath() finds files in the model's folder, and blobs of the same hub cache", () =>
  inFolder((root) => {
    for (const [folder, location, path] of found) {
      assertEquals(
        weightPath({ directory: join(root, folder), location, size: 8 }),
        join(root, path),
      );
    }
  }));

const refused: [folder: string, location: string, cause: string][] = [
  ["m", "../secret.bin", "its location is outside of the model's folder"],
  ["m", "sub/../w.bin", "its location is outside of the model's folder"],
  ["m", "w.bin/", "its location names a folder"],
  ["m", "sub\\..\\..\\secret.bin", "its location is outside of the model's folder"],
  ["m", "/etc/passwd", "its location is not relative to the model's folder"],
  ["m", "\\\\host\\share", "its location is not relative to the model's folder"],
  ["m", "C:/w.bin", "its location is not relative to the model's folder"],
  ["m", "", "its location is empty"],
  ["m", "w.bin\0", "its location holds a NUL character"],
  ["m", "out", "a link leaves the model's folder"],
  ["m", "folder-out/secret.bin", "a link leaves the model's folder"],
  ["m", ".", "it is not a regular file"],
  ["m", "sub", "it is not a regular file"],
  ["m", "nothing", "it is missing"],
  ["m", "dangling", "it is missing"],
  ["m", "loop", "Too many levels of symbolic links (os error 40)"],
  [snapshot, "out", "a link leaves the model's folder"],
  [snapshot, "other", "a link leaves the model's folder"],
];

Deno.test("weightPath() refuses every other place", () =>
  inFolder((root) => {
    for (const [folder, location, cause] of refused) {
      const place = { directory: join(root, folder), location, tensor: "w" };
      const error = assertThrows(() => weightPath(place), DiagnosticError);
      const file = JSON.stringify(location);
      assertEquals(error.message, `Cannot read the weights of "w" in file ${file}: ${cause}`);
    }
  }));

Deno.test("weightPath() refuses a file that is too short", () =>
  inFolder((root) => {
    const place = { directory: join(root, "m"), location: "w.bin", size: 9 };
    const message = 'Cannot read weights in file "w.bin": it has 8 bytes, the model needs 9';
    assertThrows(() => weightPath(place), DiagnosticError, message);
  }));

Deno.test("weightPath() waits for no pipe", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { success } = await new Deno.Command("mkfifo", { args: [join(folder, "p")] }).output();
    assertEquals(success, true);
    const message = 'Cannot read weights in file "p": it is not a regular file';
    assertThrows(() => weightPath({ directory: folder, location: "p" }), DiagnosticError, message);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
