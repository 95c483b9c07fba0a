import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { canonicalJson, sha256 } from "../../../lib/pipeline/contract/canonical.ts";
import { HiddenValues } from "../../../lib/pipeline/contract/hidden_values.ts";

const bySystem = (text: string) => createHash("sha256").update(text).digest("hex");

Deno.test("sha256() is the system's, for the first texts and for the many after them", () => {
  for (let i = 0; i < 2500; i++) {
    const text = `${"é😀\ud800".repeat(i % 40)}${i}`;
    assertEquals(sha256(text), bySystem(text));
  }
});

Deno.test("canonicalJson() sorts keys by code unit, leaves out undefined, and JSON reads it back", () => {
  assertEquals(
    canonicalJson({ b: 1, a: [-0, { "é": null, e: undefined }], "😀": "", "\uffff": true }),
    '{"a":[0,{"é":null}],"b":1,"😀":"","\uffff":true}',
  );
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assertEquals(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("HiddenValues puts a name and scrypt's digest where a value was", () => {
  const hidden = new HiddenValues();
  hidden.add("TOKEN", "secret-value");
  // scrypt with N 2^14, r 8, p 1 (RFC 7914), as Python's hashlib.scrypt gives it.
  const sign = "[TOKEN: 94a4c892283b01969ac3be62297ba47d15b538f11a26d4e0da885b4a0f6226d1]";
  assertEquals(hidden.hide("a secret-value b"), `a ${sign} b`);
});
