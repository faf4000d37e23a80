"""Tell what is wrong with the server's own files from what is wrong with a request: the one is logged, not told."""

import logging
from pathlib import Path

from xephang.errors import InputError, XephangError
from xephang.server.asking import Refused

_log = logging.getLogger(__name__)


def refused(error: XephangError, what: str, *own: Path) -> Refused:
    """Return the refusal that an error makes.

    :param what: is said where the server is to blame; the error itself is in the log then.
    :param own: files and folders of the server: an error that names one is the server's.
    """
    named = any(str(path) in str(error) for path in own)
    if isinstance(error, InputError) and not isinstance(error.__cause__, OSError) and not named:
        return Refused("validation", str(error))
    _log.error("a file of the server can not be used", extra={"problem": str(error)})
    return Refused("backend", f"{what}; the server's log says why")
