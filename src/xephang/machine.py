"""The machine that a process runs on: its processor's name, what the process may use of it, and what it holds."""

import math
import os
import platform
from pathlib import Path


def cpu_name() -> str:
    """Return the processor's name."""
    named = [
        line.split(":", 1)[1].strip() for line in _text(Path("/proc/cpuinfo")).splitlines() if "model name" in line
    ]
    return named[0] if named else platform.processor() or platform.machine()


def available_threads() -> int:
    """Return how many CPU threads this process may use, by its affinity and the quota of its cgroups."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = cgroup_quotas(_text(Path("/proc/self/cgroup")), Path("/sys/fs/cgroup"))
    return int(min([allowed, *map(threads_of, quotas)]))


def resident_bytes() -> int:
    """Return how much of the machine's memory this process holds; the most that it ever held where only that is known.

    0 where nothing is known.
    """
    pages = _text(Path("/proc/self/statm")).split()
    if len(pages) > 1:
        return int(pages[1]) * os.sysconf("SC_PAGE_SIZE")
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if platform.system() == "Darwin" else most * 1024


def allow_files(count: int) -> None:
    """Have this process and those it starts be allowed so many open files, as far as its user may have that."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def threads_of(quota: str) -> float:
    """Return the whole threads that a quota pays for, at least one; infinity without a quota.

    :param quota: microseconds of CPU time and of the period that they are for, as `cpu.max` has them
        ("150000 100000", "max 100000"); -1 is no quota, as in `cpu.cfs_quota_us`.
    """
    try:
        time, period = map(int, quota.split())
    except ValueError:
        return math.inf
    return max(1, math.ceil(time / period)) if time > 0 and period > 0 else math.inf


def cgroup_quotas(membership: str, root: Path) -> list[str]:
    """Return the quota of each cgroup that a process is in, those above it included.

    In a container the path is often the host's, and only `root` itself can be read.

    :param membership: the text of `/proc/self/cgroup`.
    :param root: where cgroups are mounted.
    """
    quotas: list[str] = []
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "cpu" if controllers else root
        own = top / path.lstrip("/")
        for folder in (own, *(above for above in own.parents if above.is_relative_to(top))):
            if controllers:
                quotas.append(f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}")
            else:
                quotas.append(_text(folder / "cpu.max"))
    return quotas


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
