/** Remembers what a process answered about a stage type, by the digest of its code. @module */
import { dirname } from "@std/path";
import { isDigest } from "../cache/digest/digest.ts";
import { removeQuietly, replaceFile } from "../cache/disk/replace_file.ts";
import { ifThere, isSystemError } from "../cache/disk/system_error.ts";

/** The largest number of answers kept; beyond it all are dropped, as each can be asked for again. */
const maxAnswers = 500;

/** Longest answer that is kept. */
const longestAnswer = 16 << 20;

/** Answers to questions, kept from run to run in files of a folder, which has other files too. */
export class AnswerMemo {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The answer to a question, asked for if there is none.
   *
   * @param name Digest of the question.
   */
  async get(name: string, ask: () => Promise<unknown>): Promise<unknown> {
    const path = `${this.#folder}/${name}`;
    const known = read(path);
    if (known !== undefined) return known;
    const answer = await ask();
    this.#keep(path, JSON.stringify(answer));
    return answer;
  }

  /** A memo that cannot be written costs time later, and is not an error. */
  #keep(path: string, text: string): void {
    if (text.length > longestAnswer) return;
    try {
      if (!ifThere(() => Deno.statSync(dirname(this.#folder)))) return; // to look at a pipeline makes no store
      Deno.mkdirSync(this.#folder, { recursive: true });
      const names = [...Deno.readDirSync(this.#folder)].map(({ name }) => name).filter(isAnswer);
      if (names.length >= maxAnswers) {
        for (const name of names) removeQuietly(`${this.#folder}/${name}`);
      }
      replaceFile(path, text);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}

/** Whether a file is an answer, or one that was never written to its end. */
function isAnswer(name: string): boolean {
  return isDigest(name.split(".")[0]);
}

function read(path: string): unknown {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error)) return undefined;
    throw error;
  }
}
