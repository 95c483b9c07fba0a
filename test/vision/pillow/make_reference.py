"""Resizes a small picture with Pillow and writes the pixels to reference.json.

usage: python make_reference.py   (needs pillow and numpy)
"""
import hashlib
import json
import pathlib

import numpy as np
import PIL
from PIL import Image

NAMES = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]


def picture(height, width):
    """The pixels that the test computes too: every value occurs, neighbours differ."""
    y, x = np.mgrid[0:height, 0:width]
    return ((x * x * 7 + y * 53 + x * y * 3) % 256).astype(np.uint8)


cases = []
for source, target in [((16, 16), (11, 11)), ((16, 16), (16, 7)), ((7, 9), (13, 20)), ((24, 10), (3, 10)), ((5, 5), (1, 1)),
                       ((37, 50), (16, 16)), ((64, 48), (24, 24)), ((3, 90), (9, 5)), ((60, 1), (7, 7)),
                       ((21, 29), (20, 30)), ((2, 2), (12, 12)), ((45, 60), (20, 20))]:
    image = Image.fromarray(picture(*source))
    for code, name in enumerate(NAMES):
        size = (target[1], target[0])
        byte = np.asarray(image.resize(size, code))
        real = np.asarray(Image.fromarray(picture(*source).astype(np.float32)).resize(size, code))
        cases.append({
            "filter": name, "from": source, "to": target,
            "bytes": byte.flatten().tolist(),
            "floats": [round(float(v), 4) for v in real.flatten()],
        })

# Of many sizes the digest of the bytes, and the first, middle and last of them.
random = np.random.default_rng(3)
digests = []
for i in range(240):
    code = [3, 2, 1, 4, 5, 0][i % 6]
    most = 700 if i % 4 == 0 else 90
    height, width, low, narrow = (int(x) for x in random.integers(1, [most, most, 120, 120]))
    small = np.asarray(Image.fromarray(picture(height, width)).resize((narrow, low), code)).ravel()
    digests.append([NAMES[code], [height, width], [low, narrow], hashlib.sha256(small.tobytes()).hexdigest()[:16],
                    [int(small[k]) for k in (0, small.size // 2, -1)]])

path = pathlib.Path(__file__).parent / "reference.json"
path.write_text(json.dumps({"pillow": PIL.__version__, "cases": cases, "digests": digests}, separators=(",", ":")) + "\n")
