/** Lists the files of a tar archive: it reads headers and skips contents. @module */
import { dataFailure, quoted } from "../data_failure.ts";
import { orKind } from "../file_kind.ts";
import type { ByteSource } from "./byte_source.ts";
import { checkHeader, linkIn, nameIn, numberIn, paxFields, textIn } from "./tar_header.ts";

/** A regular file of an archive. */
export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** Why it cannot be read, where it cannot: it is a link or a device. */
  readonly mistake?: string;
}

const blockBytes = 512;

/** Most entries of an archive, and bytes of a name or of what represents one. */
const maxEntries = 4_000_000;
const longestName = 4096;
const longestRecord = 1 << 20;

/** What entries say of the next one. */
interface Said {
  readonly name?: string;
  readonly link?: string;
  readonly bytes?: number;
  readonly isSparse?: boolean;
}

/** Types of entries whose content says something of the next one. */
const records: Readonly<Record<string, (content: Uint8Array, what: string) => Said>> = {
  L: (content) => ({ name: textIn(content) }),
  K: (content) => ({ link: textIn(content) }),
  x: paxFields,
  g: () => ({}), // of all entries: times, owners, comments
};

/** Types of regular files, today's and older ones. */
const files = "07\0";

/** Types of entries that are nothing to read: folders, and labels of the archive. */
const nothing = "5DV";

/** Types of entries without content here, as messages call them. */
const strangers: Readonly<Record<string, string>> = {
  "2": "a symbolic link, not a file: pack the file itself, with tar --dereference",
  "3": "a device, not a file",
  "4": "a device, not a file",
  "6": "a named pipe, not a file",
  S: "a sparse file: pack it without tar's --sparse",
  M: "the rest of a file of another archive: join them first",
};

/**
 * The regular files of a ustar, pax or GNU archive, one after the other: what is read of one before
 * the next is asked for lies ahead. A hard link counts as the file that it names; what is not a file
 * has a mistake.
 *
 * @throws {DiagnosticError} If it is not archive, is cut off, or its sizes lead out of it.
 */
export async function* tarEntries(source: ByteSource, what: string): AsyncGenerator<TarEntry> {
  const { size = Infinity } = source;
  if (size < blockBytes) {
    throw dataFailure(
      what,
      orKind(
        "it is empty or cut off, expected a tar archive",
        "a tar archive",
        await source.read(0, size),
      ),
    );
  }
  const known = new Map<string, TarEntry>();
  let said: Said = {};
  let offset = 0;
  for (let count = 0;; count++) {
    if (count > maxEntries) throw dataFailure(what, `it has more than ${maxEntries} entries`);
    const header = await source.read(offset, blockBytes);
    if (header.length < blockBytes) {
      throw dataFailure(what, "it has no end mark: it is cut off");
    }
    if (header.every((byte) => byte === 0)) return;
    checkHeader(header, offset, what);
    const bytes = said.bytes ?? numberIn(header, 124, 12);
    const start = offset + blockBytes;
    if (Number.isNaN(bytes)) {
      throw dataFailure(
        what,
        `the size of ${
          quoted(said.name ?? nameIn(header))
        } in it is not a whole number below 2^53: ` +
          "the archive is damaged",
      );
    }
    if (start + bytes > size) {
      throw dataFailure(what, `a file in it should have ${bytes} bytes, the archive ends before`);
    }
    offset = start + Math.ceil(bytes / blockBytes) * blockBytes;
    const type = String.fromCharCode(header[156]!);
    const record = records[type];
    if (record !== undefined) {
      if (bytes > longestRecord) throw dataFailure(what, `a name in it has ${bytes} bytes`);
      said = { ...said, ...record(await source.read(start, bytes), what) };
      continue;
    }
    const name = said.name ?? nameIn(header);
    if (name.length > longestName) throw dataFailure(what, "a name in it is too long");
    if (!nothing.includes(type)) {
      const link = said.link ?? linkIn(header);
      const kind = said.isSparse ? "S" : type;
      const entry = entryOf({ name, offset: start, bytes }, { type: kind, link, known });
      known.set(name, entry);
      yield entry;
    }
    said = {};
  }
}

/** A file, or the one that a hard link names. */
function entryOf(
  entry: TarEntry,
  { type, link, known }: {
    readonly type: string;
    readonly link: string;
    readonly known: ReadonlyMap<string, TarEntry>;
  },
): TarEntry {
  if (files.includes(type)) return entry;
  if (type !== "1") {
    return {
      ...entry,
      mistake: strangers[type] ?? `of type ${JSON.stringify(type)}, which is not a file`,
    };
  }
  const mistake = `a hard link to ${JSON.stringify(link)}, which does not lie before it`;
  return { ...known.get(link) ?? { ...entry, mistake }, name: entry.name };
}
