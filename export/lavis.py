"""MiniGPT-4, VPGTrans and BLIVA from their authors' checkpoints, which are parts of a LAVIS model.

    python lavis.py minigpt4 OUT --language vicuna-7b-v0 \\
        --weights eva_vit_g.pth blip2_pretrained_flant5xxl.pth prerained_minigpt4_7b.pth --half
    python lavis.py vpgtrans OUT --language vicuna-7b-v0 --weights eva_vit_g.pth vl-vicuna.pth --half
    python lavis.py bliva OUT --language vicuna-7b-v1.1 --weights eva_vit_g.pth bliva_vicuna7b.pth \\
        --qformer-tokenizer bert-base-uncased --half

`--language` is a Llama in the form of Hugging Face, a folder or owner/name. Of several checkpoints the
later one wins, as when the authors' code loads them one after the other. The vision encoder is EVA's
ViT-g without its last block; the Q-Former and the projection stay float32.
"""

import argparse
import re
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import blip2
from eva_qformer import (
    Vision, add_image_token, export_embeddings, export_features, linear, write_settings,
)
from hugging_face import name_half, save

# name: model_type of the directory, name of the projection, and whether the Q-Former reads the instruction.
MODELS = {
    "minigpt4": ("minigpt4", "llama_proj", False),
    "vpgtrans": ("minigpt4", "llama_proj", False),
    "bliva": ("instructblip", "llm_proj", True),
}

# The dialogue of MiniGPT-4 and VPGTrans; an image stands between marks of its own.
DIALOGUE = """\
{%- for message in messages %}
{{- '###Human: ' if message['role'] == 'user' else '###Assistant: ' }}
{%- if message['content'] is string %}
{{- message['content'] | replace('<image> ', '<image>') | replace('<image>', '<Img><image></Img> ') }}
{%- else %}
{%- for part in message['content'] %}
{{- '<Img><image></Img> ' if part['type'] == 'image' else part['text'] }}
{%- endfor %}
{%- endif %}
{{- ' ' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '###Assistant: ' }}
{%- endif %}
"""

RENAMED = (
    (r"^visual_encoder\.cls_token$", "vision.embeddings.class_embedding"),
    (r"^visual_encoder\.pos_embed$", "vision.embeddings.position_embedding"),
    (r"^visual_encoder\.patch_embed\.proj\.", "vision.embeddings.patch_embedding."),
    (r"^visual_encoder\.blocks\.(\d+)\.norm(\d)\.", r"vision.encoder.layers.\1.layer_norm\2."),
    (r"^visual_encoder\.blocks\.(\d+)\.attn\.qkv\.", r"vision.encoder.layers.\1.self_attn.qkv."),
    (r"^visual_encoder\.blocks\.(\d+)\.attn\.proj\.", r"vision.encoder.layers.\1.self_attn.projection."),
    (r"^visual_encoder\.blocks\.(\d+)\.mlp\.", r"vision.encoder.layers.\1.mlp."),
    (r"^ln_vision\.", "vision.post_layernorm."),
    (r"^Qformer\.bert\.encoder\.layer\.(\d+)\.(attention|crossattention)\.self\.", r"qformer.encoder.layer.\1.\2.attention."),
    (r"^Qformer\.bert\.encoder\.", "qformer.encoder."),
    (r"^Qformer\.bert\.embeddings\.LayerNorm\.", "qformer.embeddings.layernorm."),
    (r"^Qformer\.bert\.embeddings\.", "qformer.embeddings."),
)


def read_weights(paths):
    """All tensors under the names of a whole LAVIS model."""
    whole = {}
    for path in paths:
        found = torch.load(path, map_location="cpu", weights_only=True)
        found = found.get("model", found)
        if "patch_embed.proj.weight" in found:  # a file of the encoder alone
            found = {f"visual_encoder.{name}": value for name, value in found.items()}
        whole.update(found)
    return whole


def named_anew(weights):
    """The same under the names of transformers; query and value have a bias, the key has none."""
    named = {}
    for name, value in weights.items():
        bias = re.fullmatch(r"visual_encoder\.blocks\.(\d+)\.attn\.q_bias", name)
        if bias:
            other = weights[name.replace("q_bias", "v_bias")]
            named[f"vision.encoder.layers.{bias[1]}.self_attn.qkv.bias"] = torch.cat(
                [value, torch.zeros_like(value), other])
        for pattern, replacement in RENAMED:
            if re.search(pattern, name):
                named[re.sub(pattern, replacement, name)] = value.float()
                break
    return named


def make_encoder(name, weights, kind=torch.float32):
    _, projection, reads = MODELS[name]
    patches = linear(weights, "vision_project") if "vision_project.weight" in weights else None
    return Vision(named_anew(weights), weights["query_tokens"], linear(weights, projection), reads, kind, patches)


def export_graphs(vision, language, folder):
    export_features(vision, folder)
    export_embeddings(language.get_input_embeddings(), folder)
    blip2.export_causal(language, folder, save)


def write_texts(name, vision, language, tokenizer, out):
    token = add_image_token(tokenizer, language.get_input_embeddings().num_embeddings)
    if MODELS[name][0] == "minigpt4":
        tokenizer.chat_template = DIALOGUE
    tokenizer.save_pretrained(out)
    language.generation_config.save_pretrained(out)
    write_settings({
        "model_type": MODELS[name][0], "image_token_index": token, "use_decoder_only_language_model": True,
        "text_config": language.config.to_dict(),
    }, vision, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--language", required=True, help="the language model, as Hugging Face has it")
    parser.add_argument("--weights", required=True, nargs="+", type=Path, help="the authors' checkpoints")
    parser.add_argument("--qformer-tokenizer", help="the tokenizer of a Q-Former that reads: BERT's")
    parser.add_argument("--half", action="store_true", help="float16 weights")
    given = parser.parse_args()
    reads = MODELS[given.model][2]
    if reads and not given.qformer_tokenizer:
        parser.error(f"{given.model} needs --qformer-tokenizer, such as bert-base-uncased")
    kind = torch.float16 if given.half else torch.float32
    language = AutoModelForCausalLM.from_pretrained(given.language, dtype=kind, attn_implementation="eager").eval()
    vision = make_encoder(given.model, read_weights(given.weights), kind)
    export_graphs(vision, language, given.out / "onnx")
    if given.half:
        name_half(given.out / "onnx")
    write_texts(given.model, vision, language, AutoTokenizer.from_pretrained(given.language), given.out)
    if reads:
        words = AutoTokenizer.from_pretrained(given.qformer_tokenizer)
        words.add_special_tokens({"bos_token": "[DEC]"})
        words.save_pretrained(given.out / "qformer_tokenizer")


if __name__ == "__main__":
    main()
