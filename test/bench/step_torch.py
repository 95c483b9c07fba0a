"""PyTorch's side of `deno task bench step --torch PYTHON`: one prompt-training step (lm + fca + tse) of models with random weights.

Needs torch and onnx. `step_torch.py VARIANT SIZE THREADS`; answers one JSON line on stdout per JSON line on stdin:

    {"do": "open", "folder": ...}    variant `export`: writes the models and a batch there, as a recorded training
    {"do": "run", "repeats": 3}      milliseconds and CPU milliseconds per step, the loss, peak memory in bytes

official  as published: the clean pictures encoded in every step, the prompted ones twice, CLIP's weights with gradients
eager     the same result with the least work: one prompted encode, clean and text features computed once
compile   eager under torch.compile
"""

import json
import math
import os
import sys
import time
import warnings
from types import SimpleNamespace

warnings.filterwarnings("ignore")
answers, sys.stdout = sys.stdout, sys.stderr

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

SIZES = {
    "mini": dict(image=64, frame=8, patch=8, vit=(128, 4, 4), lm=(128, 3, 4), ffn=344, vocabulary=512, clip=(128, 4, 4)),
    "small": dict(image=224, frame=30, patch=16, vit=(384, 6, 6), lm=(384, 4, 6), ffn=1024, vocabulary=8192, clip=(256, 4, 4)),
}
BATCH, TEXT, CONTEXT, PREFIX = 16, 24, 77, (1, 3)
WEIGHTS = {"fca": 0.005, "tse": 0.001}
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
exporting = False


def attend(q, k, v, mask=None):
    """[batch, heads, tokens, width]; where it is exported, in plain operators."""
    if not exporting:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return torch.softmax(scores if mask is None else scores + mask, -1) @ v


def heads(x, number):
    return x.unflatten(-1, (number, -1)).transpose(1, 2)


def merged(x):
    return x.transpose(1, 2).flatten(2)


class Layer(nn.Module):
    """A pre-norm layer of a vision encoder or of CLIP."""

    def __init__(self, width, number, activation):
        super().__init__()
        self.number, self.activation = number, activation
        self.before, self.between = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask=None):
        q, k, v = (heads(part, self.number) for part in self.qkv(self.before(x)).chunk(3, -1))
        x = x + self.out(merged(attend(q, k, v, mask)))
        return x + self.down(self.activation(self.up(self.between(x))))


class Encoder(nn.Module):
    """Pictures to features: of every patch for a language model, of a class token for CLIP."""

    def __init__(self, size, width, layers, number, out, is_clip):
        super().__init__()
        tokens = (size.image // size.patch) ** 2
        self.patches = nn.Conv2d(3, width, size.patch, size.patch, bias=not is_clip)
        self.first = nn.Parameter(torch.zeros(1, 1, width)) if is_clip else None
        self.places = nn.Parameter(torch.zeros(1, tokens + is_clip, width))
        activation = (lambda x: x * torch.sigmoid(1.702 * x)) if is_clip else F.gelu
        self.layers = nn.ModuleList(Layer(width, number, activation) for _ in range(layers))
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, out, bias=not is_clip)

    def forward(self, pixel_values):
        x = self.patches(pixel_values).flatten(2).transpose(1, 2)
        if self.first is not None:
            x = torch.cat((self.first.expand(x.shape[0], -1, -1), x), 1)
        x = x + self.places
        for layer in self.layers:
            x = layer(x)
        return self.out(self.norm(x if self.first is None else x[:, 0]))


class CaptionEncoder(nn.Module):
    def __init__(self, width, layers, number):
        super().__init__()
        self.words, self.places = nn.Embedding(512, width), nn.Parameter(torch.zeros(1, CONTEXT, width))
        self.layers = nn.ModuleList(Layer(width, number, F.gelu) for _ in range(layers))
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, width, bias=False)

    def forward(self, ids):
        mask = torch.full((CONTEXT, CONTEXT), -math.inf).triu(1)
        x = self.words(ids) + self.places
        for layer in self.layers:
            x = layer(x, mask)
        return self.out(self.norm(x)[:, -1])


class RootMeanSquare(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weight


class DecoderLayer(nn.Module):
    def __init__(self, width, number, ffn):
        super().__init__()
        self.number = number
        self.before, self.between = RootMeanSquare(width), RootMeanSquare(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up, self.down = (nn.Linear(*s, bias=False) for s in ((width, ffn), (width, ffn), (ffn, width)))

    def forward(self, x, turn, mask):
        y = self.before(x)
        q, k, v = (heads(f(y), self.number) for f in (self.q, self.k, self.v))
        x = x + self.out(merged(attend(turn(q), turn(k), v, mask)))
        y = self.between(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Decoder(nn.Module):
    def __init__(self, size):
        super().__init__()
        width, layers, number = size.lm
        self.layers = nn.ModuleList(DecoderLayer(width, number, size.ffn) for _ in range(layers))
        self.norm, self.head = RootMeanSquare(width), nn.Linear(width, size.vocabulary, bias=False)
        half = width // number // 2
        angles = torch.arange(512)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", torch.cat((angles, angles), -1).cos())
        self.register_buffer("sin", torch.cat((angles, angles), -1).sin())

    def forward(self, inputs_embeds, attention_mask, position_ids):
        cos, sin = self.cos[position_ids][:, None], self.sin[position_ids][:, None]
        order = torch.cumsum(torch.ones_like(attention_mask), 1)
        seen = (order[:, None, None] <= order[:, None, :, None]) & (attention_mask[:, None, None] > 0)
        mask = torch.where(seen, torch.zeros(()), torch.full((), -1e9))

        def turn(x):
            a, b = x.chunk(2, -1)
            return x * cos + torch.cat((-b, a), -1) * sin

        x = inputs_embeds
        for layer in self.layers:
            x = layer(x, turn, mask)
        return self.head(self.norm(x))


def filled(module, seed):
    """Random weights with which activations keep their size."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in module.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if p.dim() > 1:
                p.copy_(noise * (0.3 if "places" in name or "first" in name else 1 / math.sqrt(p[0].numel())))
            else:
                p.copy_(0.05 * noise + (1 if name.endswith("weight") else 0))
    return module


class Step:
    """The models, a batch, and the losses of a prompt."""

    def __init__(self, name):
        self.size = size = SimpleNamespace(**SIZES[name])
        self.tokens = (size.image // size.patch) ** 2
        self.vision = filled(Encoder(size, *size.vit, size.lm[0], False), 0).requires_grad_(False)
        self.words = filled(nn.Embedding(size.vocabulary, size.lm[0]), 1).requires_grad_(False)
        self.decoder = filled(Decoder(size), 2).requires_grad_(False)
        self.clip = filled(Encoder(size, *size.clip, size.clip[0], True), 3)
        self.captions = filled(CaptionEncoder(*size.clip), 4)
        generator = torch.Generator().manual_seed(5)
        inner = size.image - 2 * size.frame
        self.photos = torch.randint(0, 256, (BATCH, 3, inner, inner), generator=generator, dtype=torch.uint8)
        self.ids = torch.randint(40, size.vocabulary, (BATCH, TEXT), generator=generator)
        answers = 2 + torch.arange(BATCH) % 4
        place = torch.arange(TEXT)[None]
        self.shown = (place < 8 + answers[:, None]).long()
        self.labels = torch.where((place >= 7) & (self.shown > 0), self.ids, -100)
        self.caption_ids = torch.randint(0, 512, (BATCH, CONTEXT), generator=generator)
        self.mask = torch.ones(3, size.image, size.image)
        self.mask[:, size.frame:-size.frame, size.frame:-size.frame] = 0
        self.x = F.pad(self.photos / 255, (size.frame,) * 4)
        self.delta = 0.02 * self.mask

    def normal(self, x):
        return (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]

    def lm(self, features):
        head = self.words(torch.tensor([PREFIX])).expand(BATCH, -1, -1)
        x = torch.cat((head, features, self.words(self.ids)), 1)
        seen = torch.cat((torch.ones(BATCH, len(PREFIX) + self.tokens, dtype=torch.long), self.shown), 1)
        logits = self.decoder(x, seen, torch.arange(x.shape[1])[None])
        wanted = F.pad(self.labels, (len(PREFIX) + self.tokens, 0), value=-100)
        return F.cross_entropy(logits[:, :-1].flatten(0, 1), wanted[:, 1:].flatten())

    def tse(self, pictures, captions):
        return 100 * F.cosine_similarity(self.clip(pictures), captions, -1).mean()

    def loss(self, features, clean, tse):
        return self.lm(features) + WEIGHTS["fca"] * (features - clean).norm(dim=-1).mean() - WEIGHTS["tse"] * tse

    def move(self, gradient):
        self.delta = self.delta - 0.01 * self.mask * gradient / (gradient.norm() + 1e-10)

    def official(self):
        noise = self.delta.requires_grad_(True).repeat(BATCH, 1, 1, 1)
        noise.retain_grad()
        pictures = self.normal(self.x + noise)
        clean = self.vision(self.normal(self.x))
        fca = (self.vision(pictures) - clean).norm(dim=-1).mean()
        loss = self.lm(self.vision(pictures)) + WEIGHTS["fca"] * fca
        loss = loss - WEIGHTS["tse"] * self.tse(pictures, self.captions(self.caption_ids))
        loss.backward()
        self.delta = self.delta.detach()
        self.move(noise.grad.mean(0))
        return loss.item()

    def eager(self, compiled=False):
        self.clip.requires_grad_(False)
        with torch.no_grad():
            clean, captions = self.vision(self.normal(self.x)), self.captions(self.caption_ids)

        def loss_of(delta):
            pictures = self.normal(self.x + delta)
            return self.loss(self.vision(pictures), clean, self.tse(pictures, captions))

        if compiled:
            loss_of = torch.compile(loss_of)

        def step():
            delta = self.delta.detach().requires_grad_(True)
            loss = loss_of(delta)
            loss.backward()
            self.delta = delta.detach()
            self.move(delta.grad)
            return loss.item()

        return step

    def export(self, folder):
        from safetensors.torch import save_file

        global exporting
        exporting = True
        size = self.size
        pictures = torch.rand(2, 3, size.image, size.image)
        length = len(PREFIX) + self.tokens + TEXT
        batch, both = {0: "batch"}, {0: "batch", 1: "sequence"}
        rows = (torch.rand(2, length, size.lm[0]), torch.ones(2, length, dtype=torch.long), torch.arange(length)[None])
        for name, module, inputs, axes in (
            ("vision_encoder", self.vision, (pictures,), {"pixel_values": batch, "image_features": batch}),
            ("clip_vision", self.clip, (pictures,), {"pixel_values": batch, "image_embeds": batch}),
            ("embed_tokens", self.words, (self.ids,), {"input_ids": both, "inputs_embeds": both}),
            ("decoder", self.decoder, rows, {"inputs_embeds": both, "attention_mask": both, "position_ids": {1: "sequence"}, "logits": both}),
        ):
            *given, out = axes
            torch.onnx.export(module, inputs, os.path.join(folder, name + ".onnx"), input_names=given, output_names=[out],
                              dynamic_axes=axes, opset_version=17, dynamo=False)
        with torch.no_grad():
            captions = F.normalize(self.captions(self.caption_ids), dim=-1)
        save_file({"photos": self.photos[None], "input_ids": self.ids[None].int(), "labels": self.labels[None].int(),
                   "text_mask": self.shown[None].int(), "caption_features": captions[None].contiguous(),
                   "mask": self.mask.to(torch.uint8), "delta": self.delta, "prefix_ids": torch.tensor(PREFIX, dtype=torch.int32)},
                  os.path.join(folder, "trajectory.safetensors"))
        with open(os.path.join(folder, "meta.json"), "w") as file:
            json.dump({"source_models": 1, "image": size.image, "frame": size.frame, "photo": size.image - 2 * size.frame, "lr": 0.01,
                       "epochs": 1, "steps_per_epoch": 1, "steps": 1, "fca_weight": WEIGHTS["fca"], "tse_weight": WEIGHTS["tse"],
                       "logit_scale_exp": 100}, file)


def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def timed(step, repeats):
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        loss = step()
    return {"ms": (time.perf_counter() - start) * 1e3 / repeats, "cpuMs": (time.process_time() - cpu) * 1e3 / repeats,
            "loss": loss, "peak": peak()}


def main():
    variant, name, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    step = Step(name)
    run = {"official": lambda: step.official, "eager": step.eager, "compile": lambda: step.eager(True), "export": lambda: None}[variant]()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"version": torch.__version__}
            if request["do"] == "open":
                step.export(request["folder"])
            else:
                answer = timed(run, request["repeats"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


main()
