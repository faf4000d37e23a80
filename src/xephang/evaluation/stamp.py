"""On what a measurement was made: the machine and the versions, and nothing that says whose it is."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from xephang.machine import cpu_name
from xephang.version import __version__

_PACKAGES = ("numpy", "onnxruntime", "tokenizers", "ir-measures", "matplotlib", "torch", "transformers")


def stamp() -> Mapping[str, str]:
    """Return date, processor, system and versions."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{cpu_name()}, {os.cpu_count()} logical CPUs",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "xephang": __version__,
        **{name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
