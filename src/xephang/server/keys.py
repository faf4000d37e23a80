"""API keys: who may rerank, read metrics, or administer."""

import hashlib
import hmac
import logging
from collections.abc import Mapping
from pathlib import Path

from xephang.errors import InputError

RERANK, METRICS, ADMIN = "rerank", "metrics", "admin"
_BLANK = " \t"
_HASHED = "sha256:"
_log = logging.getLogger(__name__)


class Keys:
    """The keys of a file, read again when the file changes; without a file, anybody may do anything.

    A line holds a key, after `admin` or `metrics` if it is for that; an admin's key may do all. `sha256:` and the
    hexadecimal digest may stand for a key. `#` begins a comment's line.
    """

    def __init__(self, path: Path | None) -> None:
        """Read the file.

        :raises InputError: if it can not be read, or holds no key.
        """
        self._path = path
        self._stamp = _stamp(path) if path else (0, 0)
        self._roles = _read(path) if path else {}

    @property
    def required(self) -> bool:
        """Whether a key is asked for at all."""
        return self._path is not None

    def allows(self, header: str, role: str) -> bool:
        """Say whether an Authorization header holds a key that may do something; "Bearer" before it is optional.

        Keys are compared by their digests, each with every one of the file, so that time tells nothing.
        """
        if self._path is None:
            return True
        scheme, _, rest = header.strip(_BLANK).partition(" ")
        key = rest.strip(_BLANK) if scheme.lower() == "bearer" else header.strip(_BLANK)
        given = hashlib.sha256(key.encode("latin-1", "replace")).digest()  # headers' bytes come as Latin-1
        found = [roles for digest, roles in self._roles.items() if hmac.compare_digest(digest, given)]
        return any(role in roles for roles in found)

    def refresh(self) -> None:
        """Read the file again if it has changed; keys stay as they are where it can not be read."""
        if self._path is None:
            return
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            self._roles, self._stamp = _read(self._path), stamp
            _log.info("keys read again", extra={"keys": len(self._roles)})
        except InputError as error:
            _log.error("keys can not be read again, the old ones hold", extra={"problem": str(error)})


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"{path}: can not be read: {error.strerror}") from error
    return found.st_mtime_ns, found.st_ino


def _read(path: Path) -> Mapping[bytes, frozenset[str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: can not be read: {error}") from error
    roles: dict[bytes, frozenset[str]] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        role = words.pop(0) if words[0] in (ADMIN, METRICS) and len(words) > 1 else RERANK
        if len(words) != 1:
            raise InputError(f"{path}, line {number}: expected a key, or admin or metrics and a key")
        may = frozenset((RERANK, METRICS, ADMIN) if role == ADMIN else (role,))
        digest = _digest(words[0], f"{path}, line {number}")
        roles[digest] = roles.get(digest, frozenset()) | may
    if not roles:
        raise InputError(f"{path}: holds no key; write one on a line")
    return roles


def _digest(key: str, where: str) -> bytes:
    if not key.startswith(_HASHED):
        return hashlib.sha256(key.encode()).digest()
    try:
        digest = bytes.fromhex(key.removeprefix(_HASHED))
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise InputError(f"{where}: after '{_HASHED}' stand the 64 hexadecimal digits of a key's SHA-256")
    return digest
