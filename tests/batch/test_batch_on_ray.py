"""The same scoring on a cluster of this machine: its processes, killed and not."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from batch_rows import ids_rows, pair_rows

from xephang.batch import on_ray, score
from xephang.errors import InputError, MissingExtraError, ModelError, RowError
from xephang.files import sha256

pytestmark = [
    pytest.mark.slow,
    # Ray Data sets what itself calls deprecated.
    pytest.mark.filterwarnings(r"ignore:.* deprecated:DeprecationWarning:ray\..*"),
]
SRC = Path(__file__).parents[2] / "src"
PATIENCE = 60.0


def digests(folder):
    return {path.name: sha256(path) for path in sorted(folder.glob("part-*"))}


def actors():
    """The processes of the cluster that score."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any("MapWorker" in part for part in process.info["cmdline"] or ()):
            found.append(process)
    return found


def process(**given):
    """Start a driver as a process of its own."""
    program = "import sys, json; from xephang.batch import score; score(**json.loads(sys.argv[1]))"
    return subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(given, default=str)],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        stderr=subprocess.PIPE,
        text=True,
    )


def until(happens, what):
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end, f"{what} does not happen"
        time.sleep(0.002)


@pytest.fixture
def given(tiny_apart):
    return {"model": tiny_apart, "threads": 1, "partition_rows": 20}


def test_a_cluster_writes_what_this_process_writes(parquet, tmp_path, given, cluster):
    for at in range(3):
        parquet(pair_rows(70, 70 * at), f"in/{at}.parquet", group=33)
    here = score(tmp_path / "in", tmp_path / "here", **given)
    there = score(tmp_path / "in", tmp_path / "there", engine="ray", workers=2, **given)
    assert digests(tmp_path / "there") == digests(tmp_path / "here")
    assert (there.rows, there.pairs, there.partitions) == (here.rows, here.pairs, here.partitions) == (210, 210, 12)
    assert (tmp_path / "there" / "_manifest.json").read_bytes() == (tmp_path / "here" / "_manifest.json").read_bytes()


def test_candidates_by_id_on_a_cluster(parquet, tmp_path, given, shop, cluster, monkeypatch):
    """Relative paths are those of the driver; workers stand in another folder."""
    parquet(ids_rows(90), "candidates.parquet")
    score(tmp_path / "candidates.parquet", tmp_path / "here", catalogue=shop, **given)
    monkeypatch.chdir(tmp_path)
    score("candidates.parquet", "there", engine="ray", catalogue=os.path.relpath(shop), **given)
    assert digests(tmp_path / "there") == digests(tmp_path / "here")


def test_a_bad_row_is_named_as_here(parquet, tmp_path, given, cluster):
    rows = pair_rows(100)
    rows[57]["document"] = None
    path = parquet(rows)
    with pytest.raises(RowError, match=r"pairs\.parquet, row 58, field 'document': is null"):
        score(path, tmp_path / "out", engine="ray", **given)
    report = score(path, tmp_path / "other", engine="ray", keep_going=True, **given)
    assert (report.pairs, report.rejected) == (99, 1)


def test_a_worker_that_finds_another_model_says_so(pairs, tmp_path, given, cluster, monkeypatch):
    """As where one machine has another version of it."""
    monkeypatch.setattr("xephang.batch.run.Opened", Opened)
    with pytest.raises(ModelError, match="is not what the scoring was begun with; put that back on every machine"):
        score(pairs, tmp_path / "out", engine="ray", **given)


class Opened:
    """What a driver would find with another model."""

    def __init__(self, job):
        from xephang.batch.job import Opened

        own = Opened(job)
        self.reranker, self.model_print, self.catalogue_print = own.reranker, "another", ""


def test_a_killed_worker_is_replaced(parquet, tmp_path, given, cluster):
    path = parquet(pair_rows(1600), group=400)
    score(path, tmp_path / "here", **given)
    out, killed = tmp_path / "there", []

    def kill():
        for target in (3, 25):
            until(lambda target=target: len(list(out.glob("part-*.parquet"))) >= target, "progress")
            victims = actors()
            if victims:
                os.kill(victims[0].pid, signal.SIGKILL)
                killed.append(victims[0].pid)

    killer = threading.Thread(target=kill)
    killer.start()
    report = score(path, out, engine="ray", workers=2, **given)
    killer.join()
    assert len(set(killed)) == 2
    assert report.pairs == 1600
    assert digests(out) == digests(tmp_path / "here")
    assert not list(out.glob(".*"))


def test_a_killed_driver_is_gone_on_with(parquet, tmp_path, given, cluster):
    path, out = parquet(pair_rows(1600), group=400), tmp_path / "there"
    score(path, tmp_path / "here", **given)
    with process(source=path, output=out, engine="ray", address=cluster, **given) as driver:
        until(lambda: len(list(out.glob("part-*.parquet"))) >= 5 or driver.poll() is not None, "progress")
        driver.kill()
    assert not (out / "_SUCCESS").exists()
    until(lambda: not actors(), "the end of its workers")
    report = score(path, out, engine="ray", resume=True, **given)
    assert report.pairs == 1600 and report.resumed >= 1
    assert digests(out) == digests(tmp_path / "here")


def test_a_cluster_without_such_a_machine_is_said(pairs, tmp_path, given, cluster):
    with pytest.raises(InputError, match="no machine of the cluster has 64 CPUs; say fewer --threads"):
        score(pairs, tmp_path / "out", engine="ray", **given | {"threads": 64})


@pytest.fixture
def client_address(cluster):
    """Of Ray's client server, before the cluster."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["--address", cluster, "--host", "127.0.0.1", "--port", port, "--mode", "specific-server"]
    with subprocess.Popen(
        [sys.executable, "-m", "ray.util.client.server", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        until(lambda: answers(port) or server.poll() is not None, "the client's server")
        yield f"ray://127.0.0.1:{port}"
        server.kill()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_through_rays_client(parquet, tmp_path, given, client_address):
    rows = pair_rows(100)
    path, out = parquet(rows), tmp_path / "there"
    score(path, tmp_path / "here", **given)
    with process(source=path, output=out, engine="ray", address=client_address, **given) as driver:
        _, said = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 0, said
    assert digests(out) == digests(tmp_path / "here")


def test_no_cluster_is_said(pairs, tmp_path, given):
    """In a process of its own: a process has one cluster at most."""
    with process(source=pairs, output=tmp_path / "out", engine="ray", address="127.0.0.1:1", **given) as driver:
        _, said = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 1
    assert "InputError: no Ray cluster at 127.0.0.1:1" in said


@pytest.mark.parametrize("missing", ["ray", "pandas"])
def test_without_ray_the_extra_is_named(pairs, tmp_path, given, monkeypatch, missing):
    monkeypatch.setattr(on_ray, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MissingExtraError, match=r"scoring on Ray needs the 'ray' extra: pip install 'xephang\[ray\]'"):
        score(pairs, tmp_path / "out", engine="ray", **given)
    assert not (tmp_path / "out").exists()


def test_wrong_arguments_are_said_before_a_cluster_starts(pairs, tmp_path, given):
    with pytest.raises(InputError, match="workers is 0"):
        score(pairs, tmp_path / "out", engine="ray", workers=0, **given)
