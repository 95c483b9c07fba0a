"""Joins a vision encoder and a language model as a LLaVA directory, with a connector yet to be trained.

    python assemble.py ENCODER LANGUAGE OUT [--grid 2] [--hidden 1024] [--seed 0]

The connector reads the encoder's class token (where there is one), the mean of all its places, and
the means of grid x grid parts of the image. Each row goes through layer norm, a linear layer, GELU
and another linear layer. `train-connector` trains the weights `multi_modal_projector.*`.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from onnx_graph import Graph, save

PROJECTOR = "multi_modal_projector"
IMAGE = "<image>"

# The turns of ChatML. Images stand where the message has them, each on a line of its own.
CHAT_TEMPLATE = """\
{%- for message in messages %}
{{- '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['content'] is string %}
{{- message['content'] }}
{%- else %}
{%- for part in message['content'] %}
{{- '<image>\\n' if part['type'] == 'image' else part['text'] }}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def read_json(path):
    return json.loads(path.read_text())


def write_json(path, content):
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def pooling(places, has_class, grid):
    """Which places each row of the connector is the mean of: [rows, places]."""
    first = 1 if has_class else 0
    side = round((places - first) ** 0.5)
    index = first + np.arange(side * side).reshape(side, side)
    # Windows of equal size that overlap where the side is no multiple of the grid, as in PyTorch.
    cuts = [(i * side // grid, -(-(i + 1) * side // grid)) for i in range(grid)]
    parts = [index[a:b, c:d] for a, b in cuts for c, d in cuts]
    chosen = ([np.array([0])] if has_class else []) + [index] + parts
    matrix = np.zeros((len(chosen), places), np.float32)
    for row, part in enumerate(chosen):
        matrix[row, part.ravel()] = 1 / part.size
    return matrix


def vision_encoder(encoder, pool, width, hidden, target, scale, seed):
    """pixel_values -> image_features [batch, rows, target], at first at the scale of the word embeddings."""
    g, random = Graph(), np.random.default_rng(seed)
    x = g.include(encoder, "vision_tower.")
    normal = lambda *dims: (random.standard_normal(dims) * dims[0] ** -0.5).astype(np.float32)
    weight = lambda name, array: g.weight(f"{PROJECTOR}.{name}", array)
    rows = g.op("MatMul", [g.weight("vision_pool", pool), x])
    y = g.op("LayerNormalization", [
        rows, weight("norm.weight", np.ones(width, np.float32)),
        weight("norm.bias", np.zeros(width, np.float32))], axis=-1, epsilon=1e-5)
    y = g.op("MatMul", [y, weight("linear_1.weight", normal(width, hidden))])
    y = g.op("Add", [y, weight("linear_1.bias", np.zeros(hidden, np.float32))])
    erf = g.op("Erf", [g.op("Div", [y, g.scalar(2**0.5)])])
    y = g.op("Mul", [g.op("Mul", [y, g.op("Add", [erf, g.scalar(1.0)])]), g.scalar(0.5)])
    y = g.op("MatMul", [y, weight("linear_2.weight", normal(hidden, target) * np.float32(scale))])
    y = g.op("Add", [y, weight("linear_2.bias", np.zeros(target, np.float32))])
    g.output(y, "image_features", "float32", ["batch_size", len(pool), target])
    return g.model()


def add_image_token(language, out):
    """A row of zeros behind the embeddings, for the placeholder, and its id."""
    model = onnx.load(language / "onnx" / "embed_tokens.onnx")
    (stored,) = model.graph.initializer
    table = numpy_helper.to_array(stored)
    wider = np.concatenate([table, np.zeros((1, table.shape[1]), table.dtype)])
    stored.CopyFrom(numpy_helper.from_array(wider, stored.name))
    save(model, out / "onnx" / "embed_tokens.onnx")
    return len(table), float(np.sqrt((table**2).mean()))


def write_texts(encoder, language, out, image_id, rows):
    vision, text = read_json(encoder / "config.json"), read_json(language / "config.json")
    tokenizer = read_json(language / "tokenizer.json")
    tokenizer["added_tokens"].append({
        "id": image_id, "content": IMAGE, "single_word": False, "lstrip": False, "rstrip": False,
        "normalized": False, "special": True,
    })
    write_json(out / "tokenizer.json", tokenizer)
    settings = read_json(language / "tokenizer_config.json")
    write_json(out / "tokenizer_config.json", {**settings, "image_token": IMAGE})
    write_json(out / "config.json", {
        "model_type": "llava", "architectures": ["LlavaForConditionalGeneration"],
        "image_token_index": image_id, "image_seq_length": rows, "projector_hidden_act": "gelu",
        "vision_config": vision, "text_config": text,
    })
    (out / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    for folder, name in ((language, "generation_config.json"), (encoder, "preprocessor_config.json")):
        shutil.copyfile(folder / name, out / name)


def assemble(encoder, language, out, grid, hidden, seed):
    (out / "onnx").mkdir(parents=True, exist_ok=True)
    vision = onnx.load(encoder / "onnx" / "model.onnx")
    dims = vision.graph.output[0].type.tensor_type.shape.dim
    places, width = dims[1].dim_value, dims[2].dim_value
    has_class = round(places**0.5) ** 2 != places
    pool = pooling(places, has_class, grid)
    image_id, scale = add_image_token(language, out)
    target = read_json(language / "config.json")["hidden_size"]
    model = vision_encoder(vision, pool, width, hidden, target, scale, seed)
    save(model, out / "onnx" / "vision_encoder.onnx")
    for path in (language / "onnx").glob("decoder_model_merged.onnx*"):
        shutil.copyfile(path, out / "onnx" / path.name)
    write_texts(encoder, language, out, image_id, len(pool))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("encoder", "language", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--grid", type=int, default=2, help="parts of the image along a side")
    parser.add_argument("--hidden", type=int, default=1024, help="width of the connector's inner layer")
    parser.add_argument("--seed", type=int, default=0)
    assemble(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
