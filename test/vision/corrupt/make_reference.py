"""Corrupts images as arXiv 1903.12261 publishes it for 64 pixels, or 32, and writes every 241st value of
what comes out to reference.json: python make_reference.py (needs numpy, scipy, scikit-image, pillow).
Only what draws no random numbers can be compared so."""

import io
import json
import pathlib

import numpy as np
import scipy.ndimage
import skimage.color
from PIL import Image

LEVELS = {
    "brightness": [0.1, 0.2, 0.3, 0.4, 0.5],
    "contrast": [0.4, 0.3, 0.2, 0.1, 0.05],
    "pixelate": [0.9, 0.8, 0.7, 0.6, 0.5],
    "jpeg-compression": [65, 58, 50, 40, 25],
    # The ends of NumPy's ranges of enlargements.
    "zoom-blur": [1.06, 1.11, 1.16, 1.21, 1.26],
    "defocus-blur": [(0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)],
}


def picture(height, width):
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 5 + k) * np.cos(y / (4 + k)) for k in range(3)]
    checks = ((x // 6 + y // 5) % 2)[..., None] * 40
    return np.clip(np.floor(118 + 90 * np.stack(waves, -1) + checks - 20), 0, 255).astype(np.uint8)


def brightness(image, amount):
    hsv = skimage.color.rgb2hsv(image / 255)
    hsv[..., 2] = np.clip(hsv[..., 2] + amount, 0, 1)
    return skimage.color.hsv2rgb(hsv)


def contrast(image, factor):
    x = image / 255
    means = x.mean(axis=(0, 1), keepdims=True)
    return (x - means) * factor + means


def pixelate(image, share):
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize((int(width * share), int(height * share)), Image.BOX)
    return np.asarray(small.resize((width, height), Image.BOX)) / 255


def jpeg(image, quality):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer)) / 255


def enlarged(x, factor):
    """Cuts whole pixels out of the middle, enlarges them, and cuts off what is too much."""
    sides = [int(np.ceil(side / factor)) for side in x.shape[:2]]
    starts = [(side - kept) // 2 for side, kept in zip(x.shape[:2], sides)]
    cut = x[starts[0]:starts[0] + sides[0], starts[1]:starts[1] + sides[1]]
    # With the usual mode, a corner that rounding puts behind the edge would be black.
    large = scipy.ndimage.zoom(cut, (factor, factor, 1), order=1, mode="nearest")
    top, left = [(got - side) // 2 for got, side in zip(large.shape, x.shape[:2])]
    return large[top:top + x.shape[0], left:left + x.shape[1]]


def zoom_blur(image, end):
    x = image / 255
    factors = np.arange(1, end, 0.01)
    return (x + sum(enlarged(x, factor) for factor in factors)) / (len(factors) + 1)


def defocus_blur(image, level):
    radius, alias = level
    y, x = np.mgrid[-8:9, -8:9]  # for radii up to 8
    disk = (x * x + y * y <= radius * radius).astype(float)
    disk /= disk.sum()
    line = np.exp(-np.arange(-1, 2) ** 2 / (2 * alias * alias))
    line /= line.sum()
    disk = scipy.ndimage.correlate(disk, np.outer(line, line), mode="mirror")
    return np.stack([scipy.ndimage.correlate(image[..., c] / 255, disk, mode="mirror") for c in range(3)], -1)


CORRUPTIONS = {"brightness": brightness, "contrast": contrast, "pixelate": pixelate, "jpeg-compression": jpeg,
               "zoom-blur": zoom_blur, "defocus-blur": defocus_blur}
SIZES = [(64, 64), (64, 96), (150, 100), (33, 47)]
# Lengths in pixels are published for 32 and for 64 of them.
SMALL = [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)]
LENGTHS = {32: SMALL, 64: LEVELS["defocus-blur"]}

cases = []
for kind, corrupt in CORRUPTIONS.items():
    for height, width in SIZES + [(32, 32), (40, 32)]:
        levels = LENGTHS.get(min(height, width)) if kind == "defocus-blur" else LEVELS[kind]
        if levels is None:
            continue
        for severity in [1, 2, 3, 4, 5]:
            out = corrupt(picture(height, width), levels[severity - 1])
            planes = np.clip(out, 0, 1).transpose(2, 0, 1).ravel()
            cases.append({"kind": kind, "severity": severity, "height": height, "width": width,
                          "values": np.round(255 * planes[::241], 1).tolist()})

path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
