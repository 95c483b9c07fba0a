"""Corrupts pictures as arXiv 1903.12261 publishes it for 64 pixels and writes every 61st value of
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
    # Numbers of enlargements, each by 0.01 more. NumPy's arange, of which the published code takes
    # 1.06 as the end, has that end as well where rounding is so: one more than was meant.
    "zoom-blur": [6, 11, 16, 21, 26],
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


def zoom_blur(image, count):
    """Enlarged around the middle; `scipy.ndimage.zoom` leaves the corners where they are."""
    x = image / 255
    height, width = x.shape[:2]
    total = np.zeros_like(x)
    factors = 1 + np.arange(count) / 100
    for factor in factors:
        y, u = np.mgrid[0:height, 0:width].astype(float)
        at = [(y - (height - 1) / 2) / factor + (height - 1) / 2, (u - (width - 1) / 2) / factor + (width - 1) / 2]
        total += np.stack([scipy.ndimage.map_coordinates(x[..., c], at, order=1, mode="mirror") for c in range(3)], -1)
    return (x + total) / (len(factors) + 1)


def defocus_blur(image, level):
    radius, alias = level
    y, x = np.mgrid[-8:9, -8:9]
    disk = (x * x + y * y <= radius * radius).astype(float)
    disk /= disk.sum()
    line = np.exp(-np.arange(-1, 2) ** 2 / (2 * alias * alias))
    line /= line.sum()
    disk = scipy.ndimage.correlate(disk, np.outer(line, line), mode="mirror")
    return np.stack([scipy.ndimage.correlate(image[..., c] / 255, disk, mode="mirror") for c in range(3)], -1)


CORRUPTIONS = {"brightness": brightness, "contrast": contrast, "pixelate": pixelate, "jpeg-compression": jpeg,
               "zoom-blur": zoom_blur, "defocus-blur": defocus_blur}
SIZES = [(64, 64), (64, 96), (150, 100), (33, 47)]
# Lengths in pixels are published for 64 of them.
LENGTHS = ["defocus-blur"]

cases = []
for kind, corrupt in CORRUPTIONS.items():
    for height, width in SIZES:
        if kind in LENGTHS and min(height, width) != 64:
            continue
        for severity in [1, 3, 5]:
            out = corrupt(picture(height, width), LEVELS[kind][severity - 1])
            planes = np.clip(out, 0, 1).transpose(2, 0, 1).ravel()
            cases.append({"kind": kind, "severity": severity, "height": height, "width": width,
                          "values": np.round(255 * planes[::61], 1).tolist()})

path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
