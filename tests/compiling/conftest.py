import shutil
from pathlib import Path

import onnx
import pytest


@pytest.fixture(scope="session")
def fp32(tiny_exported) -> onnx.ModelProto:
    return onnx.load(tiny_exported / "onnx" / "model.onnx")


@pytest.fixture(scope="session")
def int8(tiny_exported) -> onnx.ModelProto:
    return onnx.load(tiny_exported / "onnx" / "model_int8.onnx")


@pytest.fixture
def copy_of(tmp_path):
    """Copy a model folder, to be written into."""
    return lambda folder: Path(shutil.copytree(folder, tmp_path / "copy"))
