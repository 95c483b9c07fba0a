import { assert, assertEquals } from "@std/assert";
import { neededLibraries } from "../../lib/runtime/elf.ts";

Deno.test("neededLibraries() lists what a program loads, and nothing for other files", () => {
  assertEquals(neededLibraries("/nowhere/lib.so"), []);
  assertEquals(neededLibraries(new URL(import.meta.url).pathname), []);
  if (Deno.build.os !== "linux") return;
  const needed = neededLibraries(Deno.execPath());
  assert(needed.some((name) => /^libc\.(so|musl)/.test(name)), needed.join());
});
