/**
 * Describes stage types whose code must not run in this process: another process loads them.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { canonicalJson, sha256 } from "../pipeline/contract/canonical.ts";
import type { CheckedParameters, CheckRequest } from "../pipeline/plan/check_stage.ts";
import type { Digest } from "../pipeline/contract/key.ts";
import type { RemoteStage } from "../pipeline/plan/plan.ts";
import { type ToldTask, ValueWriter } from "../pipeline/plan/stage_exchange.ts";
import { readChecked, readFacts } from "../pipeline/plan/stage_facts.ts";
import { StageMistake } from "../pipeline/plan/stage_lookup.ts";
import { shownPath } from "../pipeline/contract/shown_path.ts";
import { AnswerMemo } from "./answer_memo.ts";
import { lockFlags } from "./lock_copy.ts";
import { loadingFlags } from "./worker_flags.ts";
import { HostedModule, HostFailure, hostFlags } from "./hosted_module.ts";
import type { HostQuestion } from "./stage_host_process.ts";

/** How stages are asked. */
export interface StageHostOptions {
  /** Digest of a module and all it imports: the same code gives the same answers. */
  readonly digestOf: (module: URL) => Promise<Digest>;
  /** URLs of a module and of the local modules that it imports. */
  readonly modulesOf: (module: URL) => Promise<readonly string[]>;
  /** Whether the user has said that the code of a module may run. */
  readonly isTrusted: (code: Digest) => boolean;
  /** Folder to keep answers in. */
  readonly memo: string;
}

/**
 * Asks stage types what they take and give. A module that is not trusted is loaded by a process with
 * no permission but to read its own source: it can write nothing, send nothing and see no variable.
 * Answers are kept by the digest of the code, so that the same code is asked once.
 */
export class StageHost implements AsyncDisposable {
  readonly #options: StageHostOptions;
  readonly #memo: AnswerMemo;
  readonly #running = new Map<string, HostedModule>();

  constructor(options: StageHostOptions) {
    this.#options = options;
    this.#memo = new AnswerMemo(options.memo);
  }

  /** @throws {StageMistake} If the module has no stage type, or does not say what it is. */
  async load(url: URL): Promise<RemoteStage> {
    const told = await this.#ask(url, { type: "describe", module: url.href });
    const stage = asStage(url, () => readFacts(told));
    return { stage, module: url.href, check: (requests) => this.#check(url, requests) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.values().map((hosted) => hosted[Symbol.asyncDispose]()));
  }

  async #check(url: URL, requests: readonly CheckRequest[]): Promise<CheckedParameters[]> {
    const writer = new ValueWriter();
    const items = requests.map(({ written, base }) => ({ written: writer.write(written), base }));
    const known = writer.tasks;
    const tasks: ToldTask[] = known.map(({ id, outputs }) => ({ id, outputs }));
    const told = await this.#ask(url, { type: "check", module: url.href, items, tasks });
    return asStage(url, () => {
      const answers = Array.isArray(told) ? told : [];
      if (answers.length !== items.length) throw new TypeError("it does not answer every question");
      return answers.map((answer) => readChecked(answer, known));
    });
  }

  async #ask(url: URL, question: HostQuestion): Promise<unknown> {
    const code = await this.#options.digestOf(url);
    const { module: _, ...what } = question;
    return await this.#memo.get(sha256(canonicalJson({ code, what })), async () => {
      const hosted = this.#running.get(url.href) ?? await this.#start(url, code);
      try {
        return await hosted.ask(question);
      } catch (error) {
        if (!(error instanceof HostFailure)) throw error;
        const mistake = error.mistake ?? { cause: `${shown(url)} ${error.message}` };
        throw new StageMistake({ notes: [], ...mistake });
      }
    });
  }

  async #start(url: URL, code: Digest): Promise<HostedModule> {
    const { modulesOf, isTrusted } = this.#options;
    const flags = isTrusted(code)
      ? [...loadingFlags(), ...lockFlags(this.#options.memo)]
      : hostFlags(await modulesOf(url));
    const hosted = new HostedModule(flags);
    this.#running.set(url.href, hosted);
    return hosted;
  }
}

/** An answer that is no answer is the stage's mistake. */
function asStage<T>(url: URL, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const cause = `${shown(url)} cannot be loaded: ${error.message}`;
    throw new StageMistake({ cause, notes: [] });
  }
}

function shown(url: URL): string {
  return shownPath(fromFileUrl(url));
}
