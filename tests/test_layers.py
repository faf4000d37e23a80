"""Imports point downwards only, and training libraries stay where they belong."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "xephang"
TRAINING_LIBRARIES = {
    "accelerate",
    "datasets",
    "onnx",
    "onnxscript",
    "sentence_transformers",
    "sympy",
    "tomli_w",
    "torch",
    "transformers",
}
MAY_TRAIN = ("training", "compiling", "engines/torch.py", "engines/attention.py")
FOR_OTHERS = {"accelerate", "onnx", "onnxscript", "sympy"}
"""What transformers' trainer and torch's exporter import by themselves."""
SERVING_LIBRARIES = {
    "fastapi",
    "h11",
    "jinja2",
    "markupsafe",
    "opentelemetry",
    "prometheus_client",
    "pydantic",
    "pydantic_core",
    "starlette",
    "uvicorn",
}
ASKS_A_DATABASE = ("catalogue/sql", "search/postgresql")
ROOMS_WITH_EXTRAS = (*MAY_TRAIN, "evaluation", "judgments/measure.py", "server", "batch", *ASKS_A_DATABASE)
EXTRAS = ("train", "eval", "serve", "otel", "sql", "ray")
IMPORTED_AS = {"opentelemetry_exporter_otlp_proto_http": "opentelemetry", "opentelemetry_sdk": "opentelemetry"}
FREE = {"__main__", "version"}
"""Modules that belong to no room."""
BASE = {"huggingface_hub", "numpy", "onnxruntime", "pyarrow", "rich", "tantivy", "tokenizers", "typer"}
"""What the base install brings, under the names that Python imports."""


def imported(path: Path, *, at_import_only: bool = False) -> set[str]:
    """The top-level packages that a file imports, anywhere in it or only when it is itself imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
        if not (at_import_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return found


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def contract_of(kind: str) -> Any:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return next(contract for contract in settings["contracts"] if contract["type"] == kind)


def foreign(path: Path, **options: bool) -> set[str]:
    return imported(path, **options) - set(sys.stdlib_module_names) - {"xephang"}


def declared(*keys: str) -> set[str]:
    """What pyproject.toml asks for, under the names that Python imports."""
    table: Any = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for key in keys:
        table = table[key]
    names = {re.split(r"[\[>]", line)[0].replace("-", "_") for line in table}
    return {IMPORTED_AS.get(name, name) for name in names}


def forbidden_to(library: str) -> set[str]:
    """The rooms that may not import a library."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    named = [one["source_modules"] for one in settings["contracts"] if library in one.get("forbidden_modules", ())]
    return {name.removeprefix("xephang.") for name in named[0]}


def test_the_contracts_of_pyproject_hold():
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


def test_every_room_has_its_floor():
    """A room that no layer names could import what it likes; the linter refuses it where the contract is exhaustive."""
    contract = contract_of("layers")
    assert contract["containers"] == ["xephang"]
    assert contract["exhaustive"] is True
    assert set(contract["exhaustive_ignores"]) == FREE


def test_every_room_that_does_not_train_is_forbidden_to():
    rooms = {path.stem for path in SOURCE.glob("*.py")} | {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert forbidden_to("torch") == rooms - FREE - {"__init__", "training", "compiling"}


def test_every_room_that_does_not_serve_is_forbidden_to():
    rooms = {path.stem for path in SOURCE.glob("*.py")} | {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert forbidden_to("uvicorn") == rooms - FREE - {"__init__", "server"}


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_training_libraries_are_imported_only_where_models_are_made(path):
    if not name_of(path).startswith(MAY_TRAIN):
        assert not imported(path) & TRAINING_LIBRARIES


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_each_of_these_is_imported_only_by_its_room(path):
    used = foreign(path)
    assert name_of(path).startswith(ASKS_A_DATABASE) or "psycopg" not in used
    assert name_of(path).startswith("search") or "tantivy" not in used
    assert name_of(path).startswith(("batch", "server/on_ray.py")) or "ray" not in used


def test_the_torch_engine_imports_torch_only_when_it_is_made():
    assert not foreign(SOURCE / "engines" / "torch.py", at_import_only=True) & TRAINING_LIBRARIES


def test_what_the_base_install_imports_is_what_it_brings():
    used = {name for path in files() if not name_of(path).startswith(ROOMS_WITH_EXTRAS) for name in foreign(path)}
    assert used == BASE
    assert declared("dependencies") == BASE


def test_what_the_other_rooms_import_is_declared_as_an_extra():
    extras = {name for extra in EXTRAS for name in declared("optional-dependencies", extra)}
    used = {name for path in files() for name in foreign(path)}
    assert used <= BASE | extras
    assert extras - FOR_OTHERS <= used


def test_xephang_alone_imports_neither_training_nor_terminal_libraries():
    program = "import sys, xephang; print(*sorted(name for name in sys.modules if '.' not in name))"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ran.stdout.split())
    assert "xephang" in loaded
    assert not loaded & (
        TRAINING_LIBRARIES
        | SERVING_LIBRARIES
        | {"pyarrow", "rich", "typer", "onnxruntime", "huggingface_hub", "tantivy", "psycopg", "ray"}
    )
