"""The tokenizer of ChatGLM-6B, a SentencePiece model, as a tokenizer.json.

Newlines, tabs and runs of spaces are pieces of their own, written in words. A prompt ends with [gMASK] and
<sop>, an answer with <eop>.
"""

from sentencepiece import sentencepiece_model_pb2
from tokenizers import decoders, normalizers, processors
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import SpmConverter

UNIGRAM = 1
BLANKS = range(80, 1, -1)
SPECIAL = {
    "unk_token": "<unk>", "pad_token": "<pad>", "bos_token": "<sop>", "eos_token": "<eop>",
    "mask_token": "[MASK]",
}
PROMPT_END = ["[gMASK]", "<sop>"]
CHAT = """\
{%- for message in messages %}
{%- set content = message['content'] %}
{%- if message['role'] == 'assistant' %}
{{- '答：' + content + '\\n' }}
{%- elif content is string %}
{{- '<img><image></img>' if '<image>' in content else '' }}
{{- '问：' + (content | replace('<image>', '') | trim) + '\\n' }}
{%- else %}
{%- for part in content if part['type'] == 'image' %}
{{- '<img><image></img>' }}
{%- endfor %}
{{- '问：' }}
{%- for part in content if part['type'] == 'text' %}
{{- part['text'] }}
{%- endfor %}
{{- '\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '答：' }}
{%- endif %}
"""


def written():
    """What stands in texts, and the piece for it; the longest run of spaces first."""
    return [("\n", "<n>"), ("\t", "<|tab|>"), *((" " * n, f"<|blank_{n}|>") for n in BLANKS)]


def read_tokenizer(path, offset=0):
    """The tokenizer of an ice_text.model whose ids start behind `offset` image tokens; later checkpoints have none."""
    if offset:
        raise SystemExit(f"Cannot export {path}: its ids start behind {offset} image tokens, as in early checkpoints")
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(path.read_bytes())
    unigram = proto.trainer_spec.model_type == UNIGRAM
    vocabulary = (
        [(piece.piece, piece.score) for piece in proto.pieces] if unigram
        else {piece.piece: i for i, piece in enumerate(proto.pieces)})
    tokenizer = SpmConverter.build_tokenizer_from_spm_proto(proto, vocabulary)
    pieces = {piece.piece for piece in proto.pieces}
    lacking = [piece for piece in [*SPECIAL.values(), *PROMPT_END] if piece not in pieces]
    if lacking:
        raise SystemExit(f"Cannot export {path}: it has no piece {lacking[0]}")
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(text, piece) for text, piece in written()] + [tokenizer.normalizer])
    tokenizer.decoder = decoders.Sequence(
        [tokenizer.decoder, decoders.Fuse()] + [decoders.Replace(piece, text) for text, piece in written()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=" ".join(["$A", *PROMPT_END]),
        special_tokens=[(piece, tokenizer.token_to_id(piece)) for piece in PROMPT_END])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, additional_special_tokens=PROMPT_END[:1], padding_side="left", **SPECIAL)
    fast.chat_template = CHAT
    return fast
