"""Records golden cases of model families, exporters and optimisers (vjp/ and mllm/ beside this file).

    pip install torch==2.15.0 torchvision==0.29.2 transformers==5.23.0 onnx==1.23.2 \\
        onnxscript==0.7.2 onnxruntime==1.32.0 safetensors==0.8.0
    python test/golden/make_architectures.py [PART OF A NAME]…

Tiny models with random weights. Values and gradients come from the PyTorch module in float64; the exported graph is only
run once in ONNX Runtime, to see that it computes the same. Nothing is downloaded, and every case is drawn from its name.
"""
import contextlib
import copy
import io
import json
import os
import sys
import tempfile
import zlib

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torchvision
import transformers as tr
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.optimizer import optimize_model
from safetensors.torch import save_file
from torch import nn
from torch.overrides import TorchFunctionMode
from transformers.cache_utils import DynamicCache, DynamicLayer, EncoderDecoderCache

HERE = os.environ.get("GOLDEN_OUT", os.path.dirname(os.path.abspath(__file__)))
BATCH = 2


# ---------------------------------------------------------------- weights and inputs
def generator(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def randomise(module, name):
    """Weights of unit gain, norms around one, biases small; all different from one another."""
    g = generator(name)
    tables = {id(m.weight) for m in module.modules() if isinstance(m, nn.Embedding)}
    with torch.no_grad():
        for key, p in sorted(module.named_parameters()):
            noise = torch.randn(p.shape, generator=g)
            if p.ndim < 2:
                centre = 0.0 if key.endswith("bias") else float(p.mean())
                p.copy_((centre if abs(centre) > 0.05 else 0.0 if key.endswith("bias") else 0.7) + 0.1 * noise)
            elif id(p) in tables or "embed" in key or "token" in key:
                p.copy_(0.5 * noise)
            else:
                p.copy_(noise / max(1, p[0].numel()) ** 0.5)
    return module.eval()


def settle(module, inputs):
    """Gives batch normalisations the statistics of the inputs, as a trained network has them."""
    def record(norm, args):
        axes = [i for i in range(args[0].ndim) if i != 1]
        norm.running_mean.copy_(args[0].mean(axes))
        norm.running_var.copy_(args[0].var(axes, unbiased=False) + 0.01)
    norms = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(record) for norm in norms]
    if hooks:
        with torch.no_grad():
            module(*inputs)
    for hook in hooks:
        hook.remove()


def round_to_half(module):
    with torch.no_grad():
        for p in [*module.parameters(), *(b for b in module.buffers() if b.is_floating_point())]:
            p.copy_(p.half().float())


def picture(size, seed=1):
    return torch.randn(BATCH, 3, size, size, generator=torch.Generator().manual_seed(seed))


def text(width=32, length=7):
    mask = torch.ones(BATCH, length, dtype=torch.long)
    mask[1, length - 2:] = 0
    return torch.randn(BATCH, length, width, generator=torch.Generator().manual_seed(2)), mask


class Function(nn.Module):
    """A function of a module and its inputs, as a module."""
    def __init__(self, module, function):
        super().__init__()
        self.module, self.function = module, function
        # An export ends by putting back the mode of the whole.
        self.eval()

    def forward(self, *inputs):
        return self.function(self.module, *inputs)


class InDouble(TorchFunctionMode):
    """Where a module asks for float32, it gets float64."""
    def __torch_function__(self, function, types, args=(), kwargs=None):
        swap = lambda value: torch.float64 if value is torch.float32 else value
        if function is torch.Tensor.float:
            function = torch.Tensor.double
        return function(*map(swap, args), **{k: swap(v) for k, v in (kwargs or {}).items()})


def in_double(module):
    module = copy.deepcopy(module).double()
    for p in module.parameters():
        p.requires_grad_(False)
    return module


# ---------------------------------------------------------------- export
def export(module, inputs, names, outputs, dynamic, exporter, opset):
    """dynamic: {input: {axis: symbol}}."""
    with tempfile.TemporaryDirectory() as folder, torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        path = os.path.join(folder, "model.onnx")
        common = dict(input_names=names, output_names=outputs, opset_version=opset)
        if exporter == "torchscript":
            torch.onnx.export(module, inputs, path, dynamo=False, dynamic_axes=dynamic, **common)
        else:
            shapes = tuple({axis: torch.export.Dim.DYNAMIC for axis in dynamic.get(n, {})} or None for n in names)
            torch.onnx.export(module, inputs, path, dynamo=True, external_data=False, verbose=False, optimize=True,
                              dynamic_shapes={"inputs": shapes}, **common)
        model = onnx.load(path)
    del model.metadata_props[:]
    for node in model.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    return model


def optimised(kind, heads, half=False):
    """The fusions of onnxruntime.transformers."""
    def apply(model):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            onnx.save(model, path)
            result = optimize_model(path, kind, num_heads=heads, hidden_size=32, opt_level=0)
        if half:
            result.convert_float_to_float16(keep_io_types=False)
        return result.model
    return apply


def extended(model):
    """The fusions of ONNX Runtime itself, those that hold on every machine."""
    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = os.path.join(folder, "model.onnx")
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def run(model, feeds):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    half = {i.name for i in session.get_inputs() if i.type == "tensor(float16)"}
    known = {i.name for i in session.get_inputs()}
    arrays = {k: v.numpy().astype(np.float16) if k in half else v.numpy() for k, v in feeds.items() if k in known}
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, arrays)))


def error(got, reference):
    difference = torch.from_numpy(np.asarray(got, np.float64)) - reference
    return float(difference.norm() / reference.norm())


def check(name, what, got, reference, limit):
    off = error(got, reference.detach())
    if not off <= limit:
        raise AssertionError(f"{name}: {what} of the exported graph differs by {off:.1e}")


# ---------------------------------------------------------------- one graph
def plain(tensor):
    return tensor.detach().float().contiguous() if tensor.is_floating_point() else tensor.contiguous()


def write_case(folder, spec, tensors):
    save_file({key: plain(value).clone() for key, value in tensors.items()}, os.path.join(folder, "data.safetensors"))
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump({**spec, "reference": "torch float64 autograd", "torch": torch.__version__, "transformers": tr.__version__},
                  file, indent=1)
        file.write("\n")


def graph_case(name, make, function, inputs, wrt, exporter="torchscript", opset=17, dynamic=None, outputs=("y",),
               post=None, half=False):
    """inputs: {name: tensor}."""
    module = randomise(make(), name)
    if half:
        inputs = {k: v.half().float() if v.is_floating_point() else v for k, v in inputs.items()}
    wrapped = Function(module, function)
    settle(wrapped, tuple(inputs.values()))
    if half:
        round_to_half(module)
    model = export(wrapped, tuple(inputs.values()), list(inputs), list(outputs), dynamic or {}, exporter, opset)
    model = post(model) if post else model
    values = {k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}
    for key in wrt:
        values[key].requires_grad_(True)
    exact = in_double(wrapped)
    with InDouble():
        results = exact(*values.values())
    results = dict(zip(outputs, results if isinstance(results, tuple) else (results,)))
    g = generator(name + " cotangent")
    cotangents = {k: (torch.randn(v.shape, generator=g) / v.numel() ** 0.5).double() for k, v in results.items()}
    loss = sum((cotangents[k] * v).sum() for k, v in results.items())
    gradients = torch.autograd.grad(loss, [values[key] for key in wrt])
    got = run(model, inputs)
    for key, value in results.items():
        check(name, key, got[key], value, 2e-2 if half else 1e-4)
    folder = os.path.join(HERE, "vjp", name)
    os.makedirs(folder, exist_ok=True)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    kinds = {i.name: onnx.helper.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type).name for i in model.graph.input}
    spec = {
        "name": name, "group": "arch", "source": type(module).__name__, "exporter": exporter,
        "opset": next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")),
        "inputs": [{"name": k, "shape": list(v.shape), "dtype": kinds.get(k, "float32"), "wrt": k in wrt} for k, v in inputs.items()],
        "wrt_initializers": [], "rtol": 2e-2 if half else 1e-4, "atol": 1e-6,
        "ops": sorted({".".join(filter(None, [n.domain, n.op_type])) for n in model.graph.node}),
    }
    write_case(folder, spec, {
        **{f"in.{k}": v for k, v in inputs.items()}, **{f"out.{k}": v for k, v in results.items()},
        **{f"ct.{k}": v for k, v in cotangents.items()}, **{f"grad.{k}": v for k, v in zip(wrt, gradients)},
    })


# ---------------------------------------------------------------- models
TEXT = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            vocab_size=64, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
VISION = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8)
SEQ2SEQ = dict(d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
               encoder_ffn_dim=48, decoder_ffn_dim=48, vocab_size=64, max_position_embeddings=32, pad_token_id=0,
               bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, forced_eos_token_id=2)


def build(kind, config, attention="eager", **settings):
    config = getattr(tr, config)(**settings)
    config._attn_implementation = attention
    return getattr(tr, kind)(config)


def hidden(module, x):
    return module(x).last_hidden_state


def logits(module, embeddings, mask):
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    return module(inputs_embeds=embeddings, attention_mask=mask, position_ids=positions, use_cache=False).logits


def cache_of(past):
    """A cache that holds keys and values of earlier positions, layer by layer."""
    cache = DynamicCache()
    cache.layers = []
    for keys, values in zip(past[0::2], past[1::2]):
        layer = DynamicLayer()
        layer.dtype, layer.device, layer.keys, layer.values, layer.is_initialized = keys.dtype, keys.device, keys, values, True
        cache.layers.append(layer)
    return cache


def with_past(module, embeddings, mask, *past):
    cache = cache_of(past)
    positions = (mask.cumsum(-1) - 1)[:, -embeddings.shape[1]:]
    out = module(inputs_embeds=embeddings, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
    return (out.logits, *(t for layer in cache.layers for t in (layer.keys, layer.values)))


def cross_attending(module, embeddings, states, mask):
    decoder = module.model.decoder if hasattr(module, "model") else module.decoder
    out = decoder(inputs_embeds=embeddings, encoder_hidden_states=states, encoder_attention_mask=mask, use_cache=False)
    return module.lm_head(out.last_hidden_state)


class UNet(nn.Module):
    """Down and up again, with a transposed convolution and cubic and linear resizing."""
    def __init__(self):
        super().__init__()
        block = lambda i, o: nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.InstanceNorm2d(o, affine=True), nn.PReLU(o))
        self.one, self.two, self.three = block(3, 8), block(8, 12), block(12, 16)
        self.up, self.last = nn.ConvTranspose2d(16, 12, 3, 2, 1, 1), nn.Conv2d(20, 2, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        one = self.one(x)
        two = self.two(self.pool(one))
        up = self.up(self.three(self.pool(two))) + two
        wide = nn.functional.interpolate(up, scale_factor=2, mode="bicubic", align_corners=False)
        fine = nn.functional.interpolate(wide + 0, size=x.shape[2:], mode="bilinear", align_corners=True)
        return self.last(torch.cat([fine, one], 1))


class ShuffleNet(nn.Module):
    """Grouped convolutions whose channels are shuffled, squeezed and excited."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.Hardswish())
        self.split = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, groups=4), nn.BatchNorm2d(8), nn.ReLU6())
        self.excite = torchvision.ops.SqueezeExcitation(16, 4, scale_activation=nn.Hardsigmoid)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        left, right = self.stem(x).chunk(2, 1)
        both = torch.cat([left, self.split(right)], 1)
        shuffled = both.unflatten(1, (2, 8)).transpose(1, 2).flatten(1, 2)
        return self.head(self.excite(shuffled).mean((2, 3)))


IMAGE = {"pixel_values": {0: "batch"}}
SEQUENCE = {"inputs_embeds": {0: "batch", 1: "sequence"}, "attention_mask": {0: "batch", 1: "sequence"}}
CROSS = {"inputs_embeds": {0: "batch", 1: "sequence"}, "encoder_hidden_states": {0: "batch", 1: "states"},
         "encoder_attention_mask": {0: "batch", 1: "states"}}
PAST = [f"past_key_values.{i}.{kind}" for i in range(2) for kind in ("key", "value")]


def vision_case(name, make, size=32, function=hidden, **settings):
    settings.setdefault("dynamic", IMAGE)
    graph_case(name, make, function, {"pixel_values": picture(size)}, ["pixel_values"], **settings)


def text_case(name, make, function=logits, **settings):
    embeddings, mask = text()
    graph_case(name, make, function, {"inputs_embeds": embeddings, "attention_mask": mask}, ["inputs_embeds"],
               dynamic=SEQUENCE, **settings)


def cross_case(name, make, **settings):
    states, mask = text()
    inputs = {"inputs_embeds": text(length=4)[0], "encoder_hidden_states": states, "encoder_attention_mask": mask}
    graph_case(name, make, cross_attending, inputs, ["inputs_embeds", "encoder_hidden_states"], dynamic=CROSS, **settings)


def past_case(name, make, heads=2, **settings):
    g = generator(name + " past")
    past = {key: torch.randn(BATCH, heads, 3, 8, generator=g) for key in PAST}
    inputs = {"inputs_embeds": text(length=4)[0], "attention_mask": torch.ones(BATCH, 7, dtype=torch.long), **past}
    dynamic = {"inputs_embeds": {0: "batch", 1: "sequence"}, "attention_mask": {0: "batch", 1: "total"},
               **{key: {0: "batch", 2: "past"} for key in PAST}}
    presents = [key.replace("past_key_values", "present") for key in PAST]
    graph_case(name, make, with_past, inputs, ["inputs_embeds", *PAST], dynamic=dynamic, outputs=("logits", *presents), **settings)


def swin():
    return build("SwinModel", "SwinConfig", image_size=32, patch_size=4, embed_dim=8, depths=[2, 1], num_heads=[2, 4], window_size=4)


def convnext():
    return build("ConvNextV2Model", "ConvNextV2Config", hidden_sizes=[8, 12, 16, 24], depths=[1, 1, 1, 1])


def gemma():
    return build("Gemma2ForCausalLM", "Gemma2Config", **TEXT, head_dim=8, sliding_window=3, query_pre_attn_scalar=8,
                 attn_logit_softcapping=5.0, final_logit_softcapping=3.0)


def bert():
    settings = {k: v for k, v in TEXT.items() if k != "num_key_value_heads"}
    return build("BertModel", "BertConfig", **settings)


def encoded(module, embeddings, mask):
    return module(inputs_embeds=embeddings, attention_mask=mask).last_hidden_state


def sam():
    return build("SamVisionModel", "SamVisionConfig", hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=40,
                 patch_size=8, window_size=3, global_attn_indexes=[1], output_channels=8, mlp_dim=24, num_pos_feats=4)


def hiera():
    return build("HieraModel", "HieraConfig", image_size=[32, 32], embed_dim=8, depths=[1, 1], num_heads=[1, 2], mlp_ratio=2.0,
                 num_query_pool=1, query_stride=[2, 2], masked_unit_size=[4, 4], masked_unit_attention=[True, False])


def dino(attention="eager"):
    return build("DINOv3ViTModel", "DINOv3ViTConfig", attention, **VISION, num_register_tokens=2, use_gated_mlp=True)


GRAPHS = {
    "swin_windows_ts17": lambda n: vision_case(n, swin, 40),
    "convnextv2_dynamo20": lambda n: vision_case(n, convnext, exporter="dynamo", opset=20),
    "hiera_ts16": lambda n: vision_case(n, hiera, opset=16),
    "sam_relative_ts17": lambda n: vision_case(n, sam, 40, dynamic={}),
    "dinov3_rotary_dynamo23": lambda n: vision_case(n, lambda: dino("sdpa"), exporter="dynamo", opset=23),
    "shufflenet_ts13": lambda n: vision_case(n, ShuffleNet, 16, lambda m, x: m(x), opset=13),
    "unet_dynamo18": lambda n: vision_case(n, UNet, 16, lambda m, x: m(x), exporter="dynamo", opset=18, dynamic={}),
    "gemma2_soft_caps_ts17": lambda n: text_case(n, gemma),
    "gemma2_soft_caps_dynamo21": lambda n: text_case(n, gemma, exporter="dynamo", opset=21),
    "qwen3_past_dynamo18": lambda n: past_case(
        n, lambda: build("Qwen3ForCausalLM", "Qwen3Config", **TEXT, head_dim=8), exporter="dynamo", opset=18),
    "bloom_alibi_ts17": lambda n: text_case(
        n, lambda: build("BloomForCausalLM", "BloomConfig", hidden_size=32, n_layer=2, n_head=4, vocab_size=64),
        lambda m, e, mask: m(inputs_embeds=e, attention_mask=mask, use_cache=False).logits),
    "bart_decoder_ts17": lambda n: cross_case(n, lambda: build("BartForConditionalGeneration", "BartConfig", "sdpa", **SEQ2SEQ)),
    "bart_decoder_dynamo23": lambda n: cross_case(
        n, lambda: build("BartForConditionalGeneration", "BartConfig", "sdpa", **SEQ2SEQ), exporter="dynamo", opset=23),
    "bert_fused_ts14": lambda n: text_case(n, bert, encoded, opset=14, post=optimised("bert", 4)),
    "bert_extended_dynamo18": lambda n: text_case(n, bert, encoded, exporter="dynamo", opset=18, post=extended),
    "swin_extended_ts17": lambda n: vision_case(n, swin, post=extended),
    "convnextv2_half_ts17": lambda n: vision_case(
        n, convnext, half=True, post=lambda m: convert_float_to_float16(m, keep_io_types=False)),
    "bert_fused_half_ts17": lambda n: text_case(n, bert, encoded, half=True, post=optimised("bert", 4, half=True)),
}


# ---------------------------------------------------------------- multimodal models
IMAGE_TOKEN = 4
QUESTIONS, ANSWERS = [[10, 11, 12], [14, 15]], [[20, 21, 2], [30, 2]]


def padded(rows, value):
    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def empty_past(heads, dtype=torch.float32):
    return [torch.zeros(BATCH, heads, 0, 8, dtype=dtype) for _ in PAST]


def save_part(folder, part, model):
    os.makedirs(os.path.join(folder, "onnx"), exist_ok=True)
    onnx.save(model, os.path.join(folder, "onnx", f"{part}.onnx"))


def write_model(name, kind, module, parts, tensors, reference):
    """reference: module -> (pixels that require gradients, features, logits, loss)."""
    exact = in_double(module)
    with InDouble():
        pixels, features, scores, loss = reference(exact)
    folder = os.path.join(HERE, "mllm", name)
    for part, model in parts.items():
        save_part(folder, part, model)
    module.config.save_pretrained(folder)
    with open(os.path.join(folder, "preprocessor_config.json"), "w") as file:
        json.dump({"size": {"height": 32, "width": 32}}, file)
    got = run(parts["vision_encoder"], tensors)
    check(name, "image_features", got["image_features"], features, 1e-4)
    (gradient,) = torch.autograd.grad(loss, [pixels])
    write_case(folder, {"name": name, "kind": kind, "source": type(module).__name__, "exporter": "torchscript", "opset": 17,
                        "wrt": "pixel_values", "rtol": 1e-4, "atol": 1e-6, "image_token_id": IMAGE_TOKEN},
               {**tensors, "loss": loss, "logits": scores, "image_features": features, "grad.pixel_values": gradient})


def qwen(name):
    """A rotary vision tower on patches of two pictures, and positions in time, height and width."""
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
    config = tr.Qwen2VLConfig(
        vision_config=dict(depth=1, embed_dim=32, hidden_size=32, num_heads=4, patch_size=4, mlp_ratio=2),
        text_config=dict(**TEXT, rope_parameters=rope), image_token_id=IMAGE_TOKEN, vision_start_token_id=5,
        vision_end_token_id=6, video_token_id=7)
    config._attn_implementation = "eager"
    model = randomise(tr.Qwen2VLForConditionalGeneration(config), name)
    grid = torch.tensor([[1, 4, 4]] * BATCH)
    pixels = torch.randn(BATCH * 16, 3 * 2 * 16, generator=torch.Generator().manual_seed(3))
    see = lambda m, x: m.model.visual(x, grid_thw=grid).pooler_output
    embed = lambda m, ids: m.get_input_embeddings()(ids)

    def speak(m, embeddings, mask, positions, *past):
        cache = cache_of(past)
        states = m.model.language_model(inputs_embeds=embeddings, attention_mask=mask, position_ids=positions,
                                        past_key_values=cache, use_cache=True).last_hidden_state
        return (m.lm_head(states), *(t for layer in cache.layers for t in (layer.keys, layer.values)))

    rows = [[1] + [IMAGE_TOKEN] * 4 + q for q in QUESTIONS]
    ids = padded([r + a for r, a in zip(rows, ANSWERS)], 0)
    labels = padded([[-100] * len(r) + a for r, a in zip(rows, ANSWERS)], -100)
    mask = (ids != 0).long()
    steps = (mask.cumsum(-1) - 1).clamp(min=0)
    positions = torch.stack([steps, steps * 2 // 3, steps // 2])
    names = ["inputs_embeds", "attention_mask", "position_ids", *PAST]
    example = (torch.randn(BATCH, 5, 32), torch.ones(BATCH, 8, dtype=torch.long),
               torch.arange(3, 8).expand(3, BATCH, 5).contiguous(), *[torch.randn(BATCH, 2, 3, 8) for _ in PAST])
    dynamic = {"inputs_embeds": {0: "batch", 1: "sequence"}, "attention_mask": {0: "batch", 1: "total"},
               "position_ids": {1: "batch", 2: "sequence"}, **{key: {0: "batch", 2: "past"} for key in PAST}}
    outputs = ["logits", *(key.replace("past_key_values", "present") for key in PAST)]
    parts = {
        "vision_encoder": export(Function(model, see), (pixels,), ["pixel_values"], ["image_features"], {}, "torchscript", 17),
        "embed_tokens": export(Function(model, embed), (ids,), ["input_ids"], ["inputs_embeds"],
                               {"input_ids": {0: "batch", 1: "sequence"}}, "torchscript", 17),
        "decoder_model_merged": export(Function(model, speak), example, names, outputs, dynamic, "torchscript", 17),
    }

    def reference(m):
        x = pixels.double().requires_grad_(True)
        features = see(m, x)
        embeddings = embed(m, ids).masked_scatter((ids == IMAGE_TOKEN)[..., None], features)
        scores = speak(m, embeddings, mask, positions, *empty_past(2, torch.float64))[0]
        loss = nn.functional.cross_entropy(scores[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        return x, features, scores, loss

    tensors = {"pixel_values": pixels, "input_ids": ids, "labels": labels, "attention_mask": mask, "position_ids": positions}
    write_model(name, "decoder-only", model, parts, tensors, reference)


def florence(name):
    """Features in front of the text of an encoder, and a decoder that scales its own embeddings."""
    config = tr.Florence2Config(
        vision_config=dict(depths=[1, 1], patch_size=[7, 3], patch_stride=[4, 2], patch_padding=[3, 1], patch_prenorm=[False, True],
                           embed_dim=[8, 16], num_heads=[2, 4], num_groups=[2, 4], window_size=4, projection_dim=32,
                           max_position_embeddings=8, drop_path_rate=0.0),
        text_config=dict(model_type="bart", **SEQ2SEQ), image_token_id=IMAGE_TOKEN)
    config._attn_implementation = "eager"
    model = randomise(tr.Florence2ForConditionalGeneration(config), name)
    pixels = picture(32)
    see = lambda m, x: m.model.get_image_features(x).pooler_output
    embed = lambda m, ids: m.get_input_embeddings()(ids)
    embed_answer = lambda m, ids: 1.5 * m.get_input_embeddings()(ids)
    encode = lambda m, e, mask: m.model.language_model.encoder(inputs_embeds=e, attention_mask=mask).last_hidden_state

    def speak(m, embeddings, states, mask, *past):
        cache = EncoderDecoderCache(cache_of(past), DynamicCache())
        out = m.model.language_model.decoder(inputs_embeds=embeddings, encoder_hidden_states=states, encoder_attention_mask=mask,
                                             past_key_values=cache, use_cache=True).last_hidden_state
        layers = cache.self_attention_cache.layers
        return (m.lm_head(out), *(t for layer in layers for t in (layer.keys, layer.values)))

    ids = padded([[1] + q for q in QUESTIONS], 0)
    mask = (ids != 0).long()
    labels = padded(ANSWERS, -100)
    decoder_ids = padded([[1] + a[:-1] for a in ANSWERS], 0)
    past = [key.replace(".key", ".decoder.key").replace(".value", ".decoder.value") for key in PAST]
    states, states_mask = text()
    example = (text(length=4)[0], states, states_mask, *[torch.randn(BATCH, 4, 3, 8) for _ in past])
    outputs = ["logits", *(key.replace("past_key_values", "present") for key in past)]
    either = {"input_ids": {0: "batch", 1: "sequence"}}
    parts = {
        "vision_encoder": export(Function(model, see), (pixels,), ["pixel_values"], ["image_features"], IMAGE, "torchscript", 17),
        "embed_tokens": export(Function(model, embed), (ids,), ["input_ids"], ["inputs_embeds"], either, "torchscript", 17),
        "decoder_embed_tokens": export(Function(model, embed_answer), (ids,), ["input_ids"], ["inputs_embeds"], either, "torchscript", 17),
        "encoder_model": export(Function(model, encode), (states, states_mask), ["inputs_embeds", "attention_mask"],
                                ["last_hidden_state"], SEQUENCE, "torchscript", 17),
        "decoder_model_merged": export(Function(model, speak), example, [*CROSS, *past], outputs,
                                       {**CROSS, **{key: {0: "batch", 2: "past"} for key in past}}, "torchscript", 17),
    }

    def reference(m):
        x = pixels.double().requires_grad_(True)
        features = see(m, x)
        together = torch.cat([features, embed(m, ids)], 1)
        seen = torch.cat([torch.ones(features.shape[:2], dtype=torch.long), mask], 1)
        scores = speak(m, embed_answer(m, decoder_ids), encode(m, together, seen), seen, *empty_past(4, torch.float64))[0]
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=-100)
        return x, features, scores, loss

    tensors = {"pixel_values": pixels, "input_ids": ids, "labels": labels, "attention_mask": mask, "decoder_input_ids": decoder_ids}
    write_model(name, "encoder-decoder", model, parts, tensors, reference)


MODELS = {"qwen2vl_ts17": qwen, "florence2_front_ts17": florence}


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = sys.argv[1:]
    for case, record in {**GRAPHS, **MODELS}.items():
        if not wanted or any(part in case for part in wanted):
            torch.manual_seed(0)
            record(case)
            print(case, flush=True)
