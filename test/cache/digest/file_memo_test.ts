import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { FileMemo, type MemoKind } from "../../../lib/cache/digest/file_memo.ts";
import { withFolder } from "../rig.ts";

const isText = (value: unknown) => typeof value === "string";

/** The text of a file, as a kind of value. */
function texts(name = "text"): MemoKind<string> {
  return { name, compute: Deno.readTextFileSync, is: isText };
}

/** A file as the system shows it: times in seconds since the epoch, `ctime` cannot be set. */
interface Shown {
  readonly bytes: string;
  readonly mtime: number;
  readonly ctime: number;
  readonly ino?: number;
}

const READ_AT = 1000;
const FIRST: Shown = { bytes: "one", mtime: 900, ctime: 900 };

/** What is done to the file after it was read, and whether the memo has to read it again. */
const CASES: Readonly<Record<string, readonly [Shown, Shown, boolean]>> = {
  "nothing": [FIRST, FIRST, false],
  "an edit": [FIRST, { bytes: "two", mtime: 1001, ctime: 1001 }, true],
  "an edit with its time set back": [FIRST, { bytes: "two", mtime: 900, ctime: 1001 }, true],
  "a copy that keeps times over it": [FIRST, { ...FIRST, bytes: "two", ctime: 1001 }, true],
  "another file with its times": [FIRST, { ...FIRST, bytes: "two", ino: 2 }, true],
  "a time of 0": [
    { ...FIRST, mtime: 0 },
    { bytes: "two", mtime: 0, ctime: 1001 },
    true,
  ],
  "a time in the future": [
    { ...FIRST, mtime: 9e6 },
    { bytes: "two", mtime: 9e6, ctime: 1001 },
    true,
  ],
  "an edit in the second of the last one": [
    { ...FIRST, ctime: READ_AT },
    { bytes: "two", mtime: 900, ctime: READ_AT },
    true,
  ],
  "an edit where clocks differ by a second": [
    { ...FIRST, ctime: READ_AT - 1 },
    { bytes: "two", mtime: 900, ctime: READ_AT - 1 },
    true,
  ],
  "nothing, where the clock was set back": [
    { ...FIRST, ctime: 2000 },
    { ...FIRST, ctime: 2000 },
    true,
  ],
  "nothing, where the system has no such time": [
    { ...FIRST, ctime: 0 },
    { ...FIRST, ctime: 0 },
    true,
  ],
};

for (const [what, [before, after, isRead]] of Object.entries(CASES)) {
  Deno.test(`FileMemo ${isRead ? "reads a file again" : "does not read a file again"} after ${what}`, async () => {
    let shown = before;
    let reads = 0;
    const memo = new FileMemo(undefined, { stat: () => infoOf(shown), now: () => READ_AT * 1000 });
    const kind = {
      name: "bytes",
      compute: () => {
        reads += 1;
        return shown.bytes;
      },
      is: isText,
    } as MemoKind<string>;
    assertEquals(await memo.get(kind, "f"), before.bytes);
    shown = after;
    assertEquals([await memo.get(kind, "f"), reads], [after.bytes, isRead ? 2 : 1]);
  });
}

function infoOf({ bytes, mtime, ctime, ino = 1 }: Shown): Deno.FileInfo {
  const times = { mtime: new Date(mtime * 1000), ctime: new Date(ctime * 1000) };
  return { ...Deno.statSync("."), dev: 1, ino, size: bytes.length, ...times };
}

/** A system whose clock is an hour ahead: every file lies still. */
const later = { stat: Deno.statSync, now: () => Date.now() + 3_600_000 };

Deno.test("FileMemo keeps values in a file, apart by kind, and does without a damaged one", () =>
  withFolder(async (folder) => {
    const [path, file] = [join(folder, "f"), join(folder, "memo.json")];
    Deno.writeTextFileSync(path, "text");
    const learn = async () => {
      const memo = new FileMemo(file, later);
      await memo.get(texts(), path);
      await memo.get({ ...texts("upper"), compute: () => "TEXT" }, path);
      memo.flush();
    };
    const recall = async () => {
      const unread = { compute: () => "read" };
      const memo = new FileMemo(file, later);
      return [
        await memo.get({ ...texts(), ...unread }, path),
        await memo.get({ ...texts("upper"), ...unread }, path),
      ];
    };
    await learn();
    assertEquals(await recall(), ["text", "TEXT"]);
    const whole = Deno.readTextFileSync(file);
    for (
      const damaged of [
        "torn",
        "null",
        "{}",
        "[null]",
        "[[1]]",
        whole.replaceAll(/"(text|TEXT)"\}/g, "7}"),
      ]
    ) {
      Deno.writeTextFileSync(file, damaged);
      assertEquals(await recall(), ["read", "read"], damaged);
    }
  }));

Deno.test("FileMemo sees what is written right after it has read, with the old time and size", () =>
  withFolder(async (folder) => {
    const [path, other, file] = ["f", "g", "memo.json"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const read = async () => {
      const memo = new FileMemo(file);
      const text = await memo.get(texts(), path);
      memo.flush();
      return text;
    };
    Deno.writeTextFileSync(path, "one");
    const past = new Date("2020-01-01T00:00:00Z");
    Deno.utimeSync(path, past, past);
    Deno.linkSync(path, other);
    for (const [text, name] of [["one", path], ["two", path], ["six", other]] as const) {
      Deno.writeTextFileSync(name, text);
      Deno.utimeSync(name, past, past);
      assertEquals(await read(), text);
    }
  }));
