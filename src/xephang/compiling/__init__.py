"""Compiling: a model folder in, a faster artefact of the same model out. Needs the 'train' extra."""

from importlib.util import find_spec

from xephang.errors import MissingExtraError

if any(find_spec(name) is None for name in ("torch", "transformers", "onnx", "onnxscript")):
    raise MissingExtraError("exporting", "train")

from xephang.compiling.export import export

__all__ = ["export"]
