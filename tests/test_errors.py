import inspect
import pickle
import re
from pathlib import Path

import pytest

from xephang import errors
from xephang.errors import (
    BusyError,
    GateError,
    InputError,
    InterruptedTraining,
    MissingExtraError,
    ModelError,
    RecipeError,
    RowError,
    XephangError,
)

EXIT_CODES = {
    XephangError: 1,
    InputError: 2,
    BusyError: 2,
    RowError: 2,
    RecipeError: 2,
    MissingExtraError: 2,
    ModelError: 1,
    GateError: 1,
    InterruptedTraining: 1,
}


def every_error() -> set[type[Exception]]:
    classes = (member for _, member in inspect.getmembers(errors, inspect.isclass))
    return {member for member in classes if issubclass(member, Exception)}


def test_every_error_is_listed_here_and_has_its_exit_code() -> None:
    assert every_error() == set(EXIT_CODES)
    assert {error: error.exit_code for error in EXIT_CODES} == EXIT_CODES


@pytest.mark.parametrize("error", EXIT_CODES, ids=lambda error: error.__name__)
def test_one_except_clause_catches_them_all(error: type[XephangError]) -> None:
    assert issubclass(error, XephangError)
    assert not issubclass(error, ValueError | OSError)


def test_the_tree_drawn_in_the_docstring_is_the_tree() -> None:
    """Every line of the drawing names a class, under its base, with its exit code where it tells one."""
    path: list[type] = []
    drawn = set()
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"([│├└─ ]*)(\w+)( .*)?$", line)
        if not match or not hasattr(errors, match[2]):
            continue
        error = getattr(errors, match[2])
        del path[len(match[1]) // 4 :]
        assert error.__bases__ == ((path[-1],) if path else (Exception,))
        if code := re.search(r"exit code (\d)", line):
            assert error.exit_code == int(code[1])
        path.append(error)
        drawn.add(error)
    assert drawn == every_error()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        pytest.param(
            RowError("shop.csv", 3, "price", "expected a number, got 'đắt'"),
            "shop.csv, row 3, field 'price': expected a number, got 'đắt'",
            id="field",
        ),
        pytest.param(RowError("shop.csv", 1, "", "is empty"), "shop.csv, row 1: is empty", id="whole row"),
        pytest.param(RowError("-", 12, "id", "is missing"), "-, row 12, field 'id': is missing", id="standard input"),
        pytest.param(RowError(Path("a") / "b.jsonl", 2, "", "is no JSON"), "a/b.jsonl, row 2: is no JSON", id="path"),
        pytest.param(
            MissingExtraError("training", "train"),
            "training needs the 'train' extra: pip install 'xephang[train]'",
            id="extra",
        ),
    ],
)
def test_the_message_says_what_where_and_what_to_do(error: XephangError, message: str) -> None:
    assert str(error) == message


ONE_OF_EACH = {
    RowError: RowError(Path("shop.csv"), 3, "price", "is negative"),
    MissingExtraError: MissingExtraError("training", "train"),
}


@pytest.mark.parametrize("error", EXIT_CODES, ids=lambda error: error.__name__)
def test_every_error_comes_back_from_another_process(error: type[XephangError]) -> None:
    raised = ONE_OF_EACH.get(error) or error("đã hỏng")
    back = pickle.loads(pickle.dumps(raised))
    assert (type(back), str(back), vars(back)) == (error, str(raised), vars(raised))


def test_a_row_error_can_be_reported_field_by_field() -> None:
    error = RowError(Path("shop.csv"), 3, "price", "is negative")
    assert (error.path, error.row, error.field, error.problem) == ("shop.csv", 3, "price", "is negative")
