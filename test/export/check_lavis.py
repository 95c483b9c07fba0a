"""Compares lavis.py with the authors' own modules, on small random checkpoints with the authors' names.

    PYTHON test/export/check_lavis.py AUTHORS

AUTHORS is a folder with copies of their repositories: MiniGPT-4, VPGTrans and BLIVA. Of these the vision
encoder and the Q-Former are run, and put together as `encode_img` and `forward` there do.
"""

import importlib.util
import sys
import tempfile
import types
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from transformers import LlamaConfig, LlamaForCausalLM, pytorch_utils
from transformers.models.bert.configuration_bert import BertConfig

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "export"))
import lavis  # noqa: E402

PLACES = {
    "minigpt4": ("MiniGPT-4/minigpt4/models", "minigpt4"),
    "vpgtrans": ("VPGTrans/lavis/models", "lavis"),
    "bliva": ("BLIVA/bliva/models", "bliva"),
}
WIDTH, BLOCKS, QWIDTH, QLAYERS, QUERIES, TARGET, SIDE = 176, 3, 128, 4, 5, 48, 28


def stub(name, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


def prepare(package):
    """What the authors' files import besides PyTorch, in the little that is used of it here."""
    stub("timm"), stub("timm.models")
    stub("timm.models.layers", drop_path=lambda x, *_: x, to_2tuple=lambda x: (x, x), trunc_normal_=lambda x, std: x)
    stub("timm.models.registry", register_model=lambda f: f)
    stub(package), stub(f"{package}.common")
    stub(f"{package}.common.dist_utils", download_cached_file=None)
    import transformers.modeling_utils as utils
    utils.apply_chunking_to_forward = pytorch_utils.apply_chunking_to_forward
    utils.prune_linear_layer = pytorch_utils.prune_linear_layer
    utils.find_pruneable_heads_and_indices = None
    stub("transformers.file_utils", ModelOutput=__import__("transformers.utils", fromlist=["x"]).ModelOutput)


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def find(folder, name):
    (path, *_) = sorted(folder.rglob(name))
    return path


def authors_model(model, root):
    """The authors' encoder, Q-Former and projections, as their constructors leave them."""
    place, package = PLACES[model]
    prepare(package)
    eva = load(find(root / place, "eva_vit.py"), f"{model}_eva")
    former = load(find(root / place, "Qformer.py"), f"{model}_qformer")
    reads = lavis.MODELS[model][2]
    config = BertConfig(
        vocab_size=40, hidden_size=QWIDTH, num_hidden_layers=QLAYERS, num_attention_heads=QWIDTH // 64,
        intermediate_size=96, max_position_embeddings=32)
    config.encoder_width, config.add_cross_attention = WIDTH, True
    config.cross_attention_freq, config.query_length = 2, QUERIES
    config._attn_implementation = "eager"
    parts = torch.nn.Module()
    parts.visual_encoder = eva.VisionTransformer(
        img_size=SIDE, patch_size=14, use_mean_pooling=False, embed_dim=WIDTH, depth=BLOCKS,
        num_heads=WIDTH // 88, mlp_ratio=4.3637, qkv_bias=True, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6))
    parts.ln_vision = torch.nn.LayerNorm(WIDTH)
    former.BertModel.get_head_mask = lambda self, *_: [None] * QLAYERS
    former.BertModel.invert_attention_mask = lambda self, mask: (1.0 - mask[:, None, None, :].float()) * -1e4
    former.BertPreTrainedModel.init_weights = lambda self: None
    former.BertModel.post_init = former.BertLMHeadModel.post_init = lambda self: None
    parts.Qformer = former.BertLMHeadModel(config)
    parts.Qformer.cls = None
    if not reads:
        parts.Qformer.bert.embeddings.word_embeddings = None
        parts.Qformer.bert.embeddings.position_embeddings = None
        for layer in parts.Qformer.bert.encoder.layer:
            layer.output = layer.intermediate = None
    parts.query_tokens = torch.nn.Parameter(torch.zeros(1, QUERIES, QWIDTH))
    setattr(parts, lavis.MODELS[model][1], torch.nn.Linear(QWIDTH, TARGET))
    if model == "bliva":
        parts.vision_project = torch.nn.Linear(WIDTH, TARGET)
    torch.manual_seed(0)
    for parameter in parts.parameters():
        parameter.data = torch.randn_like(parameter) * 0.1 + (1.0 if parameter.dim() == 1 else 0.0)
    return parts.eval()


def authors_features(model, parts, pixels, ids, mask):
    seen = parts.ln_vision(parts.visual_encoder(pixels))
    queries = parts.query_tokens.expand(len(pixels), -1, -1)
    ones = torch.ones(seen.shape[:-1], dtype=torch.long)
    words = [] if ids is None else [ids]
    more = {} if ids is None else {"attention_mask": torch.cat([torch.ones(queries.shape[:-1], dtype=torch.long), mask], 1)}
    found = parts.Qformer.bert(
        *words, query_embeds=queries, encoder_hidden_states=seen, encoder_attention_mask=ones, return_dict=True, **more)
    rows = getattr(parts, lavis.MODELS[model][1])(found.last_hidden_state[:, :QUERIES])
    if model != "bliva":
        return rows
    patches = parts.visual_encoder.get_intermediate_layers(pixels)[-2][:, 1:]
    return torch.cat([rows, parts.vision_project(patches)], dim=1)


def compare(model, root):
    parts, random = authors_model(model, root), np.random.default_rng(1)
    pixels = torch.tensor(random.standard_normal((3, 3, SIDE, SIDE)), dtype=torch.float32)
    ids = torch.tensor(random.integers(1, 40, (3, 7))) if lavis.MODELS[model][2] else None
    mask = None if ids is None else torch.tensor([[1] * 7, [1] * 5 + [0] * 2, [1] * 6 + [0]])
    with tempfile.TemporaryDirectory() as out, torch.no_grad():
        expected = authors_features(model, parts, pixels, ids, mask).numpy()
        state = parts.state_dict()
        alone = {n.removeprefix("visual_encoder."): v for n, v in state.items() if n.startswith("visual_encoder.")}
        torch.save(alone, f"{out}/eva.pth")
        torch.save({"model": {n: v for n, v in state.items() if not n.startswith("visual_encoder.")}}, f"{out}/rest.pth")
        vision = lavis.make_encoder(model, lavis.read_weights([f"{out}/eva.pth", f"{out}/rest.pth"]))
        language = LlamaForCausalLM(LlamaConfig(
            vocab_size=50, hidden_size=TARGET, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4))
        language.set_attn_implementation("eager")
        lavis.export_graphs(vision, language.eval(), Path(out) / "onnx")
        session = onnxruntime.InferenceSession(f"{out}/onnx/vision_encoder.onnx", providers=["CPUExecutionProvider"])
        feeds = {"pixel_values": pixels.numpy()}
        if ids is not None:
            feeds |= {"qformer_input_ids": ids.numpy(), "qformer_attention_mask": mask.numpy()}
        (found,) = session.run(None, feeds)
    error = np.abs(found - expected).max() / np.abs(expected).max()
    print(f"{model}: {found.shape}, {error:.1e}")
    return error < 1e-4


if __name__ == "__main__":
    root = Path(sys.argv[1])
    sys.exit(0 if all([compare(model, root) for model in sys.argv[2:] or PLACES]) else 1)
