"""How well a listing meets a query, facet by facet, from what can be known of it.

Type: met by the type itself and by what `is_a` names; a type that is only `near`, and a child's product where
no child was asked for, is neither right nor wrong: unclear, and never judged. Other facets: met if stated or
implied; contradicted if the listing states another value where a shoe has only one (brand, line, gender, heel,
surface, material, a shape on the same axis) or a full list (colours, sizes); else unknown. Features and uses
are never contradicted. A brand or line that is not stated is not that brand's: contradicted.
"""

from collections.abc import Mapping
from enum import IntEnum
from functools import cache

from giay.words import KIDS, Facts, Type, vocabulary

Intent = Mapping[str, str]
"""What a query asks for: one value by facet."""


class Verdict(IntEnum):
    """What one facet of a listing says about the same facet of a query."""

    CONTRADICTED = 0
    UNKNOWN = 1
    MET = 2
    UNCLEAR = 3


def verdicts(intent: Intent, facts: Facts) -> dict[str, Verdict]:
    """Judge each facet that the query asks for."""
    judged = {facet: _verdict(facet, value, facts) for facet, value in intent.items()}
    kind = vocabulary().types[facts["type"][0]]
    asked = intent.get("type", "")
    children = asked and (vocabulary().types[asked].kids or intent.get("gender", "") in KIDS)
    if kind.kids and asked and not children and judged["type"] is Verdict.MET:
        judged["type"] = Verdict.UNCLEAR
    return judged


def grade(judged: Mapping[str, Verdict]) -> int | None:
    """Return 3 all met, 2 met as far as known, 1 one facet but the type contradicted, 0; None if unclear."""
    if Verdict.UNCLEAR in judged.values():
        return 0 if judged.get("type") is Verdict.CONTRADICTED else None
    wrong = sum(verdict is Verdict.CONTRADICTED for verdict in judged.values())
    if wrong:
        subject = "type" if "type" in judged else "brand"
        return int(wrong == 1 and len(judged) > 1 and judged.get(subject) is Verdict.MET)
    return 3 if all(verdict is Verdict.MET for verdict in judged.values()) else 2


def label(judged: Mapping[str, Verdict], facts: Facts) -> int | None:
    """Return 1 if the listing satisfies the query, 0 if not, None where a fair judge would not say.

    Unknown size, colour, gender, heel, surface, shape or material counts as satisfied. An unknown feature or
    use counts as satisfied where the listing names none at all, and as lacking where it names two or more others.
    """
    graded = grade(judged)
    if graded is None:
        return None
    if graded != 2:
        return int(graded == 3)
    open_facets = [facet for facet in ("feature", "use") if judged.get(facet) is Verdict.UNKNOWN]
    named = len(facts.get("feature", ())) + len(facts.get("use", ()))
    if not open_facets or not named:
        return 1
    return 0 if named > 1 else None


def _verdict(facet: str, value: str, facts: Facts) -> Verdict:
    known = facts.get(facet, ())
    if facet == "type":
        return _type_verdict(value, vocabulary().types[known[0]])
    if value in known:
        return Verdict.MET
    if facet in ("brand", "line"):
        return Verdict.CONTRADICTED
    if facet == "gender":
        return _gender_verdict(value, known)
    if facet in ("size", "heel", "surface"):
        return Verdict.CONTRADICTED if known else Verdict.UNKNOWN
    return _value_verdict(facet, value, known)


def _type_verdict(asked: str, kind: Type) -> Verdict:
    if asked == kind.key or asked in kind.is_a:
        return Verdict.MET
    wanted = vocabulary().types[asked]
    if asked in kind.near or kind.key in wanted.near or wanted.key in _kin(kind.key):
        return Verdict.UNCLEAR
    return Verdict.CONTRADICTED


@cache
def _kin(key: str) -> frozenset[str]:
    """Return the types that this one is a wider name for, whose shoppers may take it too."""
    return frozenset(other.key for other in vocabulary().types.values() if key in other.is_a)


def _gender_verdict(asked: str, known: tuple[str, ...]) -> Verdict:
    if not known:
        return Verdict.UNKNOWN
    gender = known[0]
    if asked == "unisex":
        return Verdict.UNCLEAR if gender in ("nam", "nữ") else Verdict.CONTRADICTED
    if gender == "unisex":
        return Verdict.CONTRADICTED if asked in KIDS else Verdict.MET
    if asked == "trẻ em" or gender == "trẻ em":
        return Verdict.MET if gender in KIDS and asked in KIDS else Verdict.CONTRADICTED
    return Verdict.CONTRADICTED


def _value_verdict(facet: str, asked: str, known: tuple[str, ...]) -> Verdict:
    """Judge colours, shapes, materials, features and uses, some of which stand for one another."""
    values = vocabulary().facets[facet]
    wanted = values[asked]
    if any(asked in (*values[name].is_a, *values[name].meets) for name in known):
        return Verdict.MET
    if any(asked in values[name].near or name in (*wanted.near, *wanted.is_a) for name in known):
        return Verdict.UNCLEAR
    if facet == "shape":
        same_axis = any(values[name].axis == wanted.axis for name in known)
        return Verdict.CONTRADICTED if same_axis else Verdict.UNKNOWN
    if facet in ("color", "material"):
        return Verdict.CONTRADICTED if known else Verdict.UNKNOWN
    return Verdict.UNKNOWN
