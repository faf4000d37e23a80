"""What lies in deploy/, as the tests read it."""

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from xephang.server.metrics import Metrics
from xephang.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DOCS = [ROOT / "docs" / f"{name}.md" for name in ("deploy", "observe", "secure", "tune")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SETTINGS = {one.name: one.default for one in fields(Settings)}


def read(path):
    return path.read_text(encoding="utf-8")


def documents(path):
    return list(yaml.safe_load_all(read(path)))


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m|h)?", str(text)).groups()
    return int(number) * {None: 1, "s": 1, "m": 60, "h": 3600}[unit]


def tool(name, *arguments):
    """Run a command that is installed beside Python; return its exit code and what it said."""
    command = [str(Path(sys.executable).parent / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


def stopping():
    """How long a server takes to end when requests are in flight: until then nothing may kill it."""
    return SETTINGS["drain_seconds"] + SETTINGS["shutdown_seconds"]


def environment_names(text):
    """The variables that a text sets or names, by the settings that they are for."""
    return {name.lower() for name in re.findall(rf"\b{PREFIX}([A-Z][A-Z0-9_]*)\b", text)}


def metrics():
    """The server's metrics: of each its kind, its labels and its help."""
    ours = Metrics()
    labels = {one._name: tuple(one._labelnames) for one in vars(ours).values() if hasattr(one, "_labelnames")}
    found = {}
    for family in text_string_to_metric_families(ours.text().decode()):
        if family.name.endswith("_created"):  # of a single process alone, and nobody's to ask
            continue
        name = family.name + ("_total" if family.type == "counter" else "")
        found[name] = (family.type, labels[family.name], family.documentation)
    return found


def series():
    """Every name that may stand in a query, with its labels; Prometheus adds instance and job, a worker its pid."""
    found = {}
    for name, (kind, labels, _) in metrics().items():
        known = {*labels, "instance", "job", "pid"}
        if kind == "histogram":
            found |= {f"{name}_bucket": known | {"le"}, f"{name}_sum": known, f"{name}_count": known}
        else:
            found[name] = known
    return found
