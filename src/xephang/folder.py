"""A model folder: a plain Hugging Face folder with `xephang.json` and `onnx/` beside the weights."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from xephang.calibration import Calibration
from xephang.errors import InputError, ModelError
from xephang.files import replacing, sha256, write_text
from xephang.product import LISTING, ProductTemplate
from xephang.text import NORMALISER_VERSION

MANIFEST = "xephang.json"
FORMAT = 1
PRECISIONS = ("int8", "fp32")
"""Of ONNX files, the one that is taken first where a folder has both first."""
ARTEFACT_ENGINES = ("onnx", "precomputed")
DEFAULT_BASE = "cross-encoder/ms-marco-MiniLM-L6-v2"
PRODUCT_POSITION = "product_position"
"""The key of `config.json` of models that read products apart (`engines.attention`): where products start."""
_BUNDLED = Path(__file__).parent / "models"
_USUAL_ARTEFACTS = {"onnx/model.onnx": "fp32", "onnx/model_int8.onnx": "int8", "onnx/model_quantized.onnx": "int8"}
"""Where others than xephang keep ONNX files, by their path; of two of one precision, the first is taken."""
_HUB_FILES = ("*.json", "*.toml", "*.txt", "*.model", "README.md", *_USUAL_ARTEFACTS, "precomputed/*.npz")
_ACTIVATIONS = {"Sigmoid": "sigmoid", "Identity": "identity"}


@dataclass(frozen=True, slots=True)
class Artefact:
    """One exported graph of the model.

    :param path: relative to the folder.
    :param precision: "fp32" or "int8".
    :param sha256: of the file; empty where nobody recorded it.
    :param one_at_a_time: the graph's scores depend on what shares a batch, so each pair runs alone.
    :param engine: that opens it: "onnx" where it is an ONNX file, "precomputed" for `engines.precomputed`'s.
    :param golden: the logits of the manifest's golden pairs, as computed when the artefact was made.
    """

    path: str
    precision: str
    sha256: str = ""
    one_at_a_time: bool = False
    golden: tuple[float, ...] = ()
    engine: str = "onnx"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `xephang.json` says of a model.

    :param template: renders this model's products, in training and in serving alike.
    :param normaliser: the version of `text.normalise` that the model was trained with.
    :param golden_pairs: (query, document) texts whose logits are checked when an artefact opens.
    :param calibration: makes probabilities of the model's logits, where one was fitted.
    :param lexicon: what ranks are explained by: a bundled lexicon's name, or a file of the folder; empty for none.
    """

    name: str = ""
    template: ProductTemplate = LISTING
    normaliser: int = NORMALISER_VERSION
    artefacts: tuple[Artefact, ...] = ()
    golden_pairs: tuple[tuple[str, str], ...] = ()
    calibration: Calibration | None = None
    lexicon: str = ""

    def to_json(self) -> str:
        """Return the text of `xephang.json`."""
        table: dict[str, Any] = {
            "format": FORMAT,
            "name": self.name,
            "normaliser": self.normaliser,
            "template": self.template.to_dict(),
            "artefacts": [asdict(artefact) for artefact in self.artefacts],
            "golden_pairs": self.golden_pairs,
        }
        if self.calibration:
            table["calibration"] = self.calibration.to_dict()
        if self.lexicon:
            table["lexicon"] = self.lexicon
        return json.dumps(table, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, path: Path) -> "Manifest":
        """Read `xephang.json`.

        :raises ModelError: if it is no such file, or of a newer format or normaliser than this xephang knows.
        """
        table = read_json(path)
        if table.get("format") != FORMAT or table.get("normaliser") != NORMALISER_VERSION:
            raise ModelError(
                f"{path}: format {table.get('format')}, normaliser {table.get('normaliser')}; this xephang reads "
                f"format {FORMAT}, normaliser {NORMALISER_VERSION}: install the version that wrote it, or train again"
            )
        try:
            return cls(
                name=table["name"],
                template=ProductTemplate.from_dict(table["template"]),
                artefacts=tuple(_artefact(entry, len(table["golden_pairs"])) for entry in table["artefacts"]),
                golden_pairs=tuple((query, document) for query, document in table["golden_pairs"]),
                calibration=Calibration.from_dict(table["calibration"]) if "calibration" in table else None,
                lexicon=_lexicon(table.get("lexicon", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise ModelError(f"{path}: not a manifest that xephang wrote ({reason})") from error


@dataclass(frozen=True)
class ModelFolder:
    """A model's files, opened but not yet loaded.

    :param activation: "sigmoid" or "identity", what `predict` applies to a logit unless told otherwise.
    :param max_length: tokens that the model reads, query, product and special tokens together.
    """

    path: Path
    manifest: Manifest
    activation: str
    max_length: int
    config: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> "ModelFolder":
        """Open a folder that xephang, sentence-transformers or transformers wrote.

        :raises ModelError: if a file is missing or says something that can not be.
        """
        if not (path / "config.json").is_file():
            if (path / "checkpoints").is_dir():
                raise ModelError(f"{path}: its training has not ended; go on with: xephang train --resume")
            raise ModelError(f"{path}: no config.json, so this is no model folder")
        if not (path / "tokenizer.json").is_file():
            raise ModelError(f"{path}: no tokenizer.json; save the model with a fast tokenizer")
        config = read_json(path / "config.json")
        found = path / MANIFEST
        manifest = Manifest.from_json(found) if found.is_file() else _manifest_of_plain_folder(path)
        return cls(path, manifest, _activation(path, config), _max_length(path, config), config)

    @property
    def name(self) -> str:
        """The model's name, or the folder's where it has none."""
        return self.manifest.name or self.path.resolve().name

    @property
    def product_position(self) -> int | None:
        """Where products start, in a model that reads them apart; None for any other."""
        return _positive(self.path / "config.json", self.config, PRODUCT_POSITION)

    def artefact(self, precision: str | None = None, engine: str | None = None) -> Artefact:
        """Return the artefact of that precision and engine; without a precision, int8 before fp32.

        :raises ModelError: if there is none, or its file is missing or is not the one that was recorded.
        """
        wanted = [precision] if precision else PRECISIONS
        for one in wanted:
            if named := [a for a in self.manifest.artefacts if a.precision == one and engine in (None, a.engine)]:
                return self._standing(named)
        has = ", ".join(f"{a.engine} {a.precision}" for a in self.manifest.artefacts) or "none"
        raise ModelError(
            f"{self.path}: no {engine or 'exported'} file of precision {' or '.join(wanted)} (it has: {has}); "
            "run: xephang export"
        )

    def with_artefacts(
        self, graphs: Mapping[Artefact, Path], golden_pairs: tuple[tuple[str, str], ...]
    ) -> "ModelFolder":
        """Move graphs into the folder and record them, each in place of one of its precision.

        Whoever opens the folder on the way, or after a kill on the way, finds a file and its record together: while
        a file is replaced, `xephang.json` records the old one and the new.

        :param graphs: where each artefact's file lies now.
        """
        precisions = {artefact.precision for artefact in graphs}
        old = tuple(a for a in self.manifest.artefacts if a.precision in precisions)
        others = tuple(a for a in self.manifest.artefacts if a not in old)
        if golden_pairs != self.manifest.golden_pairs:
            # Their golden logits are of other pairs.
            old, others = (tuple(replace(a, golden=()) for a in some) for some in (old, others))
        after = replace(self.manifest, artefacts=(*others, *graphs), golden_pairs=golden_pairs)
        if old:
            replaced = tuple(new for new in graphs if new.path in {a.path for a in old})
            self._with(replace(after, artefacts=(*others, *replaced, *old)))
        for artefact, graph in graphs.items():
            with replacing(self.path / artefact.path) as temporary:
                shutil.move(graph, temporary)
        return self._with(after)

    def with_calibration(self, calibration: Calibration) -> "ModelFolder":
        """Record a calibration in `xephang.json`, in place of an older one; a `Reranker` has it once loaded again.

        :raises ModelError: if the folder has other files than when it was opened: the calibration is not of those.
        """
        standing = ModelFolder.open(self.path).manifest
        if standing.artefacts != self.manifest.artefacts:
            raise ModelError(f"{self.path}: was exported anew in the meantime; calibrate it again")
        return self._with(replace(standing, calibration=calibration))

    def _with(self, manifest: Manifest) -> "ModelFolder":
        write_text(self.path / MANIFEST, manifest.to_json())
        return replace(self, manifest=manifest)

    def _standing(self, named: Sequence[Artefact]) -> Artefact:
        """Return the artefact whose file is there: until an export is through, the old one and the new are named."""
        for artefact in named:
            path = self.path / artefact.path
            if path.is_file() and (not artefact.sha256 or sha256(path) == artefact.sha256):
                return artefact
        path = self.path / named[0].path
        if not path.is_file():
            raise ModelError(f"{path}: named in {MANIFEST}, but missing; run: xephang export {self.path}")
        raise ModelError(f"{path}: not the file that {MANIFEST} records (SHA-256 differs); copy it again or export")


def find(name: str | Path, *, revision: str | None = None, weights: bool = False) -> Path:
    """Find a model: the name of a bundled model, a folder, or a Hugging Face Hub id, which is downloaded.

    A folder that is called like a bundled model is meant when it is written as a path: `./giay`.

    :param weights: download `model.safetensors` too; without it, only what inference on ONNX needs.
    :raises InputError: if the name is empty.
    :raises ModelError: if there is no such model, or the Hub can not be reached.
    """
    if name == "":
        raise InputError(f"the model's name is empty; bundled models are {', '.join(bundled()) or 'none'}")
    if isinstance(name, str) and name in bundled():
        return _BUNDLED / name
    if Path(name).is_dir():
        return Path(name)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(name)):
        raise ModelError(
            f"'{name}': no such folder; bundled models are {', '.join(bundled()) or 'none'}, a Hub id has one '/'"
        )
    return _download(str(name), revision, weights)


def absolute(name: str) -> str:
    """Return a model's name as `find` takes it in a process that stands in another folder."""
    is_folder = name not in bundled() and Path(name).is_dir()
    return str(Path(name).resolve()) if is_folder else name


def bundled() -> list[str]:
    """Return the names of the models that come with the package."""
    return sorted(path.parent.name for path in _BUNDLED.glob("*/config.json"))


def _download(hub_id: str, revision: str | None, weights: bool) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    patterns = [*_HUB_FILES, *(["*.safetensors"] if weights else [])]
    try:
        path = Path(snapshot_download(hub_id, revision=revision, allow_patterns=patterns))
        if not weights and not (any(path.glob("onnx/*.onnx")) or any(path.glob("precomputed/*.npz"))):
            path = Path(snapshot_download(hub_id, revision=revision, allow_patterns=[*patterns, "*.safetensors"]))
    except Exception as error:  # besides its own classes the library lets its HTTP client's through
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"'{hub_id}': no such folder, and it can not be had from {HfApi().endpoint}: {reason}"
        ) from error
    return path


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    :raises ModelError: if the file is none.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: can not be read as JSON ({error})") from error
    if not isinstance(table, dict):
        raise ModelError(f"{path}: expected a JSON object")
    return table


def _artefact(entry: Mapping[str, Any], pairs: int) -> Artefact:
    artefact = Artefact(**{**entry, "golden": tuple(map(float, entry["golden"]))})
    if artefact.engine not in ARTEFACT_ENGINES:
        raise ValueError(f"engine '{artefact.engine}' is not one of {', '.join(ARTEFACT_ENGINES)}")
    if artefact.precision not in PRECISIONS:
        raise ValueError(f"precision '{artefact.precision}' is not one of {', '.join(PRECISIONS)}")
    if Path(artefact.path).is_absolute() or ".." in Path(artefact.path).parts:
        raise ValueError(f"'{artefact.path}' lies outside the folder")
    if len(artefact.golden) not in (0, pairs):
        raise ValueError(f"'{artefact.path}' has {len(artefact.golden)} golden logits for {pairs} golden pairs")
    return artefact


def _lexicon(name: Any) -> str:
    if not isinstance(name, str) or name != Path(name).name or name == "..":
        raise ValueError(f"lexicon {name!r} is neither a bundled lexicon's name nor that of a file in the folder")
    return name


def _manifest_of_plain_folder(path: Path) -> Manifest:
    """Take the ONNX files that are there; whether an int8 one takes its scales over a batch, nobody has recorded."""
    found = {name: precision for name, precision in _USUAL_ARTEFACTS.items() if (path / name).is_file()}
    return Manifest(artefacts=tuple(Artefact(name, kind, one_at_a_time=kind == "int8") for name, kind in found.items()))


def _activation(path: Path, config: Mapping[str, Any]) -> str:
    """Find the inference activation where sentence-transformers keeps it, in its present and older formats."""
    older = config.get("sentence_transformers")
    named = older.get("activation_fn") if isinstance(older, Mapping) else None
    named = named or config.get("sbert_ce_default_activation_function")
    settings = path / "config_sentence_transformers.json"
    if settings.is_file():
        named = read_json(settings).get("activation_fn") or named
    if named is None:
        return "sigmoid"
    short = str(named).rsplit(".", 1)[-1]
    if short not in _ACTIVATIONS:
        raise ModelError(f"{path}: activation '{named}' is not known; known are {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[short]


def _max_length(path: Path, config: Mapping[str, Any]) -> int:
    positions = _positive(path / "config.json", config, "max_position_embeddings") or 512
    if config.get("model_type") in ("roberta", "xlm-roberta", "camembert"):
        positions -= 2  # their position ids start after the padding id
    settings = path / "tokenizer_config.json"
    stated = _positive(settings, read_json(settings), "model_max_length") if settings.is_file() else None
    return min(positions, stated) if stated else positions


def _positive(path: Path, table: Mapping[str, Any], key: str) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value < float("inf"):
        raise ModelError(f"{path}: '{key}' must be a number of tokens, got {value!r}")
    return int(value)
