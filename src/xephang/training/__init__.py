"""Training: a recipe in, a model folder with its card out. Needs the 'train' extra."""

from importlib.util import find_spec

from xephang.errors import MissingExtraError

if any(find_spec(name) is None for name in ("torch", "sentence_transformers", "datasets", "accelerate")):
    raise MissingExtraError("training", "train")

from xephang.training.recipe import Recipe
from xephang.training.train import train

__all__ = ["Recipe", "train"]
