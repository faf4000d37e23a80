"""A `xephang serve` for clients, which know nothing of it but its address and a key.

`make clients` runs this folder in an environment of its own, without xephang: the server's command is in the variable
XEPHANG, or in the main environment of this checkout.
"""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = os.environ.get("XEPHANG") or str(ROOT / ".venv" / "bin" / "xephang")
KEY = "khoa-cua-toi"
"""The key that the pages of docs/clients show."""

for name in ("CO_API_URL", "CO_API_KEY", "COHERE_API_KEY", "HF_TOKEN", "HF_API_TOKEN"):
    os.environ.pop(name, None)
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
os.environ["LANGCHAIN_TRACING_V2"] = "false"


def ready(url):
    try:
        return urllib.request.urlopen(f"{url}/ready", timeout=5).status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def serving(folder, *options):
    """Serve the bundled model; yield the server's URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("XEPHANG", "PYTHON"))}
    command = [COMMAND, "serve", "giay", "--port", str(port), "--threads", "1", "--drain-seconds", "0", *options]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=own, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120
        while not ready(url):
            assert process.poll() is None and time.monotonic() < end, (folder / "server.log").read_text()
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def url(tmp_path_factory):
    """The URL of a server that asks for `KEY`."""
    folder = tmp_path_factory.mktemp("keyed")
    (folder / "keys.txt").write_text(f"{KEY}\n")
    with serving(folder, "--keys-file", str(folder / "keys.txt")) as address:
        yield address


@pytest.fixture(scope="session")
def strings_url(tmp_path_factory):
    """The URL of a server that asks for no key and, as infinity does, gives documents back as plain strings."""
    with serving(tmp_path_factory.mktemp("strings"), "--document-strings") as address:
        yield address
