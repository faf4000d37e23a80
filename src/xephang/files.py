"""Files that are whole or absent, and their fingerprints."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import IO
from uuid import uuid4

from xephang.errors import BusyError, InputError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where nobody is kept from writing at the same time
    fcntl = None


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file that readers see whole or not at all; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside the file; move it there when the block ends well, else remove it.

    :raises InputError: if no file can be written there.
    """
    target = check_file(path)
    temporary = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"{path}: can not be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock by its file, which stays there; the lock goes with its process, however that ends.

    :raises BusyError: if another holds it.
    :raises InputError: if it can not be made.
    """
    with ExitStack() as stack:
        try:
            _lock(stack.enter_context(path.open("ab")), path)
        except OSError as error:
            raise InputError(f"{path}: can not be written: {error.strerror or error}") from error
        yield


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(f"{path.parent}: another process is writing into it; wait until it is done") from None


def check_file(path: Path) -> Path:
    """Return the real path that a file will be written to, links followed.

    :raises InputError: if something stands there that is no regular file (a device, a pipe, a folder).
    """
    target = Path(os.path.realpath(path))
    if (kind := _kind(target)) not in ("", "a file"):
        raise InputError(f"{path}: can not be written: it is {kind}, and no file; name another")
    return target


def check_apart(path: Path, *others: Path) -> Path:
    """Return the path of a file that will be written.

    :param others: all that is read, and all else that is written.
    :raises InputError: if it is one of these.
    """
    if any(os.path.realpath(path) == os.path.realpath(other) for other in others):
        raise InputError(f"{path}: is read or written for something else; name another file")
    return path


def check_regular(path: Path) -> Path:
    """Return the path of a file that will be read more than once, if it is there and is one.

    :raises InputError: if it is standard input, a pipe or a device, which can be read only once.
    """
    if str(path) == "-" or _kind(Path(os.path.realpath(path))) not in ("", "a file", "a folder"):
        raise InputError(f"{path}: is read more than once here; save it to a file, and give that")
    return path


def check_folder(path: Path) -> Path:
    """Return the path of a folder that will be written into.

    :raises InputError: if something stands there that is no folder.
    """
    if (kind := _kind(Path(os.path.realpath(path)))) not in ("", "a folder"):
        raise InputError(f"{path}: is {kind}; name a folder")
    return path


_KINDS = {
    stat.S_ISREG: "a file",
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISLNK: "a link in a circle",  # what is left of a real path only then
}


def _kind(real: Path) -> str:
    """Return what a message calls the thing at a real path; empty where nothing is."""
    try:
        mode = real.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise InputError(f"{real}: can not be written: {error.strerror or error}") from error
    return next((name for is_kind, name in _KINDS.items() if is_kind(mode)), "a device")


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
