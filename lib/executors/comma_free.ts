/** Gives paths with a comma other names: Deno divides the paths of a permission at commas. @module */
import { toFileUrl } from "@std/path";
import type { Job } from "../pipeline/contract/job.ts";

/**
 * Names without commas for paths, by links in a folder: a link represents the part of a path that has
 * commas. The links are removed with the folder.
 *
 * @example
 * ```ts ignore
 * const names = new CommaFree("/tmp/tvp-1");
 * names.of("/home/me/Smith, J/data"); // "/tmp/tvp-1/folder-0/data"
 * ```
 */
export class CommaFree {
  readonly #folder: string;
  readonly #links = new Map<string, string>();

  /** @param folder An absolute path without commas. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The name of an absolute path. */
  of(path: string): string {
    const steps = path.split("/");
    const odd = steps.findLastIndex((step) => step.includes(","));
    if (odd < 0 || !path.startsWith("/")) return path;
    const target = steps.slice(0, odd + 1).join("/");
    return [this.#linkTo(target), ...steps.slice(odd + 1)].join("/");
  }

  /** A job whose paths permissions can hold. */
  job(job: Job): Job {
    const { read, models, write } = job.places;
    [...read, ...models, ...write].forEach((path) => this.of(path));
    return this.within(job);
  }

  /** A copy of JSON whose texts have new names for the paths, and the URLs of files, named before. */
  within<T>(value: T): T {
    if (this.#links.size === 0) return value;
    if (typeof value === "string") return this.#renamed(value) as T;
    if (Array.isArray(value)) return value.map((item) => this.within(item)) as T;
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, this.within(item)] as const);
    return Object.fromEntries(entries) as T;
  }

  #linkTo(target: string): string {
    const known = this.#links.get(target);
    if (known !== undefined) return known;
    const link = `${this.#folder}/folder-${this.#links.size}`;
    Deno.symlinkSync(target, link);
    this.#links.set(target, link);
    return link;
  }

  #renamed(text: string): string {
    for (const [target, link] of this.#links) {
      const pairs = [[target, link], [toFileUrl(target).href, toFileUrl(link).href]] as const;
      for (const [from, to] of pairs) {
        if (text === from || text.startsWith(`${from}/`)) return to + text.slice(from.length);
      }
    }
    return text;
  }
}
