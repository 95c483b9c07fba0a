/**
 * What a process touches of the machine: every file that it asks for, by the audit log of Deno, which
 * also knows of what was refused and of errors that somebody caught; and programs and addresses.
 *
 * @module
 */
import { fromFileUrl, normalize } from "@std/path";

/** Where readers may look besides their own folders: the program, and its packages. */
export function readRoots(): readonly string[] {
  const home = Deno.env.get("HOME") ?? "/root";
  const cache = Deno.env.get("DENO_DIR") ?? `${home}/.cache/deno`;
  return [fromFileUrl(new URL("../../../", import.meta.url)), cache];
}

interface Entry {
  readonly permission: string;
  readonly value: string | null;
}

/** Watches the process that it is made in. */
export class Audit {
  readonly #log: Deno.FsFile;
  readonly #buffer = new Uint8Array(1 << 16);
  readonly #text = new TextDecoder();
  /** Folders by what may be done below them. */
  readonly #allowed: Readonly<Record<string, readonly string[]>>;
  #rest = "";
  #others: string[] = [];

  /** @param roots Folders that may be read and written. */
  constructor(log: string, roots: readonly string[]) {
    this.#log = Deno.openSync(log);
    this.#allowed = { read: [...roots, ...readRoots()], write: roots };
    this.#guard();
  }

  /** What was touched outside since the last look, one line each. */
  outside(): readonly string[] {
    const found = this.#others;
    this.#others = [];
    for (let count; (count = this.#log.readSync(this.#buffer)) !== null;) {
      const lines = (this.#rest + this.#text.decode(this.#buffer.subarray(0, count))).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) {
        const { permission, value } = JSON.parse(line) as Entry;
        const roots = this.#allowed[permission];
        // Who makes a link asks for everything, and touches what else stands in the log.
        if (roots === undefined || value === null) continue;
        if (!roots.some((root) => isBelow(value, root))) found.push(`${permission} of ${value}`);
      }
    }
    return found;
  }

  /** The log does not have what these ask for. */
  #guard(): void {
    const refuse = (what: string) => {
      this.#others.push(what);
      throw new Deno.errors.NotCapable(`Requires ${what}`);
    };
    const { fetch } = globalThis;
    Object.assign(globalThis, {
      fetch: (input: string | URL | Request, init?: RequestInit) => {
        const url = new URL(input instanceof Request ? input.url : input);
        // Embedded data and files of the program are not addresses.
        if (url.protocol === "data:" || url.protocol === "file:") return fetch(input, init);
        return refuse(`net of ${url.origin}`);
      },
      Worker: class {
        constructor(url: string | URL) {
          refuse(`a worker of ${url}`);
        }
      },
    });
    Object.assign(Deno, {
      Command: class {
        constructor(program: string | URL) {
          refuse(`run of ${program}`);
        }
      },
      connect: ({ hostname }: Deno.ConnectOptions) => refuse(`net of ${hostname}`),
    });
  }
}

function isBelow(path: string, root: string): boolean {
  const plain = normalize(path);
  const folder = normalize(root).replace(/\/$/, "");
  return plain === folder || plain.startsWith(`${folder}/`);
}
