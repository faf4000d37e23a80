"""Small shops to train on, and the means to compare what training left behind."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KINDS = ["giày chạy bộ", "giày đá bóng", "sandal nữ", "dép trẻ em", "giày sneaker", "guốc gỗ"]
Rows = Sequence[Mapping[str, Any]]


def toy_pairs(grades: Sequence[float] = (1, 0, 1, 0)) -> list[dict[str, Any]]:
    """Six queries with a document for each grade; no two documents are the same text."""
    return [
        {"sentence_0": f"{kind} màu trắng", "sentence_1": f"{kind} | size {36 + 4 * i + j} | nam", "label": grade}
        for i, kind in enumerate(KINDS)
        for j, grade in enumerate(grades)
    ]


def graded() -> list[dict[str, Any]]:
    """Six queries with a document of each grade, as judgments with ids and a column that nobody asked for."""
    said = ["xanh", "vàng", "đen", "trắng"]
    return [
        {"query_id": f"q{i}", "query": f"{kind} màu trắng", "document": f"{kind} | màu {said[grade]} | size {36 + i}"}
        | {"grade": grade, "shape": "category+color"}
        for i, kind in enumerate(KINDS)
        for grade in (2, 0, 3, 1)
    ]


def toy_dev() -> list[dict[str, Any]]:
    """Three queries with a document of each grade, apart from `toy_pairs`."""
    return [
        {"query": f"{kind} nữ đế êm", "document": f"{kind} | màu đen | số {i} {grade} | nữ", "grade": grade}
        for i, kind in enumerate(KINDS[:3])
        for grade in (0, 3, 1, 2)
    ]


def write_rows(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def weights(folder: Path) -> dict[str, Any]:
    """Return a folder's tensors."""
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def same_weights(one: Path, other: Path) -> bool:
    """Compare two folders' weights bit by bit."""
    import torch

    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def metrics(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's metrics file."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def start(*command: object, **environment: str) -> "subprocess.Popen[str]":
    """Start Python with the package and this folder's modules on its path, offline."""
    settings = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{HERE}", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        env={**os.environ, **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
