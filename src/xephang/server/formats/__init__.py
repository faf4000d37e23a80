"""The wire formats: each file reads one kind of request, and writes its answers and errors."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, ValidationError, WithJsonSchema
from pydantic_core import from_json

from xephang.engines.tokens import Cutting
from xephang.server.asking import Answer, Asked, Kind, Refused
from xephang.settings import Settings


class Body(BaseModel):
    """A request's body; keys that it does not know are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False, frozen=True)


class Format(Protocol):
    """What the modules of this package have."""

    NAME: str
    STATUS: Mapping[Kind, int]

    def parse(self, content: object, settings: Settings) -> Asked:
        """Read a request's JSON.

        :raises Refused: if it can not be read, or is more than the settings allow.
        """

    def answer(self, asked: Asked, answer: Answer, settings: Settings) -> Any:
        """Return the JSON of an answer."""

    def error(self, refused: Refused, id: str) -> Any:
        """Return the JSON of an error."""


Read = TypeVar("Read", bound=Body)


class FirstProblem(FailFast):
    """Have no more than the first bad item of a list looked for: there may be millions."""

    __hash__ = object.__hash__  # as members of unions have to


Texts = Annotated[
    list[str], FirstProblem(), WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 1})
]
WHOLE_NUMBER = BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n)
"""JSON Schema lets 2.0 be one too."""
Count = Annotated[int, Field(ge=0), WHOLE_NUMBER]
Most = Annotated[int, Field(ge=1), WHOLE_NUMBER]
MostOrAll = Annotated[int, Field(ge=-1), WHOLE_NUMBER]
"""-1 for all."""
_MOST_VALUES = 500_000
"""In a body, about: each costs time and memory, however short it is."""


def opened(body: bytearray) -> object:
    """Parse JSON as RFC 8259 has it, UTF-8 and without NaN, nested no deeper than 200 times.

    :raises Refused: if it is none, or holds very many values.
    """
    check_values(body)
    try:
        content: object = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refused("validation", f"the body is no JSON: {error}") from None
    return content


def check_values(body: bytes | bytearray) -> None:
    """Check about how many values a body of JSON holds.

    :raises Refused: if they are very many.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise Refused("too large", f"the body holds more than {_MOST_VALUES:,} values; send fewer documents at once")


def read(model: type[Read], content: object) -> Read:
    """Check a body's content.

    :raises Refused: if it is not what the format says; the message names the place.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # A place in a union is followed by the kind that it could have been.
        places = first["loc"][:1] + tuple(part for part in first["loc"][1:2] if isinstance(part, int))
        place = "".join(f"[{part}]" if isinstance(part, int) else part for part in places)
        more = f" ({error.error_count():,} such problems)" if error.error_count() > 1 else ""
        raise Refused("validation", f"{place + ': ' if place else ''}{first['msg']}{more}") from None


def check_texts(settings: Settings, **texts: Sequence[object]) -> None:
    """Check how many characters texts or products have.

    :raises Refused: if one has too many.
    """
    for name, some in texts.items():
        for i, text in enumerate(some):
            if (count := characters(text)) > settings.max_characters:
                where = f"{name}[{i}]" if len(some) > 1 else name
                raise Refused(
                    "validation",
                    f"{where} has {count:,} characters; {settings.max_characters:,} are allowed: shorten it",
                )


class Scored(Body):
    """What the formats of Cohere's family and vLLM's scores have in common."""

    model: str | None = Field(None, description="Read by nobody: the server has one model.")
    truncate_prompt_tokens: MostOrAll | None = Field(
        None, description="Tokens of query and document that are read; -1 for what the model reads."
    )
    raw_scores: bool | None = Field(None, description="Logits in place of probabilities.")
    use_activation: bool | None = Field(None, description="False for logits in place of probabilities.")

    @property
    def logits(self) -> bool:
        """Whether logits are asked for."""
        return bool(self.raw_scores) or self.use_activation is False

    def cutting(self, *most: int | None) -> Cutting:
        """Return how products are cut, to the least of some limits."""
        pair = self.truncate_prompt_tokens
        return Cutting(min(filter(None, most), default=None), pair if pair and pair > 0 else None)


def characters(value: object) -> int:
    """Return how many characters a JSON value's texts have, keys included."""
    count, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            count += len(one)
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
    return count


def check_count(settings: Settings, name: str, count: int) -> None:
    """Check how many documents there are.

    :raises Refused: if there are none, or too many.
    """
    if not count:
        raise Refused("empty", f"{name} is empty; give at least one")
    if count > settings.max_documents:
        raise Refused(
            "validation", f"{name}: {count:,} are given and {settings.max_documents:,} allowed; ask in several requests"
        )
