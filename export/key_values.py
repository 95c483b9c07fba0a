"""Keys and values of a decoder: lists in graphs, caches in transformers."""

from transformers.cache_utils import DynamicCache


def cache_of(past):
    """The cache that goes on from keys and values, key and value of each layer in turn."""
    return DynamicCache(list(zip(past[::2], past[1::2])))


def states_of(cache):
    """All keys and values of a cache, key and value of each layer in turn."""
    return [state for layer in cache.layers for state in (layer.keys, layer.values)]


def run_with_past(language, past, **inputs):
    """What a language model finds after keys and values of before, and all keys and values."""
    cache = cache_of(past)
    found = language(past_key_values=cache, use_cache=True, **inputs)
    return found, states_of(cache)
