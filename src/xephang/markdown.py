"""Markdown that no text can break: inline text, code, fences and tables from whatever shops and shoppers write."""

import re
from collections.abc import Iterable, Sequence

from xephang.text import without_surrogates

LONGEST = 1_000
"""Characters of a table's cell; what goes beyond is cut and marked."""
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Direction marks would reorder the cells around them, and control characters show as nothing at all.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPECIAL = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "\\|"} | {character: f"&#{ord(character)};" for character in "*`\\~$"}
)
_OUTER_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LINK_MIDDLE = re.compile(r"\](?=[(\[])")
_PLAIN_CODE = re.compile(r"[\w./:@+-]+")


def escape(text: str, line_end: str = " ") -> str:
    """Return Markdown, fit for a table's cell too, that reads as `text` on one line.

    :param line_end: stands for each line end.
    """
    lines = _LINE_END.split(without_surrogates(text))
    return line_end.join(_escape_line(line.replace("\t", " ")) for line in lines)


def _escape_line(line: str) -> str:
    shown = _UNSEEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", line).translate(_SPECIAL)
    return _LINK_MIDDLE.sub("&#93;", _OUTER_UNDERSCORE.sub("&#95;", shown))


def code(text: str) -> str:
    """Return inline code; as a backtick span only where nothing in the text could end or change it."""
    return f"`{text}`" if _PLAIN_CODE.fullmatch(text) else f"<code>{escape(text)}</code>"


def cell(text: str) -> str:
    """Return a table's cell that shows a sample as code, its line ends kept and a very long one shortened."""
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return f"<code>{escape(shown, '<br>')}</code>"


def fence(text: str, language: str = "") -> str:
    """Return a fenced code block, its fence longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.strip()}\n{ticks}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, its columns aligned for readers of the raw text.

    :param header: Markdown, as the cells are; neither may hold a line end or a bare "|".
    """
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(header))]
    rule = "|" + "|".join(f":{'-' * (width + 1)}" for width in widths) + "|"
    shown = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join([shown[0], rule, *shown[1:]])


def details(text: str) -> str:
    """Return a block that opens on a click."""
    return f"<details><summary>Click to expand</summary>\n\n{text}\n\n</details>"
