"""ChatGLM-6B as a graph that goes on from a past (arXiv 2103.10360, section 2; names as in its checkpoint).

A prompt ends with [gMASK] and <sop>. What comes before <sop> is its context: tokens of the context see
each other both ways, all others look back only. A token has two positions: its place in the context, which
stays at that of [gMASK] from <sop> on; and its place behind the context, 0 within it. The graph finds both
from the mask: a run without a past reads a prompt, and the last token of a prompt is <sop>. For later runs
a past of its own, behind those of the layers, holds the second positions.
"""

import math

import torch
from torch.nn.functional import embedding, gelu, softmax

import blip2
from hugging_face import save

HIDDEN = -10000.0


def rotate(x, cos, sin):
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-right, left], dim=-1) * sin


class Attention(torch.nn.Module):
    def __init__(self, width, heads, layer, dtype):
        super().__init__()
        self.heads, self.size, self.scale = heads, width // heads, layer + 1
        self.query_key_value = torch.nn.Linear(width, 3 * width, dtype=dtype)
        self.dense = torch.nn.Linear(width, width, dtype=dtype)

    def forward(self, x, visible, turns, past_key, past_value):
        batch, tokens, width = x.shape
        heads = self.query_key_value(x).view(batch, tokens, self.heads, 3 * self.size).transpose(1, 2)
        query, key, value = heads.split(self.size, dim=-1)
        query, key = (
            torch.cat([rotate(half, *turn) for half, turn in zip(states.chunk(2, dim=-1), turns)], dim=-1)
            for states in (query, key))
        key, value = torch.cat([past_key, key], dim=2), torch.cat([past_value, value], dim=2)
        # Divided by the layer's number as long as they are in float16.
        scores = query / (math.sqrt(self.size) * self.scale) @ key.transpose(-1, -2)
        scores = torch.where(visible, scores, torch.full_like(scores, HIDDEN))
        weights = softmax(scores.float() * self.scale, dim=-1).to(x.dtype)
        seen = (weights @ value).transpose(1, 2).reshape(batch, tokens, width)
        return self.dense(seen), key, value


class Feedforward(torch.nn.Module):
    def __init__(self, width, inner, dtype):
        super().__init__()
        self.dense_h_to_4h = torch.nn.Linear(width, inner, dtype=dtype)
        self.dense_4h_to_h = torch.nn.Linear(inner, width, dtype=dtype)

    def forward(self, x):
        return self.dense_4h_to_h(gelu(self.dense_h_to_4h(x), approximate="tanh"))


class Block(torch.nn.Module):
    def __init__(self, config, layer, dtype):
        super().__init__()
        width, eps = config["hidden_size"], config["layernorm_epsilon"]
        self.residual = math.sqrt(2 * config["num_layers"])
        self.input_layernorm = torch.nn.LayerNorm(width, eps=eps, dtype=dtype)
        self.attention = Attention(width, config["num_attention_heads"], layer, dtype)
        self.post_attention_layernorm = torch.nn.LayerNorm(width, eps=eps, dtype=dtype)
        self.mlp = Feedforward(width, config["inner_hidden_size"], dtype)

    def forward(self, x, visible, turns, past_key, past_value):
        x = self.input_layernorm(x)
        seen, key, value = self.attention(x, visible, turns, past_key, past_value)
        x = self.post_attention_layernorm(x * self.residual + seen)
        return x * self.residual + self.mlp(x), key, value


class Places(torch.nn.Module):
    """Positions of tokens, and which of them each one sees."""

    def __init__(self, config, dtype):
        super().__init__()
        size = config["hidden_size"] // config["num_attention_heads"] // 2
        # The checkpoint's code computes angles in float16, whatever the weights are.
        rates = (1.0 / 10000 ** (torch.arange(0, size, 2).float() / size)).half()
        angles = torch.arange(config["max_sequence_length"], dtype=torch.half)[:, None] * rates
        angles = torch.cat([angles, angles], dim=-1)
        self.register_buffer("cos", angles.cos().to(dtype))
        self.register_buffer("sin", angles.sin().to(dtype))

    def forward(self, mask, before):
        """attention_mask and second positions of the past -> visible, cosines and sines, second positions."""
        count = mask.cumsum(dim=1)
        past = mask[:, : before.shape[1]]
        counted = past.sum(dim=1, keepdim=True)
        context = torch.where(
            counted == 0, count[:, -1:] - 1, (past * (before == 0)).sum(dim=1, keepdim=True))
        now = count[:, before.shape[1]:]
        second = (now - context).clamp(min=0)
        first = torch.minimum(now, context).sub(1).clamp(min=0)
        turns = [
            (embedding(places, self.cos)[:, None], embedding(places, self.sin)[:, None]) for places in (first, second)]
        all_second = torch.cat([before, second], dim=1)
        index = torch.arange(mask.shape[1], device=mask.device)
        back = index[None, :] <= index[before.shape[1]:, None]
        visible = (back[None] | (all_second == 0)[:, None]) & (mask == 1)[:, None]
        return visible[:, None], turns, all_second


class ChatGLM(torch.nn.Module):
    """inputs_embeds, attention_mask, and the past -> logits, and all keys and values."""

    def __init__(self, config, dtype):
        super().__init__()
        self.config, self.dtype = config, dtype
        self.places = Places(config, dtype)
        self.layers = torch.nn.ModuleList(Block(config, i, dtype) for i in range(config["num_layers"]))
        self.final_layernorm = torch.nn.LayerNorm(
            config["hidden_size"], eps=config["layernorm_epsilon"], dtype=dtype)
        self.lm_head = torch.nn.Linear(config["hidden_size"], config["vocab_size"], bias=False, dtype=dtype)

    def forward(self, inputs_embeds, attention_mask, *past):
        *past, places = past
        visible, turns, second = self.places(
            attention_mask, places[:, 0, :, 0].long())
        x, presents = inputs_embeds, []
        for layer, key, value in zip(self.layers, past[::2], past[1::2]):
            x, key, value = layer(x, visible, turns, key, value)
            presents += [key, value]
        second = second.to(self.dtype)[:, None, :, None]
        return self.lm_head(self.final_layernorm(x)), *presents, second


def export_chatglm(language, folder):
    config, dtype = language.config, language.dtype
    heads, layers = config["num_attention_heads"], config["num_layers"]
    inputs = {
        "inputs_embeds": torch.randn(blip2.BATCH, blip2.TOKENS, config["hidden_size"]).to(dtype),
        "attention_mask": torch.ones(blip2.BATCH, blip2.BEFORE + blip2.TOKENS, dtype=torch.long),
    }
    outputs, axes = ["logits"], blip2.tokens_axes("logits", *inputs)
    axes["attention_mask"][1] = "total_sequence_length"
    blip2.add_past(inputs, outputs, axes, layers, heads, config["hidden_size"] // heads, dtype)
    past, present = f"past_key_values.{layers}.key", f"present.{layers}.key"
    inputs[past] = torch.zeros(blip2.BATCH, 1, blip2.BEFORE, 1, dtype=dtype)
    outputs.append(present)
    axes[past], axes[present] = axes["past_key_values.0.key"], axes["present.0.key"]
    save(language, folder / "decoder_model_merged.onnx", inputs, outputs, axes)
