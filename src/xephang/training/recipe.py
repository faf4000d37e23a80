"""A recipe: a TOML file that fully describes one training run."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xephang.errors import RecipeError
from xephang.folder import DEFAULT_BASE
from xephang.judgments.documents import PRODUCT_COLUMNS
from xephang.judgments.graded import HIGHEST_GRADE, JUDGMENT_COLUMNS
from xephang.judgments.measure import METRICS, RELEVANT_FROM
from xephang.judgments.pairs import PAIR_COLUMNS
from xephang.lexicon import BUNDLED
from xephang.product import LISTING, ProductTemplate

_TABLES: Mapping[str, tuple[str, ...]] = {
    "model": (
        "base", "base_sha256", "teacher", "vocabulary", "vocabulary_sha256", "lexicon", "layers", "intermediate_size",
        "product_position", "dropout", "max_length", "num_labels",
    ),
    "data": (
        "pairs", "pairs_sha256", "columns", "label", "relevant_grade", "dev", "dev_sha256", "dev_columns",
        "catalogue", "catalogue_sha256", "catalogue_columns",
    ),
    "selection": ("metric", "patience"),
    "card": (
        "title", "language", "license", "data_statement", "intended_use", "out_of_scope", "limits",
        "recommendations", "authors", "contact",
    ),
}  # fmt: skip
LABELS = ("given", "binary", "scaled")


@dataclass(frozen=True)
class LossSettings:
    """Which loss, and its own parameters under the names that the loss gives them."""

    name: str = "BinaryCrossEntropyLoss"
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run's outcome, but for the machine.

    :param name: the model's name.
    :param pairs: CSV, JSONL or Parquet of training rows or graded judgments; `columns` gives its names for
        `PAIR_COLUMNS` and `PRODUCT_COLUMNS`.
    :param label: what the loss gets of a row's label: the label as `given`; of a grade 0 to 3, 1 from `relevant_grade`
        on and 0 below (`binary`); or a third of the grade (`scaled`).
    :param relevant_grade: None unless labels are binary.
    :param catalogue: products of the rows that have a `product_id`; `catalogue_columns` gives its names for the
        fields of a product.
    :param dev: judgments by which the best checkpoint is chosen; never trained on.
    :param base: a Hub id, a folder, or a bundled model's name.
    :param base_sha256: of the base's model.safetensors; another file is refused, and so it is with
        `pairs_sha256`, `dev_sha256` and `catalogue_sha256`. A run writes them into the recipe that it leaves with the
        model.
    :param teacher: a Hub id, a folder, or a bundled model's name: a reranker whose margins `GradedListLoss` learns too.
    :param vocabulary: how many tokens to choose from the training texts, in place of the base's own; None keeps those.
    :param vocabulary_sha256: of the tokens chosen, one a line; others are refused. A run writes it too.
    :param lexicon: a bundled lexicon or the path of one, whose forms count among the texts for the vocabulary.
    :param dropout: of every dropout layer while training; None leaves the base's own (0.1 in BERT models).
    :param layers: the base's encoder layers to keep, from 0; all where empty.
    :param intermediate_size: how many neurons to keep in each layer's feed-forward part, those that move its output
        most on training texts; all where None.
    :param product_position: where products start, whatever the query's length, read apart from it, so that they can be
        computed ahead (`xephang.engines.attention`); None reads both together, as usual.
    :param num_labels: 1 for a relevance score; more for classes (`CrossEntropyLoss`).
    :param hyperparameters: of the trainer, under the names that model cards list.
    :param metric: of `METRICS`, by which the best checkpoint is chosen.
    :param patience: evaluations without improvement after which training stops; None means never.
    :param card: sentences for the model's card.
    """

    name: str
    pairs: Path
    base: str = DEFAULT_BASE
    base_sha256: str = ""
    teacher: str = ""
    vocabulary: int | None = None
    vocabulary_sha256: str = ""
    lexicon: str = ""
    layers: tuple[int, ...] = ()
    intermediate_size: int | None = None
    product_position: int | None = None
    dropout: float | None = None
    max_length: int = 512
    num_labels: int = 1
    columns: Mapping[str, str] = field(default_factory=dict)
    pairs_sha256: str = ""
    label: str = LABELS[0]
    relevant_grade: int | None = None
    dev: Path | None = None
    dev_sha256: str = ""
    dev_columns: Mapping[str, str] = field(default_factory=dict)
    catalogue: Path | None = None
    catalogue_sha256: str = ""
    catalogue_columns: Mapping[str, str] = field(default_factory=dict)
    template: ProductTemplate = LISTING
    loss: LossSettings = field(default_factory=LossSettings)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    metric: str = "ndcg@10"
    patience: int | None = None
    card: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Recipe":
        """Read a recipe; paths in it count from its own folder.

        :raises RecipeError: if it can not be read, or something in it is unknown or of the wrong type.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise RecipeError(f"{path}: can not be read ({error.strerror}); give the path of a recipe.toml") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RecipeError(f"{path}: not valid TOML: {error}") from error
        try:
            return cls.from_dict(table, path.parent)
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from error

    @classmethod
    def from_dict(cls, table: Mapping[str, Any], folder: Path = Path()) -> "Recipe":
        """Read a recipe's tables.

        :raises RecipeError: if something in it is unknown, missing or of the wrong type.
        """
        check_keys("the recipe", table, ("name", *_TABLES, "template", "loss", "hyperparameters"))
        flat: dict[str, Any] = {"name": table.get("name")}
        for name in ("model", "data", "selection"):
            section = _section(table, name)
            check_keys(f"[{name}]", section, _TABLES[name])
            flat |= section
        card, loss = _section(table, "card"), _section(table, "loss")
        check_keys("[card]", card, _TABLES["card"])
        if "name" not in loss and loss:
            raise RecipeError("[loss]: give its 'name'")
        recipe = cls(
            **_checked(flat, folder),
            template=ProductTemplate.from_dict(_section(table, "template")) if "template" in table else LISTING,
            loss=LossSettings(str(loss.pop("name", LossSettings.name)), loss),
            hyperparameters=_section(table, "hyperparameters"),
            card={key: _of_kind(key, value, str) for key, value in card.items()},
        )
        check_keys("[data.columns]", recipe.columns, (*PAIR_COLUMNS, *PRODUCT_COLUMNS))
        check_keys("[data.dev_columns]", recipe.dev_columns, (*JUDGMENT_COLUMNS, *PRODUCT_COLUMNS))
        check_choice("[data] label", recipe.label, LABELS)
        if recipe.teacher and recipe.loss.name != "GradedListLoss":
            raise RecipeError(
                f"[model] 'teacher': GradedListLoss learns from one, and {recipe.loss.name} does not; name that loss, "
                "or take the teacher out"
            )
        check_choice("[selection] metric", recipe.metric, METRICS)
        return recipe

    @property
    def teacher_name(self) -> str:
        """The teacher's Hub id or bundled name, or its folder's last name."""
        return Path(self.teacher).resolve().name if Path(self.teacher).is_dir() else self.teacher

    def to_dict(self) -> dict[str, Any]:
        """Return the tables that `from_dict` reads, every default filled in."""
        data: dict[str, Any] = {name: getattr(self, name) for name in _TABLES["data"] if getattr(self, name)}
        data |= {name: path.as_posix() for name, path in data.items() if isinstance(path, Path)}
        model = {name: value for name in _TABLES["model"] if (value := getattr(self, name)) not in (None, "", ())}
        selection = {"metric": self.metric} | ({"patience": self.patience} if self.patience else {})
        return {
            "name": self.name,
            "model": model,
            "data": data,
            "selection": selection,
            "loss": {"name": self.loss.name, **_without_none(self.loss.parameters)},
            "hyperparameters": _without_none(self.hyperparameters),
            "card": dict(self.card),
            "template": self.template.to_dict(),
        }


def check_keys(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Check a table's keys.

    :raises RecipeError: at the first unknown one, offering the nearest that is known.
    """
    for key in table:
        check_choice(f"{where}:", key, known)


def check_choice(where: str, value: str, known: tuple[str, ...]) -> None:
    """Check that a value is one of those known.

    :raises RecipeError: if it is not, offering the nearest.
    """
    if value in known:
        return
    near = difflib.get_close_matches(str(value), known, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
    raise RecipeError(f"{where} '{value}' is not known; {hint}")


def _without_none(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table as TOML can hold it: what is None is left out, at every level."""
    kept = {name: value for name, value in table.items() if value is not None}
    return {name: _without_none(value) if isinstance(value, Mapping) else value for name, value in kept.items()}


def _section(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = table.get(name, {})
    if not isinstance(section, Mapping):
        raise RecipeError(f"'{name}' must be a table: [{name}]")
    return dict(section)


def _checked(flat: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Check the types of a recipe's scalar settings, and make its paths count from the recipe's folder."""
    texts = (
        "name", "base", "base_sha256", "teacher", "vocabulary_sha256", "lexicon", "pairs", "pairs_sha256", "label",
        "dev", "dev_sha256", "catalogue", "catalogue_sha256", "metric",
    )  # fmt: skip
    numbers = (
        "vocabulary", "intermediate_size", "product_position", "max_length", "num_labels", "patience", "relevant_grade",
    )  # fmt: skip
    kinds: dict[str, type] = dict.fromkeys(texts, str) | dict.fromkeys(numbers, int)
    kinds |= {"columns": dict, "dev_columns": dict, "catalogue_columns": dict, "layers": list, "dropout": float}
    out = {name: _of_kind(name, flat[name], kind) for name, kind in kinds.items() if flat.get(name) is not None}
    if missing := [name for name in ("name", "pairs") if name not in out]:
        raise RecipeError(f"'{missing[0]}' is missing" + (" from [data]" if missing == ["pairs"] else ""))
    out |= {name: folder / out[name] for name in ("pairs", "dev", "catalogue") if name in out}
    _check_model(out, folder)
    if out.get("label") == "binary":
        out.setdefault("relevant_grade", RELEVANT_FROM)
    if out.get("relevant_grade", 1) > HIGHEST_GRADE:
        raise RecipeError(f"'relevant_grade' must be 1 to {HIGHEST_GRADE}, got {out['relevant_grade']}")
    if "relevant_grade" in out and out.get("label") != "binary":
        raise RecipeError("[data] 'relevant_grade' counts for label = 'binary' only: give that too, or take it out")
    return out


def _check_model(out: dict[str, Any], folder: Path) -> None:
    """Check the scalar settings of [model], and make its paths count from the recipe's folder."""
    for name in ("base", "teacher"):
        if out.get(name) and (folder / out[name]).is_dir():
            out[name] = str(folder / out[name])
    if "lexicon" in out:
        if "vocabulary" not in out:
            raise RecipeError(
                "[model] 'lexicon' counts for a new vocabulary only: give 'vocabulary' too, or take it out"
            )
        out["lexicon"] = out["lexicon"] if out["lexicon"] in BUNDLED else str(folder / out["lexicon"])
    if not 0 <= out.get("dropout", 0.0) < 1:
        raise RecipeError(f"[model] 'dropout' must be from 0 to below 1, got {out['dropout']}")
    if "layers" in out:
        out["layers"] = _layers(out["layers"])


def _layers(given: list[Any]) -> tuple[int, ...]:
    if any(type(one) is not int or one < 0 for one in given) or len(set(given)) < len(given):
        raise RecipeError(f"[model] 'layers' must be different whole numbers from 0, got {given!r}")
    return tuple(given)


def _of_kind(name: str, value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise RecipeError(f"'{name}' must be {kind.__name__}, got {value!r}")
    if isinstance(value, int) and value < 1:
        raise RecipeError(f"'{name}' must be at least 1, got {value}")
    return value
