"""Fixtures of the training tests; `toys` holds what they are made of, under a name that no other folder has."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import toys

Bake = Callable[..., Any]


@pytest.fixture(scope="session")
def toy() -> ModuleType:
    """Rows to train on, and the means to compare what training left behind."""
    return toys


@pytest.fixture
def bake(tmp_path: Path) -> Bake:
    """Return a function that writes rows and makes a recipe of them: a few steps of four rows each."""
    from xephang.training import Recipe

    def make(
        *,
        pairs: toys.Rows | None = None,
        dev: toys.Rows | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        **tables: Any,
    ) -> Recipe:
        toys.write_rows(tmp_path / "pairs.jsonl", toys.toy_pairs() if pairs is None else pairs)
        data = {"pairs": "pairs.jsonl"}
        if dev is not None:
            toys.write_rows(tmp_path / "dev.jsonl", dev)
            data["dev"] = "dev.jsonl"
        settings = {"max_steps": 2, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "seed": 7}
        table = {"name": "toy", "data": data, "hyperparameters": {**settings, **(hyperparameters or {})}, **tables}
        return Recipe.from_dict(table, tmp_path)

    return make
