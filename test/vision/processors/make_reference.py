"""Writes reference.json: what the image processors of Hugging Face make of pictures that a formula gives.

    pip install "transformers==5.24.0" torch torchvision "pillow==13.0.0" && python make_reference.py
"""
import json
import os

import numpy as np
import torch
import torchvision
import transformers
from PIL import Image

SIZES = [(48, 40), (90, 24), (20, 61)]  # height, width


def square(side):
    return {"height": side, "width": side}


KINDS = [
    ("CLIP", {"size": {"shortest_edge": 20}, "crop_size": square(16)}),
    ("CLIP", {"size": square(16), "do_center_crop": False, "resample": 2}),
    ("CLIP", {"size": {"height": 230, "width": 240}}),
    ("Siglip", {"size": {"height": 18, "width": 12}}),
    ("Siglip", {"size": 18}),
    ("Siglip2", {"patch_size": 4, "max_num_patches": 24}),
    ("Blip", {"size": square(16)}),
    ("ViT", {"size": square(16)}),
    ("DeiT", {"size": square(24), "crop_size": square(16)}),
    ("ConvNext", {"size": {"shortest_edge": 28}}),
    ("EfficientNet", {"size": square(16)}),
    ("EfficientNet", {"size": square(24), "do_center_crop": True, "crop_size": square(16), "include_top": False, "image_std": [0.5, 0.4, 0.3]}),
    ("EfficientNet", {"size": square(16), "rescale_factor": 1 / 127.5, "rescale_offset": True, "image_std": [0.5, 0.4, 0.3]}),
    ("EfficientNet", {"size": square(16), "rescale_offset": True, "do_normalize": False}),
    ("CLIP", {"size": [20, 24], "crop_size": [16, 12]}),
    ("CLIP", {"size": 16, "default_to_square": True, "do_center_crop": None, "do_normalize": None}),
    ("Siglip", {"size": square(16), "do_resize": None, "do_normalize": None}),
    ("ViT", {"size": [18, 12], "do_center_crop": True, "crop_size": 10}),
    ("Blip", {"size": 18, "default_to_square": False}),
    ("ConvNext", {"size": {"shortest_edge": 16, "longest_edge": 24}}),
    ("ConvNext", {"size": {"shortest_edge": 28}, "do_center_crop": True, "crop_size": {"height": 15, "width": 9}}),
    ("ConvNext", {"size": {"shortest_edge": 28}, "do_resize": False, "do_center_crop": True, "crop_size": square(16)}),
    ("Beit", {"size": square(20), "do_center_crop": True, "crop_size": square(16)}),
    ("OwlViT", {"size": square(16)}),
    ("Flava", {"size": square(18), "crop_size": square(16)}),
    ("Pvt", {"size": 16}),
    ("Segformer", {"size": square(16)}),
    ("MobileNetV1", {"size": {"shortest_edge": 20}, "crop_size": square(16)}),
    ("MobileNetV2", {"size": 20, "crop_size": 16}),
    ("Chameleon", {"size": {"shortest_edge": 16}, "crop_size": square(16)}),
    ("Levit", {"size": {"shortest_edge": 20}, "crop_size": square(16)}),
    ("PoolFormer", {"size": {"shortest_edge": 20}, "crop_size": square(16), "crop_pct": 0.8}),
    ("PoolFormer", {"size": {"height": 20, "width": 16}, "do_center_crop": False, "crop_pct": None}),
    ("DPT", {"size": square(24), "keep_aspect_ratio": True, "ensure_multiple_of": 4}),
    ("DPT", {"size": {"height": 24, "width": 16}, "ensure_multiple_of": 5}),
    ("Donut", {"size": {"height": 40, "width": 30}}),
    ("Llava", {"do_pad": True, "size": {"shortest_edge": 16}, "crop_size": square(16)}),
    ("LlavaNext", {"size": {"shortest_edge": 12}, "crop_size": square(12), "image_grid_pinpoints": [[12, 24], [24, 12], [24, 24], [36, 12]]}),
    ("LlavaNext", {"size": {"shortest_edge": 12}, "crop_size": square(10), "image_grid_pinpoints": [[12, 24], [24, 12]]}),
    ("LlavaOnevision", {"size": square(12), "image_grid_pinpoints": [[16, 24], [24, 16]]}),
    ("LlavaOnevision", {"size": square(12), "image_grid_pinpoints": [[12, 12], [12, 24], [24, 12], [24, 36]]}),
    ("Idefics3", {"size": {"longest_edge": 48}, "max_image_size": {"longest_edge": 16}}),
    ("Idefics3", {"size": {"longest_edge": 48}, "max_image_size": {"longest_edge": 16}, "do_image_splitting": False}),
    ("SmolVLM", {"size": {"longest_edge": 32}, "max_image_size": {"longest_edge": 16}}),
    ("Qwen2VL", {"size": {"shortest_edge": 256, "longest_edge": 1024}, "patch_size": 4}),
    ("Glm46V", {"size": {"shortest_edge": 256, "longest_edge": 2048}, "patch_size": 4}),
    ("GotOcr2", {"size": square(12), "crop_to_patches": True, "max_patches": 6}),
    ("Cohere2Vision", {"size": square(12), "max_patches": 6, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}),
    ("Ovis2", {"size": square(12), "crop_to_patches": True, "max_patches": 6}),
    ("Ovis2", {"size": square(12), "crop_to_patches": True, "use_covering_area_grid": False}),
    ("PaddleOCRVL", {"size": {"shortest_edge": 256, "longest_edge": 1024}, "patch_size": 4}),
    ("Gemma3", {"size": square(16), "do_pan_and_scan": True, "pan_and_scan_min_crop_size": 12, "pan_and_scan_max_num_crops": 4, "pan_and_scan_min_ratio_to_activate": 1.2}),
    ("Gemma4", {"patch_size": 2, "max_soft_tokens": 70, "pooling_kernel_size": 2}),
    ("Pixtral", {"size": {"longest_edge": 40}, "patch_size": square(8)}),
    ("Janus", {"size": square(32)}),
    ("Janus", {"size": square(32), "background_color": [10, 200, 30]}),
    ("DeepseekVL", {"size": square(32), "image_mean": [0.5, 0.4, 0.3]}),
    ("Janus", {"size": square(32), "image_mean": [0.5, 0.4, 0.3], "min_size": 20}),
    ("Lfm2Vl", {"tile_size": 16, "encoder_patch_size": 4, "min_image_tokens": 2, "max_image_tokens": 4, "max_pixels_tolerance": 1.5, "max_tiles": 4}),
]


def picture(height, width):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return Image.fromarray(((x * 7 + y * 5 + x * y + c * 60) % 256).astype(np.uint8))


def values(tensor):
    """Eight values at equal distances, as numbers that JSON keeps whole."""
    flat = tensor.reshape(-1)
    return [round(float(flat[i]), 6) for i in np.linspace(0, len(flat) - 1, 8).astype(int)]


def phi3v(image, crops):
    """The steps of Phi-3.5 Vision's own processor (microsoft/Phi-3.5-vision-instruct, MIT), in torchvision."""
    turned = image.width < image.height
    image = image.transpose(Image.TRANSPOSE) if turned else image
    ratio, scale = image.width / image.height, 1
    while scale * np.ceil(scale / ratio) <= crops:
        scale += 1
    width = int((scale - 1) * 336)
    image = torchvision.transforms.functional.resize(image, [int(width / ratio), width])
    missing = int(np.ceil(image.height / 336) * 336) - image.height
    image = torchvision.transforms.functional.pad(image, [0, missing // 2, 0, missing - missing // 2], fill=[255, 255, 255])
    image = image.transpose(Image.TRANSPOSE) if turned else image
    x = torchvision.transforms.functional.to_tensor(image)
    x = torchvision.transforms.functional.normalize(x, transformers.image_utils.OPENAI_CLIP_MEAN, transformers.image_utils.OPENAI_CLIP_STD)
    whole = torch.nn.functional.interpolate(x[None], size=(336, 336), mode="bicubic")
    h, w = x.shape[1] // 336, x.shape[2] // 336
    tiles = x.reshape(3, h, 336, w, 336).permute(1, 3, 0, 2, 4).reshape(-1, 3, 336, 336)
    filled = torch.cat([whole, tiles, torch.zeros(crops - h * w, 3, 336, 336)])
    return filled, {"image_sizes": [x.shape[1], x.shape[2]]}


cases = []
for name, settings in KINDS:
    pillow = getattr(transformers, f"{name}ImageProcessorPil", None)
    cls = pillow or getattr(transformers, f"{name}ImageProcessor")
    for height, width in SIZES:
        out = cls(**settings)(picture(height, width), return_tensors="pt")
        pixels = out.pop("pixel_values")
        extras = {k: v.long().flatten().tolist() for k, v in out.items() if isinstance(v, torch.Tensor) and v.numel() <= 640}
        cases.append({"config": {"image_processor_type": f"{name}ImageProcessor", **settings}, "height": height, "width": width,
                      "count": pixels.numel(), "rounding": 1e-5 if pillow else 2.01 / 255, "values": values(pixels), "extras": extras})
for crops in (1, 4, 5):
    for height, width in SIZES:
        pixels, extras = phi3v(picture(height, width), crops)
        cases.append({"config": {"image_processor_type": "Phi3VImageProcessor", "num_crops": crops}, "height": height, "width": width,
                      "count": pixels.numel(), "rounding": 1e-5, "values": values(pixels), "extras": extras})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
with open(path, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
