"""Writes reference.json: what the steps of Hugging Face's tokenizers library do with some texts.

    pip install tokenizers==0.23.3 && python make_reference.py
"""
import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders as D, models as M
from tokenizers import normalizers as N, pre_tokenizers as P, processors as R

TEXTS = [
    "", " ", "It's 12,5 dogs!!", "  two\u00a0 spaces\t\n\nand lines ", "Äé e\u0301 İ ΑΣ ﬁ ① ½ ²x", "日本語 ひらがな ー a-b_c",
    "a\u200bb\u0007c\u0000\ufffd", "👩\u200d👩 𠀀𝕏", "WE'LL don't ``go'' . , ?", "▁x ▁▁ y", "abc123def٣٤", "\u0938\u094d\u0924\u0947",
]
NORMALIZERS = [
    N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Lowercase(), N.StripAccents(), N.Strip(), N.Strip(left=False), N.Strip(right=False),
    N.Prepend("▁"), N.Replace(" ", "▁"), N.Replace(Regex(r"\s{2,}"), "$&"), N.Replace(Regex("x*"), "_"), N.Replace("``", '"'), N.Nmt(), N.ByteLevel(),
    N.BertNormalizer(), N.BertNormalizer(lowercase=False), N.BertNormalizer(strip_accents=False), N.BertNormalizer(clean_text=False, handle_chinese_chars=False),
    N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()]),
]
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
PRE_TOKENIZERS = [
    *[P.ByteLevel(add_prefix_space=a, use_regex=b) for a in (True, False) for b in (True, False)],
    *[P.Metaspace("▁", scheme, split) for scheme in ("always", "first", "never") for split in (True, False)],
    P.Whitespace(), P.WhitespaceSplit(), P.BertPreTokenizer(), P.CharDelimiterSplit("-"), P.UnicodeScripts(), P.FixedLength(length=3),
    P.Digits(True), P.Digits(False), *[P.Punctuation(b) for b in BEHAVIORS],
    *[P.Split(Regex(r"\s+|[,.!]"), b, invert=i) for b in BEHAVIORS for i in (True, False)],
    *[P.Split(" ", b) for b in BEHAVIORS], P.Split(Regex(GPT4), "isolated"), P.Split(Regex(r"[\w]+"), "removed"), P.Split(Regex(r"\w+|\b"), "removed", invert=True),
    P.Sequence([P.WhitespaceSplit(), P.Metaspace("▁", "first"), P.Digits(True)]),
]
TOKENS = [
    [], ["a"], ["▁▁Hello", "▁world", "▁"], ["un", "##able", "don", "##'", "##t", ".", "do", "not"], ["<0x41>", "<0xE6>", "<0x97>", "<0xA5>", "x", "<0xFF>", "<0xE6>"],
    ["h", "h", "<pad>", "l", "l", "<pad>", "l", "|", "|", "o"], ["lo</w>", "w", "er</w>"], ["Ġa", "Ã", "©", "日", "Ċ"], [" ", "  x ", "yy"],
]
DECODERS = [
    D.ByteLevel(), D.ByteFallback(), D.Fuse(), D.WordPiece(), D.WordPiece(cleanup=False), *[D.Metaspace("▁", s) for s in ("always", "first", "never")],
    D.BPEDecoder(), D.CTC(), D.CTC(cleanup=False), D.Replace("▁", " "), D.Replace(Regex("[aeiou]"), "*"),
    D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)]), D.Strip("o", 0, 1),
]


def words(*tokens):
    return {token: i for i, token in enumerate(tokens)}


BYTES = [f"<0x{i:02X}>" for i in range(256)]
MERGES = [("a", "b"), ("ab", "c"), ("b", "c"), ("l", "l")]
LETTERS = ["<unk>", *"abcdl▁", "ab", "abc", "bc", "ll"]
MODELS = [
    M.BPE(words(*LETTERS), MERGES), M.BPE(words(*LETTERS), MERGES, unk_token="<unk>"), M.BPE(words(*LETTERS), MERGES, unk_token="<unk>", fuse_unk=True),
    M.BPE(words(*LETTERS, *BYTES), MERGES, unk_token="<unk>", byte_fallback=True), M.BPE(words(*LETTERS, "abcd"), MERGES, ignore_merges=True),
    M.BPE(words(*"ab", "##a", "##b", "a##", "ab", "##ab"), [("a", "##b"), ("##a", "##b")], continuing_subword_prefix="##"),
    M.BPE(words(*"ab", "a</w>", "b</w>", "ab</w>"), [("a", "b</w>")], end_of_word_suffix="</w>"),
    M.WordPiece(words("[UNK]", "ab", "##c", "##cd", "abc", "l", "##l"), unk_token="[UNK]"), M.WordPiece(words("[UNK]", "ab", "##c"), unk_token="[UNK]", max_input_chars_per_word=3),
    M.WordLevel(words("<unk>", "abc", "ll"), unk_token="<unk>"),
    M.Unigram([("<unk>", 0.0), ("a", -2.0), ("b", -2.5), ("c", -3.0), ("ab", -4.0), ("bc", -4.5), ("abc", -9.0), ("l", -1.0), ("ll", -2.5)], 0),
    M.Unigram([("<unk>", 0.0), *[(b, -20.0) for b in BYTES], ("a", -2.0), ("ab", -1.0)], 0, byte_fallback=True),
]
PIECES = ["abc", "abcd", "aabbcc", "llll", "xaby", "é日a", "xyz", "ab"]
ADDED_TEXTS = ["word words a word.", "x <i> y<i>  z", "A WORD 日本word", "<m> <m>\n\n<i>wordword", "𠀀word é word"]


def added():
    for single in (False, True):
        for strip in ((False, False), (True, False), (False, True), (True, True)):
            for normalized in (False, True):
                options = dict(single_word=single, lstrip=strip[0], rstrip=strip[1], normalized=normalized)
                t = Tokenizer(M.WordLevel(words("<unk>", " ", "▁x"), unk_token="<unk>"))
                t.normalizer = N.Lowercase()
                t.pre_tokenizer = P.Metaspace("▁", "first")
                t.add_tokens([AddedToken("Word", **options), AddedToken("日本", **options)])
                t.add_special_tokens([AddedToken("<i>", special=True, **options), AddedToken("<m>", special=True, normalized=False)])
                t.post_processor = R.TemplateProcessing(single="<m> $A <i>", special_tokens=[("<m>", t.token_to_id("<m>")), ("<i>", t.token_to_id("<i>"))])
                yield t


def plain(step):
    return json.loads(step.__getstate__())


rows = []
for step in NORMALIZERS:
    rows.append({"part": "normalizer", "step": plain(step), "want": [step.normalize_str(text) for text in TEXTS]})
for step in PRE_TOKENIZERS:
    rows.append({"part": "pre_tokenizer", "step": plain(step), "want": [[piece for piece, _ in step.pre_tokenize_str(text)] for text in TEXTS]})
for step in DECODERS:
    rows.append({"part": "decoder", "step": plain(step), "want": [step.decode(list(tokens)) for tokens in TOKENS]})
for model in MODELS:
    rows.append({"part": "model", "step": plain(model), "want": [[token.id for token in model.tokenize(piece)] for piece in PIECES]})
for tokenizer in added():
    want = [[tokenizer.encode(text, add_special_tokens=special).ids for special in (False, True)] for text in ADDED_TEXTS]
    decoded = [tokenizer.decode(ids) for ids, _ in want]
    rows.append({"part": "tokenizer", "step": json.loads(tokenizer.to_str()), "want": want, "decoded": decoded})
reference = {"texts": TEXTS, "tokens": TOKENS, "pieces": PIECES, "added": ADDED_TEXTS}
lines = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows)
head = json.dumps(reference, ensure_ascii=True)[:-1]
Path(__file__).with_name("reference.json").write_text(f'{head}, "rows": [\n{lines}\n]}}\n')
print(len(rows))
