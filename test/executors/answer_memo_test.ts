import { assertEquals } from "@std/assert";
import { AnswerMemo } from "../../lib/executors/answer_memo.ts";
import { sha256 } from "../../lib/pipeline/contract/canonical.ts";
import { withFolder } from "../cache/rig.ts";

Deno.test("AnswerMemo drops all answers when there are 500, and no other file of its folder", () =>
  withFolder(async (folder) => {
    const answers = `${folder}/answers`;
    const memo = new AnswerMemo(answers);
    const names = () => [...Deno.readDirSync(answers)].map(({ name }) => name).sort();
    const nameOf = (i: number) => sha256(`${i}`);
    const ask = (i: number) => memo.get(nameOf(i), () => Promise.resolve(i));
    for (let i = 0; i < 499; i++) await ask(i);
    const others = ["deno-0123456789ab.lock", "notes"];
    for (const name of others) Deno.writeTextFileSync(`${answers}/${name}`, "");
    Deno.writeTextFileSync(`${answers}/${nameOf(499)}.1-1-00000000.tmp`, "cut o");
    assertEquals(await memo.get(nameOf(0), () => Promise.reject(new Error("asked again"))), 0);
    await ask(500);
    assertEquals(names(), [...others, nameOf(500)].sort());
  }));
