"""The graphs of BLIP-2 and InstructBLIP, for hugging_face.py.

Of the Q-Former only the rows of the queries go to the language model, as in the authors' code. OPT and
Vicuna go on from a past; Flan-T5 reads the instruction with its encoder.
"""

import torch
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

from key_values import cache_of, run_with_past, states_of

MODEL_TYPES = {"blip-2", "instructblip"}


class Vision(torch.nn.Module):
    """pixel_values, and the Q-Former's text where it reads one -> image_features [images, queries, width]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values, *text):
        found = self.model.get_image_features(pixel_values, *text)
        return getattr(found, "pooler_output", found)


class Causal(torch.nn.Module):
    """Embeddings, masks and keys and values of before -> logits, and all keys and values."""

    def __init__(self, language):
        super().__init__()
        self.language = language

    def forward(self, inputs_embeds, attention_mask, position_ids, *past):
        found, presents = run_with_past(
            self.language, past, inputs_embeds=inputs_embeds, attention_mask=attention_mask,
            position_ids=position_ids,
        )
        return found.logits, *presents


class Encoder(torch.nn.Module):
    """inputs_embeds, attention_mask -> last_hidden_state."""

    def __init__(self, language):
        super().__init__()
        self.encoder = language.get_encoder()

    def forward(self, inputs_embeds, attention_mask):
        return self.encoder(inputs_embeds=inputs_embeds, attention_mask=attention_mask).last_hidden_state


class Answering(torch.nn.Module):
    """A decoder beside an encoder: what it keeps of the encoder's states is computed in each run."""

    def __init__(self, language):
        super().__init__()
        self.language = language

    def forward(self, inputs_embeds, encoder_hidden_states, encoder_attention_mask, *past):
        own = cache_of(past)
        found = self.language(
            encoder_outputs=(encoder_hidden_states,), attention_mask=encoder_attention_mask,
            decoder_inputs_embeds=inputs_embeds, use_cache=True,
            past_key_values=EncoderDecoderCache(own, DynamicCache()),
        )
        return found.logits, *states_of(own)


BATCH, TOKENS, BEFORE = 2, 4, 3


def tokens_axes(*names):
    return {name: {0: "batch_size", 1: "sequence_length"} for name in names}


def add_past(inputs, outputs, axes, layers, heads, width, dtype, infix=""):
    for layer in range(layers):
        for kind in ("key", "value"):
            past, present = f"past_key_values.{layer}{infix}.{kind}", f"present.{layer}{infix}.{kind}"
            inputs[past] = torch.randn(BATCH, heads, BEFORE, width).to(dtype)
            outputs.append(present)
            axes[past] = {0: "batch_size", 2: "past_sequence_length"}
            axes[present] = {0: "batch_size", 2: "total_sequence_length"}


def export_vision(model, folder, save):
    size = model.config.vision_config.image_size
    inputs = {"pixel_values": torch.randn(BATCH, 3, size, size)}
    axes = {"pixel_values": {0: "batch_size"}, "image_features": {0: "batch_size"}}
    if model.config.model_type == "instructblip":
        inputs["qformer_input_ids"] = torch.ones(BATCH, TOKENS, dtype=torch.long)
        inputs["qformer_attention_mask"] = torch.ones(BATCH, TOKENS, dtype=torch.long)
        for name in ("qformer_input_ids", "qformer_attention_mask"):
            axes[name] = {0: "batch_size", 1: "instruction_length"}
    save(Vision(model), folder / "vision_encoder.onnx", inputs, ["image_features"], axes)


def export_causal(language, folder, save):
    text, dtype = language.config, language.dtype
    inputs = {
        "inputs_embeds": torch.randn(BATCH, TOKENS, language.get_input_embeddings().embedding_dim).to(dtype),
        "attention_mask": torch.ones(BATCH, BEFORE + TOKENS, dtype=torch.long),
        "position_ids": torch.arange(BEFORE, BEFORE + TOKENS).expand(BATCH, -1).contiguous(),
    }
    outputs, axes = ["logits"], tokens_axes("logits", *inputs)
    axes["attention_mask"][1] = "total_sequence_length"
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    add_past(inputs, outputs, axes, text.num_hidden_layers, heads, width, dtype)
    save(Causal(language), folder / "decoder_model_merged.onnx", inputs, outputs, axes)


def export_answering(language, folder, save):
    text, dtype = language.config, language.dtype
    rows = torch.randn(BATCH, TOKENS + 1, text.d_model).to(dtype)
    mask = torch.ones(BATCH, TOKENS + 1, dtype=torch.long)
    save(Encoder(language), folder / "encoder_model.onnx", {"inputs_embeds": rows, "attention_mask": mask},
         ["last_hidden_state"], tokens_axes("inputs_embeds", "attention_mask", "last_hidden_state"))
    inputs = {
        "inputs_embeds": torch.randn(BATCH, TOKENS, text.d_model).to(dtype),
        "encoder_hidden_states": rows, "encoder_attention_mask": mask,
    }
    outputs, axes = ["logits"], tokens_axes("logits", *inputs)
    for name in ("encoder_hidden_states", "encoder_attention_mask"):
        axes[name][1] = "encoder_sequence_length"
    add_past(inputs, outputs, axes, text.num_decoder_layers, text.num_heads, text.d_kv, dtype, ".decoder")
    save(Answering(language), folder / "decoder_model_merged.onnx", inputs, outputs, axes)


def export_blip2(model, folder, save):
    """Writes all graphs but that of the embeddings."""
    language = model.language_model
    export_vision(model, folder, save)
    if model.config.use_decoder_only_language_model:
        export_causal(language, folder, save)
    else:
        export_answering(language, folder, save)
