/** Seals texts on a shared disk: without the key nobody can read them. @module */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const cipher = "aes-256-gcm";
const [ivBytes, tagBytes] = [12, 16];

/** The variable in which a job of a cluster finds the key; a name of secrets, which no task sees. */
export const keyVariable = "TVP_JOB_KEY";

/** A new key, as hexadecimal digits. */
export function sealingKey(): string {
  return randomBytes(32).toString("hex");
}

/** The text, sealed with a key. */
export function sealText(text: string, key: string): Uint8Array {
  const iv = randomBytes(ivBytes);
  const sealing = createCipheriv(cipher, Buffer.from(key, "hex"), iv);
  const body = Buffer.concat([sealing.update(text, "utf8"), sealing.final()]);
  return Buffer.concat([iv, sealing.getAuthTag(), body]);
}

/** What was sealed with the same key. @throws {Error} If it was not. */
export function openText(sealed: Uint8Array, key: string): string {
  const bytes = Buffer.from(sealed);
  const opening = createDecipheriv(cipher, Buffer.from(key, "hex"), bytes.subarray(0, ivBytes));
  opening.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  const body = bytes.subarray(ivBytes + tagBytes);
  return Buffer.concat([opening.update(body), opening.final()]).toString("utf8");
}
