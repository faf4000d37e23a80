"""What is served: one state of a model and its catalogue, and what was computed with it."""

import hashlib
import json
from copy import copy
from dataclasses import dataclass, field

from xephang.compiled import CompiledCatalogue
from xephang.engines.precomputed import Stored
from xephang.files import sha256
from xephang.reranker import Reranker
from xephang.server.caches import Cache
from xephang.settings import Settings

CACHES = ("products", "scores")
"""What is kept of what was computed."""


@dataclass
class Held:
    """One state of what is served; a request is answered from a single one.

    :param generation: counts the reloads.
    :param catalogue: a compiled catalogue of this model, where one is served.
    :param fingerprint: of all that scores depend on, hexadecimal.
    """

    reranker: Reranker
    settings: Settings
    generation: int = 0
    catalogue: CompiledCatalogue | None = None
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the fingerprint, and start with empty caches."""
        self.fingerprint = fingerprint(self.reranker)
        self.products = Cache[Stored](self.settings.cache_mb * 1e6, lambda stored: stored.nbytes)
        self.scores = Cache[float](self.settings.score_cache, lambda _: 1)

    @classmethod
    def open(cls, settings: Settings, generation: int = 0) -> "Held":
        """Load the model, check its golden scores, and open the catalogue.

        :raises XephangError: if one can not be opened, or the catalogue is another model's.
        """
        reranker = Reranker.load(
            settings.model, engine=settings.engine, precision=settings.precision, threads=settings.threads
        )
        catalogue = CompiledCatalogue.open(settings.catalogue) if settings.catalogue else None
        if catalogue:
            catalogue.check(reranker)
        return cls(reranker, settings, generation, catalogue)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.reranker.folder.name

    def snapshot(self) -> CompiledCatalogue | None:
        """Return the catalogue as it is now, whatever changes later."""
        return copy(self.catalogue)


def fingerprint(reranker: Reranker) -> str:
    """Return the SHA-256 of all that a model's scores depend on."""
    folder = reranker.folder
    manifest = json.loads(folder.manifest.to_json())
    kept = {name: manifest.get(name) for name in ("normaliser", "template", "calibration")}
    weights = sorted(folder.path.glob("*.safetensors"))
    files = [folder.path / "tokenizer.json", folder.path / "config.json"]
    if reranker.engine.name == "torch":
        files += weights
    else:
        files += [folder.path / artefact.path for artefact in folder.manifest.artefacts]
    said = json.dumps([kept, folder.max_length, reranker.activation, reranker.engine.name], sort_keys=True)
    digests = [sha256(file) for file in files if file.is_file()]
    return hashlib.sha256("\n".join([*digests, said]).encode()).hexdigest()
