"""Exports small random BLIP-2 and InstructBLIP models and compares their graphs with the models themselves.

    PYTHON test/export/check_blip2.py        # with the packages of requirements_hugging_face.txt and onnxruntime
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from transformers import (
    Blip2Config, Blip2ForConditionalGeneration, Blip2QFormerConfig, Blip2VisionConfig, InstructBlipConfig,
    InstructBlipForConditionalGeneration, InstructBlipQFormerConfig, InstructBlipVisionConfig, LlamaConfig,
    OPTConfig, T5Config,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "export"))
import hugging_face  # noqa: E402

SIZE, QUERIES, WORDS, IMAGE = 28, 5, 60, 59
VISION = dict(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=SIZE,
              patch_size=14)
QFORMER = dict(vocab_size=40, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48,
               encoder_hidden_size=24, cross_attention_frequency=2, max_position_embeddings=32)
TEXTS = {
    "opt": OPTConfig(vocab_size=WORDS, hidden_size=32, ffn_dim=48, num_hidden_layers=2, num_attention_heads=4,
                     word_embed_proj_dim=32, max_position_embeddings=64),
    "vicuna": LlamaConfig(vocab_size=WORDS, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                          num_attention_heads=4, num_key_value_heads=4),
    "t5": T5Config(vocab_size=WORDS, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4,
                   feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0),
}
MODELS = {
    "blip2 opt": (Blip2ForConditionalGeneration, "opt"),
    "blip2 t5": (Blip2ForConditionalGeneration, "t5"),
    "instructblip vicuna": (InstructBlipForConditionalGeneration, "vicuna"),
    "instructblip t5": (InstructBlipForConditionalGeneration, "t5"),
}


def make(kind, text):
    instruct = kind is InstructBlipForConditionalGeneration
    config, vision, qformer = (
        (InstructBlipConfig, InstructBlipVisionConfig, InstructBlipQFormerConfig) if instruct
        else (Blip2Config, Blip2VisionConfig, Blip2QFormerConfig))
    torch.manual_seed(0)
    model = kind(config(
        vision_config=vision(**VISION), qformer_config=qformer(**QFORMER), text_config=TEXTS[text],
        num_query_tokens=QUERIES, image_token_index=IMAGE))
    for parameter in model.parameters():
        # Of another size than at the beginning, where most of the network has next to no influence.
        parameter.data = torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.1) + (
            1.0 if parameter.dim() == 1 else 0.0)
    model.config._attn_implementation = "eager"
    for part in (model, model.vision_model, model.qformer, model.language_model):
        part.set_attn_implementation("eager")
    return model.eval()


def run(folder, name, feeds):
    session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    asked = {given.name: np.asarray(feeds[given.name]) for given in session.get_inputs()}
    return dict(zip(names, session.run(None, asked)))


def empty_past(folder, batch):
    session = onnxruntime.InferenceSession(
        str(folder / "decoder_model_merged.onnx"), providers=["CPUExecutionProvider"])
    return {
        given.name: np.zeros((batch, given.shape[1], 0, given.shape[3]), np.float32)
        for given in session.get_inputs() if given.name.startswith("past")
    }


def by_graphs(folder, pixels, ids, qformer, answer):
    """Logits of the answer: all at once, and the last token after a past."""
    feeds = {"pixel_values": pixels, **qformer}
    features = run(folder, "vision_encoder", feeds)["image_features"]
    embeds = run(folder, "embed_tokens", {"input_ids": ids})["inputs_embeds"].copy()
    embeds[:, :QUERIES] = features
    mask = np.ones(ids.shape, np.int64)
    past = empty_past(folder, len(ids))
    if answer is None:
        positions = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
        whole = run(folder, "decoder_model_merged", {
            "inputs_embeds": embeds, "attention_mask": mask, "position_ids": positions, **past})
        first = run(folder, "decoder_model_merged", {
            "inputs_embeds": embeds[:, :-1], "attention_mask": mask[:, :-1], "position_ids": positions[:, :-1], **past})
        kept = {name.replace("present", "past_key_values"): value for name, value in first.items() if name != "logits"}
        last = run(folder, "decoder_model_merged", {
            "inputs_embeds": embeds[:, -1:], "attention_mask": mask, "position_ids": positions[:, -1:], **kept})
        return whole["logits"], last["logits"]
    states = run(folder, "encoder_model", {"inputs_embeds": embeds, "attention_mask": mask})["last_hidden_state"]
    words = run(folder, "embed_tokens", {"input_ids": answer})["inputs_embeds"]
    beside = {"encoder_hidden_states": states, "encoder_attention_mask": mask}
    whole = run(folder, "decoder_model_merged", {"inputs_embeds": words, **beside, **past})
    first = run(folder, "decoder_model_merged", {"inputs_embeds": words[:, :-1], **beside, **past})
    kept = {name.replace("present", "past_key_values"): value for name, value in first.items() if name != "logits"}
    last = run(folder, "decoder_model_merged", {"inputs_embeds": words[:, -1:], **beside, **kept})
    return whole["logits"], last["logits"]


def compare(name):
    kind, text = MODELS[name]
    model, random = make(kind, text), np.random.default_rng(1)
    batch, length = 3, QUERIES + 6  # others than those that were traced
    pixels = random.standard_normal((batch, 3, SIZE, SIZE)).astype(np.float32)
    ids = random.integers(2, IMAGE, (batch, length))
    ids[:, :QUERIES] = IMAGE
    qformer = {} if kind is Blip2ForConditionalGeneration else {
        "qformer_input_ids": random.integers(1, 40, (batch, 7)),
        "qformer_attention_mask": np.array([[1] * 7, [1] * 5 + [0] * 2, [1] * 6 + [0]]),
    }
    answer = random.integers(2, IMAGE, (batch, 4)) if text == "t5" else None
    tensors = {key: torch.tensor(value) for key, value in qformer.items()}
    more = {} if answer is None else {"decoder_input_ids": torch.tensor(answer)}
    with torch.no_grad():
        expected = model(
            pixel_values=torch.tensor(pixels), input_ids=torch.tensor(ids),
            attention_mask=torch.ones(batch, length, dtype=torch.long), **tensors, **more,
        ).logits.numpy()
    with tempfile.TemporaryDirectory() as out:
        folder = Path(out) / "onnx"
        hugging_face.export_graphs(model, folder)
        whole, last = by_graphs(folder, pixels, ids, qformer, answer)
    scale = np.abs(expected).max()
    errors = [np.abs(whole - expected).max() / scale, np.abs(last - expected[:, -1:]).max() / scale]
    print(f"{name}: {errors[0]:.1e} at once, {errors[1]:.1e} after a past")
    return max(errors) < 1e-4


if __name__ == "__main__":
    wanted = sys.argv[1:] or list(MODELS)
    sys.exit(0 if all([compare(name) for name in wanted]) else 1)
