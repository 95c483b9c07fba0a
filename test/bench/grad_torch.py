"""PyTorch's side of `deno task bench grad --torch PYTHON`: its own models, exported and timed.

Needs torch, onnx and onnxscript; models of transformers, torchvision and timm where these are
installed. Answers one JSON line on stdout per JSON line on stdin:

    {"do": "list"}                                      names of the models that can be made here
    {"do": "open", "model": ..., "folder": ...}         writes model.onnx and data.safetensors there
    {"do": "run", "what": "forward", "repeats": 3}      milliseconds per run of the opened model
"""

import json
import logging
import os
import struct
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
answers, sys.stdout = sys.stdout, sys.stderr

import torch  # noqa: E402


def transformer(cls, config, outputs, **sizes):
    import transformers

    attention = {} if cls.startswith("T5") else {"attn_implementation": "sdpa"}
    model = getattr(transformers, cls)(getattr(transformers, config)(**sizes, **attention))
    return Outputs(model, outputs)


class Outputs(torch.nn.Module):
    """A model of one input and one output."""

    def __init__(self, model, call):
        super().__init__()
        self.model, self.call = model, call

    def forward(self, x):
        return self.call(self.model, x)


def torchvision_model(name):
    import torchvision

    return getattr(torchvision.models, name)()


def timm_model(name, **sizes):
    import timm

    return timm.create_model(name, **sizes)


def states(model, x):
    return model(x).last_hidden_state


def logits(model, x):
    return model(inputs_embeds=x, use_cache=False).logits


def translated(model, x):
    return model(inputs_embeds=x, decoder_inputs_embeds=x[:, :16], use_cache=False).logits


VISION = dict(hidden_size=192, num_hidden_layers=6, num_attention_heads=3, intermediate_size=768)
TEXT = dict(vocab_size=1024, hidden_size=256, num_hidden_layers=4, num_attention_heads=8)

# name: (how it is made, shape of its input)
MODELS = {
    "vit": (lambda: transformer("ViTModel", "ViTConfig", states, **VISION), (1, 3, 224, 224)),
    "clip vision": (
        lambda: transformer(
            "CLIPVisionModel", "CLIPVisionConfig", states, image_size=112, patch_size=16, **VISION
        ),
        (4, 3, 112, 112),
    ),
    "dinov2": (
        lambda: transformer(
            "Dinov2Model", "Dinov2Config", states, image_size=112, patch_size=14, **VISION
        ),
        (4, 3, 112, 112),
    ),
    "swin": (
        lambda: timm_model("swin_tiny_patch4_window7_224", depths=(2, 2, 2, 2), embed_dim=48),
        (1, 3, 224, 224),
    ),
    "convnext": (lambda: timm_model("convnext_atto"), (1, 3, 224, 224)),
    "mobilenet v2": (lambda: torchvision_model("mobilenet_v2"), (1, 3, 224, 224)),
    "efficientnet b0": (lambda: torchvision_model("efficientnet_b0"), (1, 3, 224, 224)),
    "resnet18": (lambda: torchvision_model("resnet18"), (1, 3, 224, 224)),
    "regnet": (lambda: torchvision_model("regnet_y_400mf"), (1, 3, 224, 224)),
    "llama": (
        lambda: transformer(
            "LlamaForCausalLM", "LlamaConfig", logits, intermediate_size=704, num_key_value_heads=4, **TEXT
        ),
        (2, 96, 256),
    ),
    "gpt2": (
        lambda: transformer(
            "GPT2LMHeadModel", "GPT2Config", logits, n_embd=256, n_layer=4, n_head=8, vocab_size=1024
        ),
        (2, 96, 256),
    ),
    "t5": (
        lambda: transformer(
            "T5ForConditionalGeneration",
            "T5Config",
            translated,
            d_model=256,
            d_kv=32,
            d_ff=512,
            num_layers=3,
            num_heads=8,
            vocab_size=1024,
            feed_forward_proj="gated-gelu",
        ),
        (2, 96, 256),
    ),
}


def write_tensors(path, tensors):
    """The safetensors format: a header of names, types, shapes and offsets, then the bytes."""
    header, data = {}, b""
    for name, value in tensors.items():
        part = value.detach().contiguous().numpy().tobytes()
        place = [len(data), len(data) + len(part)]
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": place}
        data += part
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class Opened:
    def __init__(self, name, folder):
        make, shape = MODELS[name]
        torch.manual_seed(0)
        self.model = make().eval().requires_grad_(False)
        self.x = torch.randn(shape)
        path = os.path.join(folder, "model.onnx")
        names = dict(input_names=["x"], output_names=["y"])
        torch.onnx.export(
            self.model, (self.x,), path, opset_version=18, dynamo=True, external_data=False, verbose=False, **names
        )
        self.ct = torch.randn_like(self.model(self.x))
        tensors = {"in.x": self.x, "ct.y": self.ct, "grad.x": self.gradient()}
        write_tensors(os.path.join(folder, "data.safetensors"), tensors)

    def forward(self):
        with torch.no_grad():
            return self.model(self.x)

    def gradient(self):
        x = self.x.clone().requires_grad_(True)
        self.model(x).backward(self.ct)
        return x.grad

    def run(self, what, repeats):
        body = getattr(self, what)
        start = time.perf_counter()
        for _ in range(repeats):
            body()
        return 1000 * (time.perf_counter() - start) / repeats


def serve():
    opened = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "list":
                answer = {"models": list(MODELS), "version": torch.__version__}
            elif request["do"] == "open":
                opened = Opened(request["model"], request["folder"])
                answer = {}
            else:
                answer = {"ms": opened.run(request["what"], request["repeats"])}
        except Exception as error:  # a model that is not installed, or that cannot be exported
            answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"}
        print(json.dumps(answer), file=answers, flush=True)


torch.set_num_threads(int(sys.argv[1]))
serve()
