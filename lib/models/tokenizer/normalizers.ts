/** Normalizers of tokenizer.json: text to text, before it is split. A new one is a row here. @module */
import { bytesAsText } from "./byte_level.ts";
import { flagOf, type Json, listOf, type Maker, makeStep, textOf } from "./definition.ts";
import { patternOf, replaced, space } from "./pattern.ts";
import { precompiled } from "./precompiled.ts";

/** Text to text. */
export type Normalizer = (text: string) => string;

const form = (name: "NFC" | "NFD" | "NFKC" | "NFKD"): Maker<Normalizer> => () => (text) =>
  text.normalize(name);

const makers: Readonly<Record<string, Maker<Normalizer>>> = {
  NFC: form("NFC"),
  NFD: form("NFD"),
  NFKC: form("NFKC"),
  NFKD: form("NFKD"),
  // Letter by letter: a sigma at the end of a word is one like any other.
  Lowercase: () => lowercase,
  StripAccents: () => (text) => text.replaceAll(/\p{M}/gu, ""),
  Strip: stripper,
  Prepend: (fields) => {
    const start = textOf(fields, "prepend");
    return (text) => text === "" ? "" : start + text;
  },
  Replace: (fields) => {
    const [pattern, content] = [patternOf(fields), textOf(fields, "content")];
    return (text) => replaced(text, pattern, content);
  },
  Nmt: () => (text) => text.replaceAll(nmtRemoved, "").replaceAll(nmtSpaces, " "),
  ByteLevel: () => bytesAsText,
  BertNormalizer: bertNormalizer,
  Precompiled: (fields) => precompiled(textOf(fields, "precompiled_charsmap", "")),
  Sequence: (fields) => {
    const steps = listOf(fields, "normalizers").map(makeNormalizer);
    return (text) => steps.reduce((value, step) => step(value), text);
  },
};

/** Makes a normalizer; none keeps texts as they are. @throws {TokenizerPartError} If it cannot be read. */
export function makeNormalizer(fields: Json | null): Normalizer {
  return fields === null ? (text) => text : makeStep("normalizer", makers, fields);
}

// deno-lint-ignore no-control-regex
const nmtRemoved = /[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g;
const nmtSpaces = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

function lowercase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join("");
}

function stripper(fields: Json): Normalizer {
  const [left, right] = [flagOf(fields, "strip_left", true), flagOf(fields, "strip_right", true)];
  return (text) => {
    const start = left ? text.replace(/^\p{White_Space}+/u, "") : text;
    return right ? start.replace(/\p{White_Space}+$/u, "") : start;
  };
}

/** Ideographs; neither kana nor hangul. */
const ideographs =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

/** BERT's own: without control characters, ideographs as words of their own, without accents, lower case. */
function bertNormalizer(fields: Json): Normalizer {
  const lowers = flagOf(fields, "lowercase", true);
  const steps: readonly [boolean, Normalizer][] = [
    [flagOf(fields, "clean_text", true), withoutControl],
    [flagOf(fields, "handle_chinese_chars", true), (text) => text.replaceAll(ideographs, " $& ")],
    [
      flagOf(fields, "strip_accents", lowers),
      (text) => text.normalize("NFD").replaceAll(/\p{Mn}/gu, ""),
    ],
    [lowers, lowercase],
  ];
  const chosen = steps.filter(([isOn]) => isOn);
  return (text) => chosen.reduce((value, [, step]) => step(value), text);
}

function withoutControl(text: string): string {
  return Array.from(text, (character) => {
    if (/^[\t\n\r]$/.test(character)) return " ";
    if (/^[\0\ufffd]$|^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u.test(character)) return "";
    return space.test(character) ? " " : character;
  }).join("");
}
