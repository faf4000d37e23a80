import math
import os
import sys
from pathlib import Path

import psutil
import pytest

from xephang import machine
from xephang.machine import available_threads, cgroup_quotas, cpu_name, resident_bytes, threads_of


def test_there_is_at_least_one_thread() -> None:
    assert 1 <= available_threads() <= (os.cpu_count() or 1)


def test_the_processor_has_a_name() -> None:
    assert cpu_name().strip() == cpu_name() != ""


def test_what_a_process_holds_is_what_the_system_says() -> None:
    assert resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)


def test_what_a_process_holds_grows_with_what_it_fills() -> None:
    before = resident_bytes()
    filled = b"x" * 64_000_000
    assert resident_bytes() - before > 50_000_000
    del filled


def test_where_there_is_no_proc_the_most_that_was_held_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_text", lambda path: "")
    most = resident_bytes()
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert most > 1_000_000
    assert resident_bytes() == pytest.approx(most / 1024, rel=0.1), "macOS counts bytes"


def test_where_nothing_is_known_it_is_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_text", lambda path: "")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert resident_bytes() == 0


QUOTAS = {
    "two": ("200000 100000\n", 2),
    "a part of one": ("5000 100000", 1),
    "one and a half": ("150000 100000\n", 2),
    "another period": ("100000 50000", 2),
    "no quota in v2": ("max 100000\n", math.inf),
    "no quota in v1": ("-1\n 100000\n", math.inf),
    "two lines of v1": ("400000\n 100000\n", 4),
    "nothing to read": ("", math.inf),
    "half of it": (" 100000\n", math.inf),
    "no period": ("100000 0", math.inf),
    "words": ("two cores", math.inf),
}


@pytest.mark.parametrize(("text", "threads"), QUOTAS.values(), ids=QUOTAS)
def test_a_quota_pays_for_whole_threads(text: str, threads: float) -> None:
    assert threads_of(text) == threads


def test_every_group_above_counts(tmp_path: Path) -> None:
    (tmp_path / "shop" / "search").mkdir(parents=True)
    (tmp_path / "cpu.max").write_text("400000 100000\n")
    (tmp_path / "shop" / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "shop" / "search" / "cpu.max").write_text("max 100000\n")
    quotas = cgroup_quotas("0::/shop/search\n", tmp_path)
    assert list(map(threads_of, quotas)) == [math.inf, 1, 4]


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("300000 100000\n")
    quotas = cgroup_quotas("0::/docker/3f2a\n", tmp_path)
    assert min(map(threads_of, quotas)) == 3


@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct", "cpuacct,cpu"])
def test_the_older_cgroups_are_read_too(tmp_path: Path, controllers: str) -> None:
    (tmp_path / "cpu" / "docker").mkdir(parents=True)
    (tmp_path / "cpu" / "docker" / "cpu.cfs_quota_us").write_text("250000\n")
    (tmp_path / "cpu" / "docker" / "cpu.cfs_period_us").write_text("100000\n")
    membership = f"5:memory:/docker\n4:{controllers}:/docker\n3:cpuset:/\n0::/docker\n"
    assert min(map(threads_of, cgroup_quotas(membership, tmp_path))) == 3


@pytest.mark.parametrize("membership", ["", "5:memory:/\n", "0::/\n"], ids=["no cgroups", "no cpu", "no quota"])
def test_without_a_quota_there_is_none(tmp_path: Path, membership: str) -> None:
    assert min(map(threads_of, cgroup_quotas(membership, tmp_path)), default=math.inf) == math.inf
