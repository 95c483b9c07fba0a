import { assertEquals, assertThrows } from "@std/assert";
import { readEnvelope, sealStatement, signerOf } from "../../lib/attestation/envelope.ts";
import { generateSigningKeys, readSigner, readVerifier } from "../../lib/cache/remote/signature.ts";

const keys = await generateSigningKeys();
const signer = await readSigner(keys.privateKey);
const verifier = await readVerifier(keys.publicKey);
const sealed = await sealStatement({ a: "é" }, signer);

Deno.test("sealStatement() signs what DSSE says, under the key's own name", async () => {
  const { payloadType, payload, signatures } = JSON.parse(sealed);
  assertEquals(payloadType, "application/vnd.in-toto+json");
  assertEquals(atob(payload).length, '{"a":"é"}'.length + 1);
  assertEquals(signatures[0].keyid, keys.publicKey);
  // The formula of the specification, with another implementation of the signature.
  const text = new TextDecoder().decode(Uint8Array.fromBase64(payload));
  const message = new TextEncoder().encode(
    `DSSEv1 ${payloadType.length} ${payloadType} 10 ${text}`,
  );
  const raw = Uint8Array.fromBase64(keys.publicKey);
  const { createPublicKey, verify } = await import("node:crypto");
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: raw.toBase64({ alphabet: "base64url", omitPadding: true }),
  };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  assertEquals(verify(null, message, key, Uint8Array.fromBase64(signatures[0].sig)), true);
});

Deno.test("signerOf() finds the key that signed, and no other", async () => {
  const others = await generateSigningKeys();
  const envelope = readEnvelope(sealed);
  assertEquals(await signerOf(envelope, verifier), keys.publicKey);
  const both = await readVerifier(`${others.publicKey}\n${keys.publicKey}`);
  assertEquals(await signerOf(envelope, both), keys.publicKey);
  assertEquals(await signerOf(envelope, await readVerifier(others.publicKey)), undefined);
  assertEquals(await signerOf(envelope, await readVerifier("")), undefined);
  const payload = envelope.payload.with(5, envelope.payload[5]! ^ 1) as typeof envelope.payload;
  assertEquals(await signerOf({ ...envelope, payload }, verifier), undefined);
  // What is signed for the cache is signed for nothing else.
  const sig = await signer.sign("application/vnd.in-toto+json", envelope.payload);
  assertEquals(await signerOf({ ...envelope, signatures: [{ sig }] }, verifier), undefined);
});

const { payloadType, payload, signatures: [signature] } = JSON.parse(sealed);

/** Texts that are not an envelope, and what is said of them. */
const FORMS: readonly [string, string][] = [
  ["", "it is not JSON"],
  [sealed.slice(0, 100), "it is not JSON"],
  ["null", "it must be a map, but is null"],
  ["[]", "it must be a map, but is a list of 0"],
  [
    JSON.stringify({ payloadType: "text/plain", payload, signatures: [signature] }),
    'payloadType: Invalid input: expected "application/vnd.in-toto+json"',
  ],
  [
    JSON.stringify({ payloadType, payload: "%", signatures: [signature] }),
    "payload: Invalid base64-encoded string",
  ],
  [
    JSON.stringify({ payloadType, payload, signatures: [] }),
    "signatures: Too small: expected array to have >=1 items",
  ],
  [
    JSON.stringify({ payloadType, payload, signatures: Array(17).fill(signature) }),
    "signatures: Too big: expected array to have <=16 items",
  ],
  [
    JSON.stringify({ payloadType, payload, signatures: [{ sig: "A".repeat(400) }] }),
    "signatures[0].sig: Too big: expected string to have <=256 characters",
  ],
];

Deno.test("readEnvelope() says what is not an envelope", () => {
  for (const [text, message] of FORMS) {
    assertEquals(assertThrows(() => readEnvelope(text), SyntaxError).message, message);
  }
});
