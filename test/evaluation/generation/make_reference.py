"""Writes reference.json: what Hugging Face's generate() says with many settings, on a model that is a formula.

    pip install "transformers==5.24.0" torch && python make_reference.py
"""
import itertools
import json
import os

import torch
from transformers import GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

VOCABULARY = 11


class Config(PreTrainedConfig):
    model_type = "formula"


class Formula(PreTrainedModel, GenerationMixin):
    """Scores of the next token by the last two, as the test computes them too."""

    config_class = Config
    main_input_name = "input_ids"
    _is_stateful = False

    def __init__(self, config):
        super().__init__(config)
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, input_ids=None, **_):
        last = input_ids
        before = torch.cat([torch.zeros_like(last[:, :1]), last[:, :-1]], 1)
        token = torch.arange(VOCABULARY)
        score = (last[..., None] * 7 + token * 13 + last[..., None] * token + before[..., None] * 5) % 19
        return CausalLMOutput(logits=score / 6 + token * 0.011 + last[..., None] * token * 0.0007)

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}


model = Formula(Config(vocab_size=VOCABULARY)).eval()
SETTINGS = [
    {}, {"repetition_penalty": 1.7}, {"no_repeat_ngram_size": 2}, {"bad_words_ids": [[3], [4, 5], [9, 1]]}, {"min_new_tokens": 4}, {"min_length": 6},
    {"suppress_tokens": [2, 8], "begin_suppress_tokens": [6]}, {"forced_eos_token_id": 10}, {"do_sample": True, "top_k": 1},
    *({"num_beams": beams, "length_penalty": penalty, "early_stopping": early}
      for beams, penalty, early in itertools.product((2, 4), (-1.0, 0.0, 1.0, 2.0), (False, True, "never"))),
    {"num_beams": 3, "repetition_penalty": 1.3, "no_repeat_ngram_size": 2}, {"num_beams": 3, "min_new_tokens": 4, "bad_words_ids": [[7]]},
    {"num_beams": 3, "forced_eos_token_id": 10, "length_penalty": 2.0},
]
cases = []
for settings, end, prompt in itertools.product(SETTINGS, ([10], [10, 4]), ([1, 2, 3], [5])):
    with torch.no_grad():
        ids = model.generate(torch.tensor([prompt]), max_new_tokens=7, use_cache=False, pad_token_id=0, eos_token_id=end, **{"do_sample": False, **settings})[0].tolist()[len(prompt):]
    cut = next((i for i, token in enumerate(ids) if token in end), len(ids))
    cases.append({"settings": settings, "end": end, "prompt": prompt, "answer": ids[:cut]})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
with open(path, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), [len(case["answer"]) for case in cases])
