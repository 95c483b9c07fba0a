/**
 * Answers as the official evaluation of VQA writes them before it compares (Antol et al., arXiv
 * 1505.00468; visualqa.org/evaluation.html): lower case, no articles, digits for numbers, apostrophes
 * where contractions lack them, no punctuation but within numbers.
 *
 * @module
 */

const numbers: Readonly<Record<string, string>> = {
  none: "0",
  zero: "0",
  one: "1",
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  ten: "10",
};

const articles = new Set(["a", "an", "the"]);

/** Signs that are left out between words, and become blanks within them. */
const signs = [...'; / [ ] " { } ( ) = + \\ _ - > < @ ` , ? !'.replaceAll(" ", "")];

/** Words with apostrophes, of which people leave one out. */
const contractions = [
  ..."ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't"
    .split(" "),
  ..."haven't he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't"
    .split(" "),
  ..."mightn't've might've mustn't must've needn't not've o'clock oughtn't 'ow's'at shan't she'd've"
    .split(" "),
  ..."should've shouldn't shouldn't've somebody'd somebody'd've somebody'll somebody's someone'd"
    .split(" "),
  ..."someone'd've someone'll someone's something'd something'd've something'll that's there'd"
    .split(" "),
  ..."there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've"
    .split(" "),
  ..."weren't what'll what're what's what've when's where'd where's where've who'd who'd've who'll"
    .split(" "),
  ..."who's who've why'll why're why's won't would've wouldn't wouldn't've y'all y'all'll y'all'd've"
    .split(" "),
  ..."you'd you'd've you'll you're you've".split(" "),
];

/** Contractions by their forms without one apostrophe. */
const byForm = new Map(
  contractions.flatMap((word) =>
    [...word.matchAll(/'/g)].map(({ index }) =>
      [word.slice(0, index) + word.slice(index + 1), word] as const
    )
  ),
);

/** An answer in the official form. */
export function vqaAnswer(text: string): string {
  return withoutSigns(onOneLine(text)).toLowerCase().split(/\s+/).filter((word) => word !== "")
    .map((word) => numbers[word] ?? word)
    .filter((word) => !articles.has(word))
    .map((word) => byForm.get(word) ?? word)
    .join(" ");
}

const onOneLine = (text: string) => text.replaceAll(/[\n\t]/g, " ").trim();

function withoutSigns(text: string): string {
  const hasNumber = /\d,\d/.test(text);
  const bare = signs.reduce((out, sign) => {
    const isBetween = text.includes(`${sign} `) || text.includes(` ${sign}`);
    return out.replaceAll(sign, isBetween || hasNumber ? "" : " ");
  }, text);
  return bare.replaceAll(/(?<!\d)\.(?!\d)|\.(?!\d)/g, "");
}

/** How many people have to agree with an answer for all of the credit. */
const enough = 3;

/**
 * The credit that the official evaluation gives an answer where several people answered: the share
 * min(n / 3, 1) for the n who said the same, averaged over all ways to leave one person out. As in
 * its code, answers are brought to the official form only where people differ: where all wrote the
 * same, the answer must be written so too.
 *
 * @returns Undefined where too few answered.
 */
export function vqaCredit(answer: string, people: readonly string[]): number | undefined {
  if (people.length <= enough) return undefined;
  const areSame = new Set(people.map(onOneLine)).size === 1;
  const form = areSame ? onOneLine : vqaAnswer;
  const said = form(answer);
  const agreeing = people.filter((one) => form(one) === said).length;
  const without = (left: number) => Math.min((agreeing - left) / enough, 1);
  const others = people.length - agreeing;
  return (agreeing * (agreeing > 0 ? without(1) : 0) + others * without(0)) / people.length;
}
