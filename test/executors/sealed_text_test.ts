import { assertEquals, assertThrows } from "@std/assert";
import { openText, sealingKey, sealText } from "../../lib/executors/sealed_text.ts";

Deno.test("a sealed text is read with its key, and with no other, and not once it is changed", () => {
  const [key, other] = [sealingKey(), sealingKey()];
  const sealed = sealText("a secret: grün", key);
  assertEquals(openText(sealed, key), "a secret: grün");
  assertEquals(new TextDecoder().decode(sealed).includes("secret"), false);
  assertThrows(() => openText(sealed, other));
  assertThrows(() => openText(sealed.with(-1, sealed.at(-1)! ^ 1), key));
});
