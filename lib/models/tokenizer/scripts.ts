/** Scripts of characters, as the pre-tokenizer UnicodeScripts distinguishes them. @module */
import { cutPiece, type Piece } from "./split.ts";

const names =
  "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han Hangul Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Malayalam Mandaic Manichaean Marchen Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean New_Tai_Lue Newa Nko Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sora_Sompeng Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Warang_Citi Yi"
    .split(" ");

/** Characters that go with every script. */
const any = "Any";

const known = new Map<string, string>([[" ", any], ["ー", "Han"]]);

/** Kana and ideographs count as one script. */
const sameAs: Readonly<Record<string, string>> = {
  Hiragana: "Han",
  Katakana: "Han",
};

let expressions: readonly (readonly [string, RegExp])[] | undefined;

function scriptOf(character: string): string {
  const found = known.get(character);
  if (found !== undefined) return found;
  expressions ??= names.map((name) => [name, new RegExp(`^\\p{Script=${name}}$`, "u")]);
  const name = expressions.find(([, expression]) => expression.test(character))?.[0] ?? any;
  const script = sameAs[name] ?? name;
  known.set(character, script);
  return script;
}

/** The pieces of a piece that are of one script; what comes before the first script is lost. */
export function splitScripts(piece: Piece): readonly Piece[] {
  const starts: number[] = [];
  let [offset, last] = [0, ""];
  for (const character of piece.text) {
    const script = scriptOf(character);
    if (script !== any && script !== last) starts.push(offset);
    if (script !== any) last = script;
    offset += character.length;
  }
  return starts.map((start, i) => cutPiece(piece, { start, end: starts[i + 1] ?? offset }));
}
