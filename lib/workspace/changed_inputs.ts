/** Finds out which inputs of a task are others than its key says: files may be edited while it runs. @module */
import type { Digest } from "../pipeline/contract/key.ts";
import { isProjectCode } from "../pipeline/contract/project_code.ts";
import { type Slot, sourceKey } from "../pipeline/contract/slot.ts";
import type { ContentDigests } from "../pipeline/contract/store.ts";
import type { Task } from "../pipeline/plan/plan.ts";
import { namesIn, type ResolvedTask, type SourceResolver } from "../pipeline/plan/resolve.ts";
import type { SourceFolders } from "./source_folders.ts";
import { namedPaths, sourceResolver } from "./sources.ts";

/** What the keys of a run were made of, and how to look again. */
export interface KnownInputs {
  readonly folders: SourceFolders;
  readonly resolver: SourceResolver;
  /** Digests that know nothing from before of code. */
  readonly afresh: () => ContentDigests;
}

/** Part of a task's time that a look at an input may take: data of a million files take long to look at. */
const MOST_OF_TIME = 0.1;

/** Looks at the inputs of tasks after they have run. */
export class ChangedInputs {
  readonly #known: KnownInputs;
  /** How long a look took, by input. */
  readonly #spentMs = new Map<string, number>();

  constructor(known: KnownInputs) {
    this.#known = known;
  }

  /** The names of those that have changed: files, models and data of the project, and the user's code. */
  async of(task: Task, { preimage }: ResolvedTask, durationMs: number): Promise<string[]> {
    const changed = new Set<string>();
    for (const slot of namesIn(task.slots)) {
      const name = slot.value as string;
      if (!changed.has(name) && await this.#hasChanged(slot, durationMs)) changed.add(name);
    }
    if (!isProjectCode(task.module) && await this.#hasOtherCode(task.module, preimage.code)) {
      changed.add(`the code of ${task.uses}`);
    }
    return [...changed];
  }

  async #hasChanged({ kind, value }: Slot, durationMs: number): Promise<boolean> {
    const { folders, resolver, afresh } = this.#known;
    const name = value as string;
    // A commit of a hub stays what it is.
    if ((namedPaths(folders, kind, name).hubs ?? []).length > 0) return false;
    const key = sourceKey(kind, name);
    if ((this.#spentMs.get(key) ?? 0) > durationMs * MOST_OF_TIME) return false;
    const began = performance.now();
    const { digest } = await resolver.open(kind, name);
    const now = await digestOr(async () =>
      (await sourceResolver(folders, afresh()).open(kind, name)).digest
    );
    this.#spentMs.set(key, performance.now() - began);
    return now !== digest;
  }

  async #hasOtherCode(module: string, code: Digest): Promise<boolean> {
    return await digestOr(() => this.#known.afresh().code(new URL(module))) !== code;
  }
}

/** What cannot be opened any more has changed. */
async function digestOr(open: () => Promise<string>): Promise<string | undefined> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}
