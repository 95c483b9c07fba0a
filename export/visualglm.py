"""VisualGLM-6B from its authors' checkpoint: EVA's ViT-g and a Q-Former in front of ChatGLM-6B.

    python visualglm.py THUDM/visualglm-6b OUT --half        # a folder, or owner/name on a hub

The checkpoint is that for transformers: `config.json`, `pytorch_model-*.bin` and `ice_text.model`. Its code is
not run. The vision encoder and the Q-Former have the names of SwissArmyTransformer.
"""

import json
import re
from pathlib import Path

import torch
from huggingface_hub import snapshot_download

from chatglm import ChatGLM, export_chatglm
from chatglm_tokenizer import read_tokenizer
from eva_qformer import (
    Vision, add_image_token, export_embeddings, export_features, fill, linear, write_settings,
)
from hugging_face import name_half, read_arguments

FILES = ["config.json", "generation_config.json", "tokenizer_config.json", "ice_text.model", "*.bin"]

SEEN = "image_encoder.vit."
VISION = (
    (r"^transformer\.word_embeddings\.weight$", "vision.embeddings.class_embedding"),
    (r"^transformer\.position_embeddings\.weight$", "vision.embeddings.position_embedding"),
    (r"^mixins\.patch_embedding\.proj\.", "vision.embeddings.patch_embedding."),
    (r"^transformer\.layers\.(\d+)\.input_layernorm\.", r"vision.encoder.layers.\1.layer_norm1."),
    (r"^transformer\.layers\.(\d+)\.attention\.query_key_value\.", r"vision.encoder.layers.\1.self_attn.qkv."),
    (r"^transformer\.layers\.(\d+)\.attention\.dense\.", r"vision.encoder.layers.\1.self_attn.projection."),
    (r"^transformer\.layers\.(\d+)\.post_attention_layernorm\.", r"vision.encoder.layers.\1.layer_norm2."),
    (r"^transformer\.layers\.(\d+)\.mlp\.dense_h_to_4h\.", r"vision.encoder.layers.\1.mlp.fc1."),
    (r"^transformer\.layers\.(\d+)\.mlp\.dense_4h_to_h\.", r"vision.encoder.layers.\1.mlp.fc2."),
    (r"^mixins\.cls\.ln_vision\.", "vision.post_layernorm."),
)

ASKED = "image_encoder.qformer."
LAYER = "qformer.encoder.layer"
QFORMER = (
    (r"^transformer\.layers\.(\d+)\.attention\.dense\.", rf"{LAYER}.\1.attention.output.dense."),
    (r"^transformer\.layers\.(\d+)\.post_attention_layernorm\.", rf"{LAYER}.\1.attention.output.LayerNorm."),
    (r"^transformer\.layers\.(\d+)\.cross_attention\.query\.", rf"{LAYER}.\1.crossattention.attention.query."),
    (r"^transformer\.layers\.(\d+)\.cross_attention\.dense\.", rf"{LAYER}.\1.crossattention.output.dense."),
    (r"^transformer\.layers\.(\d+)\.post_cross_attention_layernorm\.", rf"{LAYER}.\1.crossattention.output.LayerNorm."),
    (r"^transformer\.layers\.(\d+)\.mlp\.dense_h_to_4h\.", rf"{LAYER}.\1.intermediate_query.dense."),
    (r"^transformer\.layers\.(\d+)\.mlp\.dense_4h_to_h\.", rf"{LAYER}.\1.output_query.dense."),
)
# Weights that are several of transformers' in one.
JOINED = (
    (r"^transformer\.layers\.(\d+)\.attention\.query_key_value\.(\w+)$", "attention", ("query", "key", "value")),
    (r"^transformer\.layers\.(\d+)\.cross_attention\.key_value\.(\w+)$", "crossattention", ("key", "value")),
)


def below(weights, prefix):
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def renamed(weights, rules):
    named = {}
    for name, value in weights.items():
        for pattern, replacement in rules:
            if re.search(pattern, name):
                named[re.sub(pattern, replacement, name)] = value.float()
                break
    return named


def vision_weights(weights):
    named = renamed(below(weights, SEEN), VISION)
    for name in ("vision.embeddings.class_embedding", "vision.embeddings.position_embedding"):
        named[name] = named[name][None]
    return named


def qformer_weights(weights):
    """The norm in front of a block is the one behind the block before it, as BERT has them."""
    own = below(weights, ASKED)
    named = renamed(own, QFORMER)
    for name, value in own.items():
        for pattern, place, parts in JOINED:
            found = re.search(pattern, name)
            for part, piece in zip(parts, value.float().chunk(len(parts))) if found else ():
                named[f"{LAYER}.{found[1]}.{place}.attention.{part}.{found[2]}"] = piece
    layers = 1 + max(int(name.split(".")[3]) for name in named)
    for kind in ("weight", "bias"):
        named[f"qformer.embeddings.layernorm.{kind}"] = own[f"transformer.layers.0.input_layernorm.{kind}"].float()
        for layer in range(1, layers + 1):
            norm = "final_layernorm" if layer == layers else f"layers.{layer}.input_layernorm"
            named[f"{LAYER}.{layer - 1}.output_query.LayerNorm.{kind}"] = own[f"transformer.{norm}.{kind}"].float()
    return named


def make_encoder(weights, kind=torch.float32):
    named = vision_weights(weights) | qformer_weights(weights)
    queries = weights[f"{ASKED}transformer.word_embeddings.weight"][None]
    return Vision(named, queries, linear(weights, "image_encoder.glm_proj"), kind=kind)


def make_language(config, weights, kind=torch.float32):
    own = {name: value.to(kind) for name, value in below(weights, "transformer.").items()}
    own["lm_head.weight"] = weights["lm_head.weight"].to(kind)
    language = ChatGLM(config, kind)
    own |= {name: value for name, value in language.state_dict().items() if name.startswith("places.")}
    return fill(language, {f"language.{name}": value for name, value in own.items()}, "language.")


def export_graphs(vision, language, words, folder):
    export_features(vision, folder)
    export_embeddings(words, folder)
    export_chatglm(language, folder)


def read_weights(folder):
    whole = {}
    for path in sorted(folder.glob("*.bin")):
        whole |= torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    if not whole:
        raise SystemExit(f"Cannot export: {folder} has no *.bin files with weights")
    return whole


def main():
    given = read_arguments(__doc__)
    folder = Path(given.checkpoint)
    if not folder.is_dir():
        folder = Path(snapshot_download(given.checkpoint, revision=given.revision, allow_patterns=FILES))
    export(folder, given.out, torch.float16 if given.half else torch.float32)


def export(folder, out, kind):
    config = json.loads((folder / "config.json").read_text())
    weights = read_weights(folder)
    words = torch.nn.Embedding.from_pretrained(weights["transformer.word_embeddings.weight"].to(kind))
    vision = make_encoder(weights, kind)
    export_graphs(vision, make_language(config, weights, kind), words, out / "onnx")
    if kind == torch.float16:
        name_half(out / "onnx")
    settings = folder / "tokenizer_config.json"
    offset = json.loads(settings.read_text()).get("num_image_tokens", 0) if settings.exists() else 0
    tokenizer = read_tokenizer(folder / "ice_text.model", offset)
    token = add_image_token(tokenizer, words.num_embeddings)
    tokenizer.save_pretrained(out)
    (out / "generation_config.json").write_text(json.dumps(
        {name: config[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id")}, indent=1) + "\n")
    kept = ("hidden_size", "num_layers", "num_attention_heads", "inner_hidden_size", "layernorm_epsilon",
            "vocab_size", "max_sequence_length", "bos_token_id", "eos_token_id", "pad_token_id")
    write_settings({
        "model_type": "visualglm", "image_token_index": token,
        "text_config": {"model_type": "chatglm"} | {name: config[name] for name in kept},
    }, vision, out)


if __name__ == "__main__":
    main()
