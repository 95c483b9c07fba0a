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
import json
import re
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM, AutoTokenizer, Blip2QFormerConfig, Blip2QFormerModel, Blip2VisionConfig,
    Blip2VisionModel, InstructBlipQFormerConfig, InstructBlipQFormerModel,
)

import blip2
from hugging_face import rename, save

# name: model_type of the directory, name of the projection, and whether the Q-Former reads the instruction.
MODELS = {
    "minigpt4": ("minigpt4", "llama_proj", False),
    "vpgtrans": ("minigpt4", "llama_proj", False),
    "bliva": ("instructblip", "llm_proj", True),
}
BLOCKS = 39  # of 40: the authors leave the last one out
VISION_HEAD, QFORMER_HEAD = 88, 64
IMAGE = "<image>"
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]

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


def fill(module, named, prefix):
    """Loads all weights of a module; what the checkpoints lack is named."""
    wanted = module.state_dict()
    found = {name: named[prefix + name] for name in wanted if prefix + name in named}
    missing = [name for name in wanted if name not in found and not name.endswith("position_ids")]
    if missing:
        raise SystemExit(f"Cannot export: the checkpoints lack {len(missing)} weights of {prefix[:-1]}, such as {missing[0]}")
    module.load_state_dict(found, strict=False)
    return module.eval()


def layers_in(named, pattern):
    return 1 + max(int(found[1]) for found in (re.match(pattern, name) for name in named) if found)


def make_vision(named):
    patch = named["vision.embeddings.patch_embedding.weight"]
    places = named["vision.embeddings.position_embedding"].shape[1] - 1
    width, side = patch.shape[0], patch.shape[-1]
    config = Blip2VisionConfig(
        hidden_size=width, patch_size=side, image_size=round(places**0.5) * side,
        intermediate_size=named["vision.encoder.layers.0.mlp.fc1.weight"].shape[0],
        num_attention_heads=width // VISION_HEAD, hidden_act="gelu", layer_norm_eps=1e-6,
        num_hidden_layers=min(BLOCKS, layers_in(named, r"vision\.encoder\.layers\.(\d+)\.")),
    )
    vision = Blip2VisionModel(config)
    vision.post_layernorm.eps = 1e-5
    vision.set_attn_implementation("eager")
    return fill(vision, named, "vision.")


def make_qformer(named, reads):
    width = named["qformer.embeddings.layernorm.weight"].shape[0]
    words = named.get("qformer.embeddings.word_embeddings.weight")
    sizes = dict(
        hidden_size=width, num_attention_heads=width // QFORMER_HEAD, cross_attention_frequency=2,
        num_hidden_layers=layers_in(named, r"qformer\.encoder\.layer\.(\d+)\."),
        intermediate_size=named["qformer.encoder.layer.0.intermediate_query.dense.weight"].shape[0],
        encoder_hidden_size=named["qformer.encoder.layer.0.crossattention.attention.key.weight"].shape[1],
        layer_norm_eps=1e-12,
    )
    if reads:
        positions = named["qformer.embeddings.position_embeddings.weight"].shape[0]
        config = InstructBlipQFormerConfig(vocab_size=words.shape[0], max_position_embeddings=positions, **sizes)
        qformer = InstructBlipQFormerModel(config)
    else:
        qformer = Blip2QFormerModel(Blip2QFormerConfig(**sizes))
        named = {name.replace("qformer.embeddings.layernorm.", "qformer.layernorm."): value for name, value in named.items()}
    qformer.set_attn_implementation("eager")
    return fill(qformer, named, "qformer.")


def linear(weights, name):
    weight, bias = weights[f"{name}.weight"].float(), weights[f"{name}.bias"].float()
    module = torch.nn.Linear(weight.shape[1], weight.shape[0])
    module.load_state_dict({"weight": weight, "bias": bias})
    return module


class Vision(torch.nn.Module):
    """pixel_values, and the Q-Former's text where it reads one -> image_features [images, rows, width]."""

    def __init__(self, weights, projection, reads, kind=torch.float32):
        super().__init__()
        named = named_anew(weights)
        self.vision, self.qformer = make_vision(named).to(kind), make_qformer(named, reads)
        self.queries = torch.nn.Parameter(weights["query_tokens"].float())
        self.projection = linear(weights, projection)
        # BLIVA shows the language model the patches as well, as they are before the last block.
        self.patches = linear(weights, "vision_project") if "vision_project.weight" in weights else None

    def encode(self, pixels):
        x = before = self.vision.embeddings(pixels)
        for layer in self.vision.encoder.layers:
            before, x = x, layer(x)
            x = x[0] if isinstance(x, tuple) else x
        return self.vision.post_layernorm(x).float(), before[:, 1:].float()

    def forward(self, pixel_values, *text):
        seen, patches = self.encode(pixel_values)
        queries = self.queries.expand(seen.shape[0], -1, -1)
        count = queries.shape[1]
        words = {}
        if text:
            mask = torch.cat([torch.ones_like(queries[:, :, 0], dtype=torch.long), text[1]], dim=1)
            words = {"input_ids": text[0], "attention_mask": mask}
        found = self.qformer(query_embeds=queries, encoder_hidden_states=seen, **words).last_hidden_state
        rows = self.projection(found[:, :count])
        return rows if self.patches is None else torch.cat([rows, self.patches(patches)], dim=1)


class Embeddings(torch.nn.Module):
    """input_ids -> inputs_embeds, with a row of zeros behind the words, for the placeholder."""

    def __init__(self, words):
        super().__init__()
        self.table = torch.nn.Parameter(torch.cat([words.weight, torch.zeros_like(words.weight[:1])]))

    def forward(self, input_ids):
        return torch.nn.functional.embedding(input_ids, self.table)


def export_graphs(vision, language, folder):
    size = vision.vision.config.image_size
    inputs = {"pixel_values": torch.randn(blip2.BATCH, 3, size, size)}
    axes = {"pixel_values": {0: "batch_size"}, "image_features": {0: "batch_size"}}
    if isinstance(vision.qformer, InstructBlipQFormerModel):
        for name in ("qformer_input_ids", "qformer_attention_mask"):
            inputs[name] = torch.ones(blip2.BATCH, blip2.TOKENS, dtype=torch.long)
            axes[name] = {0: "batch_size", 1: "instruction_length"}
    save(vision, folder / "vision_encoder.onnx", inputs, ["image_features"], axes)
    ids = torch.zeros(2, 3, dtype=torch.long)
    save(Embeddings(language.get_input_embeddings()), folder / "embed_tokens.onnx", {"input_ids": ids},
         ["inputs_embeds"], blip2.tokens_axes("input_ids", "inputs_embeds"))
    blip2.export_causal(language, folder, save)


def write_texts(name, vision, language, tokenizer, out):
    words, size = language.get_input_embeddings().num_embeddings, vision.vision.config.image_size
    queries = vision.queries.shape[1]
    rows = queries + (0 if vision.patches is None else (size // vision.vision.config.patch_size) ** 2)
    tokenizer.add_tokens([f"<unused {i}>" for i in range(words - len(tokenizer))])
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE]})
    if MODELS[name][0] == "minigpt4":
        tokenizer.chat_template = DIALOGUE
    tokenizer.save_pretrained(out)
    language.generation_config.save_pretrained(out)
    texts = {
        "config.json": {
            "model_type": MODELS[name][0], "image_token_index": tokenizer.convert_tokens_to_ids(IMAGE),
            "image_seq_length": rows, "num_query_tokens": queries, "use_decoder_only_language_model": True,
            "text_config": language.config.to_dict(), "vision_config": vision.vision.config.to_dict(),
            "qformer_config": vision.qformer.config.to_dict(),
        },
        "preprocessor_config.json": {
            "image_processor_type": "BlipImageProcessor", "do_convert_rgb": True, "do_resize": True,
            "size": {"height": size, "width": size}, "resample": 3, "do_rescale": True,
            "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": MEAN, "image_std": DEVIATION,
        },
    }
    for file, content in texts.items():
        (out / file).write_text(json.dumps(content, indent=1, default=str) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--language", required=True, help="the language model, as Hugging Face has it")
    parser.add_argument("--weights", required=True, nargs="+", type=Path, help="the authors' checkpoints")
    parser.add_argument("--qformer-tokenizer", help="the tokenizer of a Q-Former that reads: BERT's")
    parser.add_argument("--half", action="store_true", help="float16 weights")
    given = parser.parse_args()
    _, projection, reads = MODELS[given.model]
    if reads and not given.qformer_tokenizer:
        parser.error(f"{given.model} needs --qformer-tokenizer, such as bert-base-uncased")
    kind = torch.float16 if given.half else torch.float32
    language = AutoModelForCausalLM.from_pretrained(given.language, dtype=kind, attn_implementation="eager").eval()
    vision = Vision(read_weights(given.weights), projection, reads, kind)
    export_graphs(vision, language, given.out / "onnx")
    if given.half:
        for path in list((given.out / "onnx").glob("*.onnx")):
            rename(path, path.with_name(f"{path.stem}_fp16.onnx"))
    write_texts(given.model, vision, language, AutoTokenizer.from_pretrained(given.language), given.out)
    if reads:
        words = AutoTokenizer.from_pretrained(given.qformer_tokenizer)
        words.add_special_tokens({"bos_token": "[DEC]"})
        words.save_pretrained(given.out / "qformer_tokenizer")


if __name__ == "__main__":
    main()
