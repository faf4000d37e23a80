import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xephang.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> list[Any]:
        """Every line of stdout, each of which has to be JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def xephang(capsys, monkeypatch) -> Callable[..., Ran]:
    """Run the command line in this process."""

    def run(*arguments: object, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin.encode()))))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Ran(int(ended.value.code or 0), out, err)

    return run


def _start(*arguments: object, python: tuple[str, ...] = ("-m", "xephang"), **options: Any) -> subprocess.Popen[bytes]:
    """Start the command line as a process of its own, whose Ctrl-C works even where the tests' own does not."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, *python, *map(str, arguments)],
        env=env | options.pop("env", {}),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[bytes]]:
    """Start the command line as a process of its own."""
    return _start


def _process(*arguments: object, stdin: bytes = b"", **options: Any) -> Ran:
    with _start(*arguments, **options) as child:
        out, err = child.communicate(stdin, timeout=120)
    return Ran(child.returncode, out.decode(), err.decode())


@pytest.fixture
def process() -> Callable[..., Ran]:
    """Run the command line as a process of its own, nothing of it being a terminal."""
    return _process


@pytest.fixture(scope="session")
def trained(tiny, tmp_path_factory) -> Path:
    """The tiny model trained by the seed's recipe, record and card included: never write into it, copy it."""
    folder = tmp_path_factory.mktemp("trained") / "seed"
    with pytest.raises(SystemExit) as ended:
        main(["train", str(ROOT / "recipes" / "seed.toml"), "--base", str(tiny), "--output", str(folder)])
    assert not ended.value.code
    return folder


@pytest.fixture(scope="session")
def export_of_trained(trained, tmp_path_factory) -> tuple[Path, Ran]:
    """A copy of it that a process has exported, not to be written into, and how that process ran."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("trained-exported") / "seed"))
    return folder, _process("export", folder)


@pytest.fixture
def shop(tmp_path) -> Callable[..., Path]:
    """Write products, or anything else, as JSONL."""

    def write(*rows: object, name: str = "shop.jsonl") -> Path:
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def seed_pairs() -> Path:
    """The eight pairs of the seed's card, under their sentence_0 and sentence_1."""
    return ROOT / "recipes" / "seed.jsonl"


@pytest.fixture
def copy_of(tmp_path) -> Callable[[Path], Path]:
    """Copy a model folder, to be written into."""
    return lambda folder: Path(shutil.copytree(folder, tmp_path / "copy"))
