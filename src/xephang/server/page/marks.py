"""Texts as the page writes them: what the query hit marked, all else escaped; prices and numbers."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

_LONGEST = 240
_MARK = Markup("<mark>{}</mark>")
_APART = Markup("<bdi>{}</bdi>")
Spans = Sequence[tuple[int, int]]


def marked(text: str, spans: Spans = (), longest: int = _LONGEST) -> Markup:
    """Return a text as HTML, its spans in `<mark>`, isolated from the direction of what stands around it.

    :param spans: start and end of what to mark; those that lie outside, overlap or are empty do no harm.
    :param longest: characters that are shown; an ellipsis stands for the rest.
    """
    shown = text if len(text) <= longest else text[:longest].rstrip()
    parts = [_MARK.format(part) if hit else escape(part) for part, hit in _parts(shown, spans)]
    rest = "" if len(shown) == len(text) else "…"
    return _APART.format(Markup("").join(parts) + rest)


def _parts(text: str, spans: Spans) -> Iterator[tuple[str, bool]]:
    position = 0
    for start, end in sorted(spans):
        start, end = max(start, position), min(end, len(text))
        if start < end:
            yield text[position:start], False
            yield text[start:end], True
            position = end
    yield text[position:], False


def plain_dong(price: float) -> str:
    """Return a price without its currency: 1.250.000."""
    return f"{price:,.0f}".replace(",", ".")


def dong(price: float) -> str:
    """Return a price as Vietnamese shops write it: 1.250.000 ₫."""
    return f"{plain_dong(price)}\u00a0₫"


def number(value: float, language: str, digits: int = 0) -> str:
    """Return a number with the language's marks: 1.250,5 in Vietnamese."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text
