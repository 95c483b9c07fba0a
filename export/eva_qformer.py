"""EVA's ViT-g, a Q-Former and a projection, which MiniGPT-4, VPGTrans, BLIVA and VisualGLM share.

Weights come under the names of transformers, behind `vision.` and `qformer.`. The sizes are those of the
weights. The vision encoder has no last block; the Q-Former and the projections stay float32.
"""

import json
import re

import torch
from transformers import (
    Blip2QFormerConfig, Blip2QFormerModel, Blip2VisionConfig, Blip2VisionModel, InstructBlipQFormerConfig,
    InstructBlipQFormerModel,
)

import blip2
from hugging_face import save

BLOCKS = 39  # of 40: the authors leave the last one out
VISION_HEAD, QFORMER_HEAD = 88, 64
IMAGE = "<image>"
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


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

    def __init__(self, named, queries, projection, reads=False, kind=torch.float32, patches=None):
        super().__init__()
        self.vision, self.qformer = make_vision(named).to(kind), make_qformer(named, reads)
        self.queries = torch.nn.Parameter(queries.float())
        self.projection = projection
        # BLIVA shows the language model the patches as well, as they are before the last block.
        self.patches = patches

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


def export_features(vision, folder):
    size = vision.vision.config.image_size
    inputs = {"pixel_values": torch.randn(blip2.BATCH, 3, size, size)}
    axes = {"pixel_values": {0: "batch_size"}, "image_features": {0: "batch_size"}}
    if isinstance(vision.qformer, InstructBlipQFormerModel):
        for name in ("qformer_input_ids", "qformer_attention_mask"):
            inputs[name] = torch.ones(blip2.BATCH, blip2.TOKENS, dtype=torch.long)
            axes[name] = {0: "batch_size", 1: "instruction_length"}
    save(vision, folder / "vision_encoder.onnx", inputs, ["image_features"], axes)


def export_embeddings(words, folder):
    ids = torch.zeros(2, 3, dtype=torch.long)
    save(Embeddings(words), folder / "embed_tokens.onnx", {"input_ids": ids}, ["inputs_embeds"],
         blip2.tokens_axes("input_ids", "inputs_embeds"))


def rows_of(vision):
    """Rows of features that an image becomes."""
    size = vision.vision.config.image_size
    return vision.queries.shape[1] + (
        0 if vision.patches is None else (size // vision.vision.config.patch_size) ** 2)


def add_image_token(tokenizer, words):
    """Fills the ids up to the rows of the embeddings; the placeholder comes behind them. Gives its id."""
    tokenizer.add_tokens([f"<unused {i}>" for i in range(words - len(tokenizer))])
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE]})
    return tokenizer.convert_tokens_to_ids(IMAGE)


def write_settings(config, vision, out):
    """Writes config.json and preprocessor_config.json."""
    size = vision.vision.config.image_size
    texts = {
        "config.json": {
            **config, "image_seq_length": rows_of(vision), "num_query_tokens": vision.queries.shape[1],
            "vision_config": vision.vision.config.to_dict(), "qformer_config": vision.qformer.config.to_dict(),
        },
        "preprocessor_config.json": {
            "image_processor_type": "BlipImageProcessor", "do_convert_rgb": True, "do_resize": True,
            "size": {"height": size, "width": size}, "resample": 3, "do_rescale": True,
            "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": MEAN, "image_std": DEVIATION,
        },
    }
    for file, content in texts.items():
        (out / file).write_text(json.dumps(content, indent=1, default=str) + "\n")
