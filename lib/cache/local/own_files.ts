/** Takes an output into the store: only regular files and folders are allowed. @module */
import { join, relative } from "@std/path";
import { type DiagnosticError, diagnosticError } from "../../diagnostic/diagnostic.ts";
import { isDiskFull } from "../disk/disk_full.ts";
import { fileKind } from "../disk/file_kind.ts";
import { temporaryName } from "../disk/replace_file.ts";
import { isSystemError } from "../disk/system_error.ts";

/** Files and folders that the links of an output may represent: links to folders of links multiply. */
const MOST_COPIES = 100_000;

/** What an output is made of, folders after what they hold. */
export interface OwnFiles {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Of all files. */
  readonly bytes: number;
}

/**
 * Puts copies in the place of links, symbolic and hard, and makes everything readable for us.
 *
 * @param name The output's, for messages.
 * @throws {DiagnosticError} `bad-output`, for what is not a file, folder or link to such.
 */
export function ownFiles(path: string, name: string, maxCopies = MOST_COPIES): OwnFiles {
  try {
    return new Detaching(path, name, maxCopies).run();
  } catch (error) {
    if (!isSystemError(error) || isDiskFull(error)) throw error;
    throw badOutput(name, `it cannot be read: ${error.message}`);
  }
}

class Detaching {
  readonly #files: string[] = [];
  readonly #folders: string[] = [];
  #bytes = 0;
  readonly #root: string;
  readonly #name: string;
  /** Folders that the walk is inside of, by what they really are. */
  readonly #open = new Set<string>();
  #copiesLeft: number;

  constructor(root: string, name: string, maxCopies: number) {
    this.#root = root;
    this.#name = name;
    this.#copiesLeft = maxCopies;
  }

  run(): OwnFiles {
    this.#visit(this.#root);
    return { files: this.#files, folders: this.#folders, bytes: this.#bytes };
  }

  #visit(path: string): void {
    const info = this.#look(path, Deno.lstatSync);
    if (info.isSymlink || (info.isFile && (info.nlink ?? 1) > 1)) return this.#detach(path);
    allowReading(path, info);
    if (info.isFile) {
      this.#files.push(path);
      this.#bytes += info.size;
      return;
    }
    if (!info.isDirectory) throw this.#refuse(path, `is ${fileKind(info)}`);
    this.#eachInside(path, (entry) => this.#visit(join(path, entry)));
    this.#folders.push(path);
  }

  #detach(path: string): void {
    const copy = `${path}.${temporaryName()}`;
    this.#copy(path, copy, path);
    Deno.removeSync(path);
    Deno.renameSync(copy, path);
    this.#visit(path);
  }

  /** @param shown Where the copy will be in the output. */
  #copy(from: string, to: string, shown: string): void {
    const info = this.#look(shown, () => Deno.statSync(from));
    if (this.#copiesLeft-- <= 0) throw badOutput(this.#name, "its links expand to too many files");
    if (info.isFile) return Deno.copyFileSync(from, to);
    if (!info.isDirectory) throw this.#refuse(shown, `is a link to ${fileKind(info)}`);
    Deno.mkdirSync(to);
    const each = (entry: string) =>
      this.#copy(join(from, entry), join(to, entry), join(shown, entry));
    this.#eachInside(from, each, shown);
  }

  #eachInside(path: string, visit: (entry: string) => void, shown = path): void {
    const real = Deno.realPathSync(path);
    if (this.#open.has(real)) throw this.#refuse(shown, "is a link to a folder that holds it");
    this.#open.add(real);
    for (const { name } of [...Deno.readDirSync(path)].sort(byName)) visit(name);
    this.#open.delete(real);
  }

  #look(path: string, stat: (path: string) => Deno.FileInfo): Deno.FileInfo {
    try {
      return stat(path);
    } catch (error) {
      if (error instanceof Deno.errors.FilesystemLoop) {
        throw this.#refuse(path, "is a link that leads to itself");
      }
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      // The system lists such a name with signs in the place of what it cannot read.
      if (path.includes("\ufffd")) throw this.#refuse(path, "has a name that is not UTF-8");
      throw this.#refuse(path, "is a link to nothing");
    }
  }

  #refuse(path: string, cause: string): DiagnosticError {
    const inside = relative(this.#root, path);
    return badOutput(this.#name, inside === "" ? `it ${cause}` : `"${inside}" in it ${cause}`);
  }
}

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return a.name < b.name ? -1 : 1;
}

/** Our own files and folders, also those that unfinished processes left. */
function allowReading(path: string, { isDirectory, isFile, mode }: Deno.FileInfo): void {
  const needed = isDirectory ? 0o700 : isFile ? 0o400 : 0;
  if (mode !== null && (mode & needed) !== needed) Deno.chmodSync(path, (mode | needed) & 0o777);
}

function badOutput(name: string, cause: string): DiagnosticError {
  const message = `Cannot store output "${name}": ${cause}`;
  const notes = ["an output is a file or a folder of files; links to files and folders are copied"];
  return diagnosticError("bad-output", message, notes);
}
