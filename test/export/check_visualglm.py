"""Compares visualglm.py with the authors' own modules, on a small random checkpoint with the authors' names.

    PYTHON test/export/check_visualglm.py AUTHORS OUT

AUTHORS is a folder with the code of the checkpoint, `visualglm-6b/{modeling,configuration,tokenization}_chatglm.py`,
and with their `VisualGLM-6B` repository, of which `model/blip2.py` is run. PYTHON has SwissArmyTransformer and
sentencepiece besides the packages of requirements_hugging_face.txt and onnxruntime. What is exported is kept in
OUT as cases of `deno task golden OUT`: texts, ids, logits, scores and greedy answers are those of the authors' code.
"""

import importlib.util
import json
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import onnxruntime
import sentencepiece
import torch
import transformers.utils
from PIL import Image
from safetensors.numpy import save_file
from transformers import PreTrainedModel

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "export"))
import visualglm  # noqa: E402
from chatglm_tokenizer import read_tokenizer  # noqa: E402

WIDTH, HEADS, LAYERS, WORDS, IMAGE_ROWS = 64, 4, 3, 420, 32
VISION = dict(
    num_layers=3, hidden_size=176, num_attention_heads=2, vocab_size=1, layernorm_order="pre", model_parallel_size=1,
    max_sequence_length=5, inner_hidden_size=300, use_final_layernorm=False, layernorm_epsilon=1e-6,
    image_size=[28, 28], pre_len=1, post_len=0, in_channels=3, num_classes=0, patch_size=14)
QFORMER = dict(
    num_layers=4, hidden_size=128, num_attention_heads=2, vocab_size=IMAGE_ROWS, layernorm_order="post",
    model_parallel_size=1, max_sequence_length=0, is_decoder=[True, False, True, False], cross_attn_hidden_size=176,
    layernorm_epsilon=1e-12)
TEXTS = [
    "a cat sits on the mat", "<img></img>问：what is this?\n答：", "  two  spaces\tand a tab\n\nlines",
    "图片里有什么？", "x" * 5 + " " * 100 + "y", "", " ", "naïve café ½ ﬁ", "red\r\ngreen",
]
QUESTIONS = ["what is this?", "how many red things are there?"]
NAMES = ["a red cat", "two green dogs", "有什么"]


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def train_pieces(folder, kind):
    """A small SentencePiece model with the special pieces of ChatGLM's."""
    words = "a the cat dog sits on mat red green blue what is this how many things are there image two three 问 答 图片 里 有 什么 ： ？".split()
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(words, 8)) for _ in range(2000)]
    special = ["<n>", "<|tab|>", *(f"<|blank_{n}|>" for n in range(2, 81)), "[MASK]", "[gMASK]", "[sMASK]", "<unused_0>",
               "<sop>", "<eop>", "<ENC>", "<dBLOCK>"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(folder / "ice_text"), vocab_size=340, model_type=kind,
        user_defined_symbols=special, pad_id=3, byte_fallback=False, character_coverage=1.0,
        hard_vocab_limit=False, minloglevel=2)


def authors_modules(root):
    """Their classes, with what today's transformers no longer has."""
    place = types.ModuleType("authors")
    place.__path__ = [str(root / "visualglm-6b")]
    sys.modules["authors"] = place
    for name in ("add_code_sample_docstrings", "add_start_docstrings", "add_start_docstrings_to_model_forward"):
        setattr(transformers.utils, name, lambda *_, **__: lambda f: f)
    load(root / "visualglm-6b" / "configuration_chatglm.py", "authors.configuration_chatglm")
    PreTrainedModel.__init_subclass__ = classmethod(lambda cls, **_: None)
    glm = load(root / "visualglm-6b" / "modeling_chatglm.py", "authors.modeling_chatglm")
    return glm, load(root / "VisualGLM-6B" / "model" / "blip2.py", "authors.blip2")


def authors_parts(root, config):
    glm, blip2 = authors_modules(root)
    settings = sys.modules["authors.configuration_chatglm"].ChatGLMConfig(**config)
    parts = torch.nn.Module()
    parts.transformer = glm.ChatGLMModel(settings, empty_init=False)
    for layer in parts.transformer.layers:
        layer.num_layers = LAYERS  # their class leaves it at the 28 of the published model
    parts.lm_head = torch.nn.Linear(WIDTH, WORDS, bias=False)
    parts.image_encoder = blip2.BLIP2(
        None, None, blip2.EVAViT(blip2.EVAViT.get_args(**VISION)), blip2.QFormer(blip2.QFormer.get_args(**QFORMER)))
    parts.image_encoder.glm_proj = torch.nn.Linear(QFORMER["hidden_size"], WIDTH)
    torch.manual_seed(0)
    for parameter in parts.parameters():
        noise = torch.randn(parameter.shape) * 0.1
        parameter.data = noise + (1.0 if parameter.dim() == 1 else 0.0)
    return parts.eval(), blip2.BlipImageEvalProcessor(VISION["image_size"][0])


def authors_logits(parts, pixels, ids, at):
    """All logits of one prompt with its answer; the image's rows begin at `at`."""
    words = parts.transformer.word_embeddings(ids)
    rows = parts.image_encoder(pixels)
    words[:, at : at + IMAGE_ROWS] = rows
    found = parts.transformer(
        inputs_embeds=words, use_cache=False, return_dict=True,
        position_ids=parts.transformer.get_position_ids(ids, "cpu"),
        full_attention_mask=parts.transformer.get_masks(ids, "cpu"), past_key_values=(None,) * LAYERS)
    return parts.lm_head(found.last_hidden_state.transpose(0, 1)), rows


class Graphs:
    """The exported graphs, run as a program does: padded prompts first, answers on their keys and values."""

    def __init__(self, folder):
        self.run_of = {
            name: onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"])
            for name in ("vision_encoder", "embed_tokens", "decoder_model_merged")}

    def run(self, name, **feeds):
        session = self.run_of[name]
        return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))

    def past(self, batch):
        inputs = self.run_of["decoder_model_merged"].get_inputs()
        return {i.name: np.zeros([batch, i.shape[1], 0, i.shape[3]], np.float32)
                for i in inputs if i.name.startswith("past")}

    def decode(self, embeds, mask, past):
        found = self.run("decoder_model_merged", inputs_embeds=embeds, attention_mask=mask, **past)
        logits = found.pop("logits")
        return logits, {name.replace("present", "past_key_values"): value for name, value in found.items()}


def compare(root, out, kind):
    config = dict(
        vocab_size=WORDS, hidden_size=WIDTH, num_layers=LAYERS, num_attention_heads=HEADS, inner_hidden_size=96,
        layernorm_epsilon=1e-5, max_sequence_length=256, image_length=IMAGE_ROWS)
    shutil.rmtree(out, ignore_errors=True)
    checkpoint, model = out / "checkpoint", out / "directory" / f"visualglm_{kind}"
    checkpoint.mkdir(parents=True)
    train_pieces(checkpoint, kind)
    tokens = load(root / "visualglm-6b" / "tokenization_chatglm.py", "authors.tokenization_chatglm")
    authors = tokens.SPTokenizer(str(checkpoint / "ice_text.model"), num_image_tokens=0)
    config |= {f"{name}_token_id": authors[text] for name, text in (
        ("bos", "<sop>"), ("eos", "<eop>"), ("mask", "[MASK]"), ("gmask", "[gMASK]"), ("pad", "<pad>"))}
    wrong = compare_tokens(read_tokenizer(checkpoint / "ice_text.model"), authors)
    parts, eval_image = authors_parts(root, config)
    # Rows that no piece has are never the likeliest.
    parts.lm_head.weight.data[authors.num_tokens :] = 0
    torch.save(parts.state_dict(), checkpoint / "pytorch_model-00001-of-00001.bin")
    (checkpoint / "config.json").write_text(json.dumps(config))
    visualglm.export(checkpoint, model, torch.float32)
    with torch.no_grad():
        error = compare_logits(parts, authors, Graphs(model / "onnx"))
    write_case(parts, authors, eval_image, model)
    print(f"{kind}: {wrong} of {len(TEXTS)} texts differ, logits differ by {error:.1e}")
    return wrong == 0 and error < 1e-4


def compare_tokens(fast, authors):
    wrong = 0
    for text in TEXTS:
        ids = authors.encode(text)
        given = fast.encode(text, add_special_tokens=False)
        # What is unknown, SentencePiece writes in its own way.
        known = [token for token in ids if token != authors["<unk>"]]
        back, expected = fast.decode(known), authors.decode(known)
        if given != ids or back != expected:
            wrong += 1
            print(f"{text!r}: {given}, not {ids}; {back!r}, not {expected!r}")
    return wrong


def prompt_ids(authors, question, image):
    """As the authors' `build_inputs_with_image` joins them; `image` is the id in the image's place."""
    return [*authors.encode("<img>"), *[image] * IMAGE_ROWS, *authors.encode(f"</img>问：{question}\n答："),
            authors["[gMASK]"], authors["<sop>"]]


def compare_logits(parts, authors, graphs):
    random = np.random.default_rng(1)
    pixels = random.standard_normal((2, 3, 28, 28)).astype(np.float32)
    prompts = [prompt_ids(authors, question, authors["<unk>"]) for question in QUESTIONS]
    answers = random.integers(5, 300, (2, 4)).tolist()
    at = len(authors.encode("<img>"))
    whole = [authors_logits(parts, torch.tensor(pixels[i : i + 1]), torch.tensor([prompts[i] + answers[i]]), at)
             for i in range(2)]
    expected = np.stack([logits[0, len(prompts[i]) - 1 :].numpy() for i, (logits, _) in enumerate(whole)])
    rows = graphs.run("vision_encoder", pixel_values=pixels)["image_features"]
    errors = [np.abs(rows - np.concatenate([r.numpy() for _, r in whole])).max() / np.abs(rows).max()]
    longest = max(map(len, prompts))
    ids = np.array([p + [authors["<pad>"]] * (longest - len(p)) for p in prompts])
    mask = np.array([[1] * len(p) + [0] * (longest - len(p)) for p in prompts])
    embeds = graphs.run("embed_tokens", input_ids=ids)["inputs_embeds"]
    embeds[:, at : at + IMAGE_ROWS] = rows
    logits, past = graphs.decode(embeds, mask, graphs.past(2))
    first = np.stack([logits[i, len(p) - 1] for i, p in enumerate(prompts)])[:, None]
    # In one run, and token by token.
    answer = graphs.run("embed_tokens", input_ids=np.array(answers))["inputs_embeds"]
    ones = np.ones((2, answer.shape[1]), np.int64)
    together, _ = graphs.decode(answer, np.concatenate([mask, ones], axis=1), past)
    steps = [first]
    for i in range(answer.shape[1]):
        mask = np.concatenate([mask, ones[:, :1]], axis=1)
        step, past = graphs.decode(answer[:, i : i + 1], mask, past)
        steps.append(step)
    for found in (np.concatenate([first, together], axis=1), np.concatenate(steps, axis=1)):
        errors.append(np.abs(found - expected).max() / np.abs(expected).max())
    return max(errors)


class Reference:
    """What the authors' code makes of an image and a question."""

    def __init__(self, parts, authors, pixels, question):
        self.parts, self.authors, self.pixels = parts, authors, pixels
        self.prompt = prompt_ids(authors, question, authors["<unk>"])
        after = f"</img>问：{question}\n答："
        self.texts = {
            "instruction": question, "prompt_text": f"<img><image>{after}",
            "expanded_text": f"<img>{'<image>' * IMAGE_ROWS}{after}",
            "input_ids": prompt_ids(authors, question, WORDS), "image_tokens": IMAGE_ROWS}

    def logits(self, answer):
        """The logits that predict each token of an answer and what comes after it, and the image's rows."""
        ids = torch.tensor([self.prompt + answer])
        logits, rows = authors_logits(self.parts, self.pixels, ids, len(self.authors.encode("<img>")))
        return logits[0, len(self.prompt) - 1 :], rows

    def mean(self, ids):
        """Mean log-likelihood of ids."""
        return self.logits(ids)[0][:-1].log_softmax(-1).gather(1, torch.tensor(ids)[:, None]).mean()

    def answer(self, text):
        ids = self.authors.encode(text)
        loss = -self.mean([*ids, self.authors["<eop>"]])
        logits, rows = self.logits(ids)
        tensors = {"pixel_values": self.pixels, "image_features": rows[0], "answer_logits": logits}
        return {**self.texts, "answer": text, "answer_ids": ids, "loss": loss.item()}, tensors, loss

    def candidates(self):
        return [{"text": text, "ids": self.authors.encode(text), "score": self.mean(self.authors.encode(text)).item()}
                for text in NAMES]

    def greedy(self):
        ids, end = [], self.authors["<eop>"]
        while len(ids) < 8 and end not in ids:
            ids.append(self.logits(ids)[0][-1].argmax().item())
        return {"max_new_tokens": 8, "ids": ids, "text": self.authors.decode([i for i in ids if i != end])}


def write_case(parts, authors, eval_image, model):
    """An image file and questions, and the gradient of a canvas, as a case of a whole directory."""
    image = Image.fromarray(np.random.default_rng(2).integers(0, 256, (96, 96, 3), np.uint8))
    image.save(model / "square.png")
    tensors, probes = {}, []
    for number, question in enumerate(QUESTIONS):
        with torch.no_grad():
            reference = Reference(parts, authors, eval_image(image)[None], question)
            probe, found, _ = reference.answer(NAMES[0])
            probe |= {"candidates": reference.candidates(), "greedy": reference.greedy()}
        probes.append({"name": f"question{number}", "image": "square.png", "gradient": False, **probe})
        tensors |= {f"question{number}.{name}": value for name, value in found.items()}
    canvas = torch.rand(3, 96, 96, generator=torch.Generator().manual_seed(3), requires_grad=True)
    resize, _, normalize = eval_image.transform.transforms
    probe, found, loss = Reference(parts, authors, normalize(resize(canvas))[None], QUESTIONS[0]).answer(NAMES[1])
    loss.backward()
    probes.append({"name": "canvas", "image": {"tensor": "canvas.image", "size": 96, "range": [0, 1]},
                   "processor_options": {}, "gradient": True, **probe})
    tensors |= {f"canvas.{name}": value for name, value in [*found.items(), ("image", canvas), ("grad", canvas.grad)]}
    save_file({name: value.detach().numpy().copy() for name, value in tensors.items()}, model / "data.safetensors")
    (model / "case.json").write_text(json.dumps({
        "level": "directory", "name": model.name, "model_type": "visualglm", "end_token_id": authors["<eop>"],
        "eos_token_ids": [authors["<eop>"]], "image_mean": normalize.mean, "image_std": normalize.std, "probes": probes,
        "tolerances": {"ids": "exact", "pixel_values_255": 1.1, "own_pixels": 5e-3, "gradient": 1e-3}
        | {name: 1e-4 for name in ("image_features", "logits", "loss", "scores")},
    }, indent=1))


def main():
    root, out = map(Path, sys.argv[1:])
    sys.exit(0 if all([compare(root, out / kind, kind) for kind in ("bpe", "unigram")]) else 1)


if __name__ == "__main__":
    main()
