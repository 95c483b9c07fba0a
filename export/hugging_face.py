"""A vision language model of Hugging Face as a directory, exported by PyTorch.

    python hugging_face.py CHECKPOINT OUT        # a folder, or owner/name on a hub
    python hugging_face.py Salesforce/blip2-opt-2.7b OUT --half --revision COMMIT

For models of which an image is one tensor of fixed size and whose language model looks back only:
LLaVA, VipLLaVA, InternVL and their like; and for BLIP-2 and InstructBLIP with OPT, Vicuna or Flan-T5.
Weights are float32, or with --half float16, as far as the model's own code allows it: files then end in
`_fp16.onnx`. onnxruntime's tools quantise a directory further.
"""

import argparse
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

import blip2
from key_values import run_with_past

OPSET = 17

# Their decoders see an image's rows, or a whole prompt, in both directions, which this graph does not.
BOTH_WAYS = {"paligemma", "gemma3", "gemma3n"}


# So many images are traced that no model takes their tensor for something else, such as a triple.
IMAGES = 5


@contextmanager
def images_together():
    """Rows of several images stay in one tensor: lists of them would fix how many there are."""
    split, iterate = torch.split, torch.Tensor.__iter__
    torch.split = lambda tensor, sizes, dim=0: (tensor,) if dim == 0 else split(tensor, sizes, dim)
    torch.Tensor.__iter__ = lambda tensor: (
        iter((tensor,)) if tensor.shape[0] == IMAGES else iterate(tensor))
    try:
        yield
    finally:
        torch.split, torch.Tensor.__iter__ = split, iterate


class Vision(torch.nn.Module):
    """pixel_values -> image_features [images, rows, width]."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        with images_together():
            found = self.model.get_image_features(pixel_values=pixel_values)
        rows = getattr(found, "pooler_output", found)
        whole = torch.cat(list(rows)) if isinstance(rows, (list, tuple)) else rows
        return whole.reshape(pixel_values.shape[0], -1, whole.shape[-1])


class Decoder(torch.nn.Module):
    """Embeddings, masks and keys and values of before -> logits, and all keys and values."""

    def __init__(self, model):
        super().__init__()
        self.language = getattr(model, "model", model).language_model
        self.head = model.lm_head

    def forward(self, inputs_embeds, attention_mask, position_ids, *past):
        found, presents = run_with_past(
            self.language, past, inputs_embeds=inputs_embeds, attention_mask=attention_mask,
            position_ids=position_ids,
        )
        return self.head(found.last_hidden_state), *presents


def save(module, path, inputs, outputs, axes):
    """Exports a module; weights go into `<name>.onnx_data` where a protobuf cannot hold them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        torch.onnx.export(
            module.eval(), tuple(inputs.values()), str(path), input_names=list(inputs),
            output_names=outputs, dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )
    model = onnx.load(path)
    for left in path.parent.iterdir():
        # The exporter writes one file for each large weight.
        if left.suffix not in (".onnx", ".onnx_data"):
            left.unlink()
    path.unlink()
    onnx.save_model(
        model, str(path), save_as_external_data=True, location=f"{path.name}_data",
        all_tensors_to_one_file=True, size_threshold=1024,
    )


def export_vision(model, out, size):
    pixels = torch.zeros(IMAGES, 3, size, size)
    axes = {"pixel_values": {0: "num_images"}, "image_features": {0: "num_images"}}
    save(Vision(model), out / "vision_encoder.onnx", {"pixel_values": pixels}, ["image_features"], axes)


def export_embeddings(model, out):
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in ("input_ids", "inputs_embeds")}
    ids = torch.zeros(2, 3, dtype=torch.long)
    save(model.get_input_embeddings(), out / "embed_tokens.onnx", {"input_ids": ids}, ["inputs_embeds"], axes)


def export_decoder(model, out, text):
    batch, tokens, before = 2, 4, 3
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    inputs = {
        "inputs_embeds": torch.randn(batch, tokens, text.hidden_size),
        "attention_mask": torch.ones(batch, before + tokens, dtype=torch.long),
        "position_ids": torch.arange(before, before + tokens).expand(batch, -1).contiguous(),
    }
    outputs = ["logits"]
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in (*inputs, "logits")}
    axes["attention_mask"][1] = "total_sequence_length"
    for layer in range(text.num_hidden_layers):
        for kind in ("key", "value"):
            past, present = f"past_key_values.{layer}.{kind}", f"present.{layer}.{kind}"
            inputs[past] = torch.randn(batch, heads, before, width)
            outputs.append(present)
            axes[past] = {0: "batch_size", 2: "past_sequence_length"}
            axes[present] = {0: "batch_size", 2: "total_sequence_length"}
    save(Decoder(model), out / "decoder_model_merged.onnx", inputs, outputs, axes)


def export_graphs(model, folder):
    export_embeddings(model, folder)
    if model.config.model_type in blip2.MODEL_TYPES:
        return blip2.export_blip2(model, folder, save)
    vision = model.config.vision_config
    size = vision.image_size if isinstance(vision.image_size, int) else vision.image_size[0]
    export_vision(model, folder, size)
    export_decoder(model, folder, model.config.get_text_config())


def rename(path, other):
    """Gives a graph another name, and its weights the same one."""
    model = onnx.load(path, load_external_data=False)
    weights = path.with_name(f"{path.name}_data")
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = f"{other.name}_data"
    if weights.exists():
        weights.rename(other.with_name(f"{other.name}_data"))
    onnx.save_model(model, str(other))
    path.unlink()


def name_half(folder):
    """Gives all graphs of a folder the names of graphs in float16."""
    for path in list(folder.glob("*.onnx")):
        rename(path, path.with_name(f"{path.stem}_fp16.onnx"))


def read_arguments(doc):
    """What a recipe of one checkpoint, from a folder or the hub, is given."""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("out", type=Path)
    parser.add_argument("--half", action="store_true", help="float16 weights")
    parser.add_argument("--revision", help="commit of the checkpoint on the hub, so that it stays the same")
    return parser.parse_args()


def main():
    given = read_arguments(__doc__)
    kind = torch.float16 if given.half else torch.float32
    model = AutoModelForImageTextToText.from_pretrained(
        given.checkpoint, dtype=kind, attn_implementation="eager", revision=given.revision)
    if model.config.model_type in BOTH_WAYS:
        raise SystemExit(f"Cannot export {model.config.model_type}: its decoder looks in both directions")
    export_graphs(model, given.out / "onnx")
    if given.half:
        name_half(given.out / "onnx")
    model.config.save_pretrained(given.out)
    model.generation_config.save_pretrained(given.out)
    processor = AutoProcessor.from_pretrained(given.checkpoint, revision=given.revision)
    processor.save_pretrained(given.out)


if __name__ == "__main__":
    main()
