import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  generateSigningKeys,
  readSigner,
  readVerifier,
} from "../../../lib/cache/remote/signature.ts";

const content = new TextEncoder().encode("content");

Deno.test("readVerifier() accepts what one of its keys signed, for its purpose alone", async () => {
  const [ours, theirs] = [await generateSigningKeys(), await generateSigningKeys()];
  const signature = await (await readSigner(ours.privateKey)).sign("task", content);
  const both = await readVerifier(`${theirs.publicKey}\n\n  ${ours.publicKey}  # ci\n`);
  assert(await both.verify("task", content, signature));
  const cases: readonly [string, Promise<boolean>][] = [
    ["another purpose", both.verify("checkpoint", content, signature)],
    ["other content", both.verify("task", content.with(0, 1) as typeof content, signature)],
    ["another key", (await readVerifier(theirs.publicKey)).verify("task", content, signature)],
    ["no key", (await readVerifier("# none\n")).verify("task", content, signature)],
    ["no signature", both.verify("task", content, "")],
    ["no base64", both.verify("task", content, "%%%")],
  ];
  for (const [what, verified] of cases) assertEquals([what, await verified], [what, false]);
});

Deno.test("readSigner() and readVerifier() refuse what is not a key", async () => {
  const { publicKey } = await generateSigningKeys();
  const cases: readonly [() => Promise<unknown>, string][] = [
    [() => readSigner("secret"), "private"],
    [() => readSigner(publicKey), "private"],
    [() => readVerifier(`${publicKey}\nAAAA`), "public"],
  ];
  for (const [read, kind] of cases) {
    const error = await assertRejects(read, SyntaxError);
    assertEquals(
      error.message,
      `Cannot read ${kind} key: it is not an Ed25519 key in base64`,
    );
  }
});
