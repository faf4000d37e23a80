"""The address of a database: told from a file's path, and shown without what is secret."""

import re

from xephang.errors import InputError

SCHEMES = ("postgresql://", "postgres://")
_HOST = r"(?:\[[0-9A-Fa-f:.%]*\]|[^:,@/?#\[\]\s]*)(?::[0-9]*)?"
_PARTS = re.compile(
    rf"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/?#\s]*)(?::[^@/?#\s]*)?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?P<database>/[^@/?#\s]*)?(?:\?(?P<settings>[^@#\s]*))?"
)
_SHOWN = ("host=", "port=", "dbname=", "user=")


def is_database(path: object) -> bool:
    """Say whether what stands where a file is named is a database's URL."""
    return str(path).startswith(SCHEMES)


def shown(url: str) -> str:
    """Return a URL as a message shows it: without its password and settings, or no more than its scheme if it is none.

    The grammar is narrower than libpq's: a sign that could be part of a password and of something else is not taken.
    """
    found = _PARTS.fullmatch(url)
    if found is None:
        return next((scheme for scheme in SCHEMES if url.startswith(scheme)), "") + "…"
    user = f"{found['user']}@" if found["user"] else ""
    settings = [one for one in (found["settings"] or "").split("&") if one.startswith(_SHOWN)]
    return (
        f"{found['scheme']}{user}{found['hosts']}{found['database'] or ''}{'?' if settings else ''}{'&'.join(settings)}"
    )


def check_url(url: str) -> str:
    """Return a URL that can be shown without its password.

    :raises InputError: if it is none; what libpq says of it would quote it.
    """
    if not _PARTS.fullmatch(url):
        raise InputError(
            f"{shown(url)}: can not be read as a database's URL; write postgresql://USER@HOST/DATABASE, with %40 for "
            "an @ in a password or a setting, %2F for /, %3A for :, %3F for ?, %23 for #"
        )
    return url
