import { assertEquals } from "@std/assert";
import { standIn } from "../../lib/diagnostic/stand_in.ts";

const POINTER = "a pointer of Git LFS; fetch the file itself: git lfs pull";
const PAGE = "a web page";

const texts: readonly (readonly [start: string, title: string | undefined])[] = [
  ["version https://git-lfs.github.com/spec/v1\noid sha256:0", POINTER],
  ["<!doctype html><p>", PAGE],
  ["\r\n <HTML lang=en>", PAGE],
  ["\ufeff<html>", PAGE],
  ["\xef\xbb\xbf<html>", PAGE], // the same mark as bytes
  ['<?xml version="1.0"?>\n<!-- moved -->\n<!DOCTYPE html>', PAGE],
  ['{ "token": "<html>" }', undefined],
  ["image,label\n<html>,cat", undefined],
  ["<svg width='9'>", undefined],
  ["<htmlish>", undefined],
  ["version 2", undefined],
  [`<!--${" ".repeat(1024)}--><html>`, undefined],
  ["", undefined],
];

for (const [start, title] of texts) {
  Deno.test(`standIn() says of ${JSON.stringify(start.slice(0, 40))}: ${title}`, () => {
    assertEquals(standIn(start), title);
  });
}
