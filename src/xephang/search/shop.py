"""`Shop`: a search folder, open: find, rerank, suggest, and change its products."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

from xephang.catalogue import Catalogue
from xephang.compiled import CompiledCatalogue
from xephang.compiled.manifest import MANIFEST, Manifest
from xephang.compiled.state import settled
from xephang.errors import InputError, ModelError
from xephang.lexicon import BUNDLED
from xephang.product import Product
from xephang.progress import Progress
from xephang.reranker import Reranker
from xephang.search.asking import Found, Hit, Results, Search, Suggestion
from xephang.search.first_stage import FirstStage, ordered
from xephang.search.highlighting import highlights
from xephang.search.verdicts import Verdicts
from xephang.search.writing import Attaching, lexicon_text


@dataclass(frozen=True)
class _State:
    compiled: CompiledCatalogue
    first_stage: FirstStage
    verdicts: Verdicts


class Shop:
    """The products of a shop: compiled for the reranker, and indexed for the first stage, in one folder.

    Safe to share between threads and processes. Each change writes new files and then replaces one manifest, so
    whoever reads sees the old state or the new one, of both, and a kill at any moment leaves one of the two.

    :param model: what reranks, and computes products that are added.
    """

    def __init__(self, folder: Path, model: Reranker | None = None) -> None:
        """Open a folder; see `open`."""
        self.folder, self._model = folder, model
        self._state = settled(folder, lambda: _open(folder, model))

    @classmethod
    def open(cls, folder: str | Path, *, model: Reranker | None = None) -> "Shop":
        """Open a search folder.

        :param model: what reranks, and computes products for `update`; loaded by the folder's own word where it is
            needed first, without it.
        :raises InputError: if there is none, or a file of it is missing or damaged.
        :raises ModelError: if another model computed it.
        """
        return cls(Path(folder), model)

    @classmethod
    def build(
        cls,
        model: Reranker,
        catalogue: Catalogue | Iterable[Product],
        folder: str | Path,
        *,
        lexicon: str | Path | None = None,
        storage: str = "fast",
        processes: int = 1,
        resume: bool = False,
        overwrite: bool = False,
        progress: Progress | None = None,
        indexing: Progress | None = None,
    ) -> "Shop":
        """Compile and index a catalogue.

        :param lexicon: reads facets: a bundled one's name, or a TOML file; the model's own without it, and where it has
            none, the products' own fields are facets.
        :param storage: as `CompiledCatalogue.build` takes it.
        :param processes: how many read facets for the index at the same time.
        :param progress: called with how many products are computed, and how many there are.
        :param indexing: called with how many products are indexed, and how many there are.
        :raises InputError: if the folder is taken, or the catalogue or the lexicon can not be used.
        :raises ModelError: if the model does not read products apart.
        """
        attaching = Attaching(Path(folder), _lexicon(model, lexicon), processes, indexing)
        how = {"storage": storage, "resume": resume, "overwrite": overwrite, "progress": progress}
        CompiledCatalogue.build(model, catalogue, folder, attaching=attaching, **how)  # type: ignore[arg-type]
        return cls(Path(folder), model)

    @classmethod
    def index(
        cls,
        model: Reranker,
        folder: str | Path,
        *,
        lexicon: str | Path | None = None,
        processes: int = 1,
        indexing: Progress | None = None,
    ) -> "Shop":
        """Index a catalogue that is compiled already, anew where it has an index.

        :raises InputError: if there is none, or the lexicon can not be used.
        """
        attaching = Attaching(Path(folder), _lexicon(model, lexicon), processes, indexing)
        CompiledCatalogue.open(folder, model=model).attach(attaching)
        return cls(Path(folder), model)

    @property
    def compiled(self) -> CompiledCatalogue:
        """What the reranker reads."""
        return self._state.compiled

    @property
    def first_stage(self) -> FirstStage:
        """What finds candidates."""
        return self._state.first_stage

    @property
    def model(self) -> Reranker:
        """What reranks; loaded by the name that the folder has for it if none was given.

        :raises ModelError: if it can not be, or is another than computed the folder.
        """
        if self._model is None:
            name = self.compiled.manifest.model
            try:
                model = Reranker.load(name)
                self.compiled.check(model)
            except ModelError as error:
                raise ModelError(
                    f"{self.folder}: was made with a model called '{name}', which is not found by that name ({error}); "
                    "give it by its folder: --model FOLDER, or model=…"
                ) from error
            self._model = model
        return self._model

    def __len__(self) -> int:
        return len(self.compiled)

    @property
    def bytes(self) -> int:
        """All files' bytes."""
        index = self.folder / self.compiled.manifest.attached
        return self.compiled.bytes + sum(file.stat().st_size for file in index.iterdir())

    def find(self, search: Search) -> Found:
        """Return a search's candidates by the first stage.

        :raises InputError: if it filters by what is no facet.
        """
        return self._state.first_stage.find(search)

    def candidates(self, search: Search, found: Found) -> tuple[str, ...]:
        """Return the ids that the reranker shall read: none where it has nothing to go by."""
        if search.first_stage_only or not any(map(str.isalnum, found.read)):
            return ()
        return found.ids[: search.candidates]

    def page(
        self,
        search: Search,
        found: Found,
        ranked: Sequence[tuple[str, float]] | None,
        *,
        milliseconds: Mapping[str, float] | None = None,
    ) -> Results:
        """Put a page together.

        :param ranked: the candidates' ids and scores as the reranker has them, highest first; None where it read none.
        :param milliseconds: of stages beside those of `found`.
        """
        began, state = time.perf_counter(), self._state
        order = ordered(found, ranked, search)
        first = (search.page - 1) * search.page_size
        shown = order[first : first + search.page_size]
        products = state.compiled.products([id for id, _ in shown])
        places = {id: at for at, id in enumerate(found.ids)}
        lexicon = state.first_stage.facet_terms.lexicon
        asked = lexicon.parse(found.read) if lexicon else None
        hits = []
        for at, ((id, score), product) in enumerate(zip(shown, products, strict=True), first + 1):
            matched, contradicted = state.verdicts.of(asked, product)
            hits.append(
                Hit(
                    id=id,
                    rank=at,
                    first_rank=places[id] + 1,
                    score=score,
                    first_score=found.scores[places[id]],
                    product=product,
                    highlights=highlights(product, found.found_by),
                    matched=matched,
                    contradicted=contradicted,
                )
            )
        took = {**found.milliseconds, **(milliseconds or {}), "products": (time.perf_counter() - began) * 1000}
        took["total"] = sum(took.values())
        return Results(found, tuple(hits), search.page, search.page_size, len(ranked or ()), took)

    def search(self, search: Search | str) -> Results:
        """Find, rerank, and return a page.

        :raises InputError: if the model can not read the query.
        """
        shop, search = self.snapshot(), Search(search) if isinstance(search, str) else search
        found = shop.find(search)
        ids = shop.candidates(search, found)
        if not ids:
            return shop.page(search, found, None)
        model, began = self.model, time.perf_counter()
        ranked = model.rank(found.read, ids=list(ids), catalogue=shop.compiled)
        took = {"rerank": (time.perf_counter() - began) * 1000}
        results = shop.page(search, found, [(one["id"], one["score"]) for one in ranked], milliseconds=took)
        return shop._explained(results, model) if search.explain else results

    def suggest(self, prefix: str, limit: int = 8) -> list[Suggestion]:
        """Return queries that go on with what was typed, those of most products first."""
        return self._state.first_stage.suggest(prefix, limit)

    def update(self, products: Iterable[Product], *, progress: Progress | None = None) -> int:
        """Add products, in place of those that have their ids; return how many were replaced.

        :raises InputError: if one can not be used, none has been changed then; or another process is writing.
        """
        return len(self.change(products, progress=progress))

    def delete(self, ids: Iterable[str]) -> int:
        """Take products out, those that are there; return how many were.

        :raises InputError: if another process is writing.
        """
        return len(self.change((), ids))

    def change(
        self, products: Iterable[Product], delete: Iterable[str] = (), *, progress: Progress | None = None
    ) -> frozenset[str]:
        """Add products and take others out, in one step; return the given ids that were there before.

        :raises InputError: if one can not be used, none has been changed then.
        :raises BusyError: if another process is writing.
        """
        products = products if isinstance(products, Catalogue) else list(products)
        compiled = CompiledCatalogue.open(self.folder, model=self.model if products else self._model)
        there = compiled.change(products, delete, progress=progress, attaching=Attaching(self.folder))
        with suppress(InputError):  # it is done, whether it can be seen from here or not
            self.refresh()
        return there

    def refresh(self) -> None:
        """See what other processes have changed."""
        if Manifest.read(self.folder) != self.compiled.manifest:
            self._state = settled(self.folder, lambda: _open(self.folder, self._model))

    def snapshot(self) -> "Shop":
        """Return the shop as it is now, whatever changes later."""
        return copy(self)

    def _explained(self, results: Results, model: Reranker) -> Results:
        ids = [hit.id for hit in results.hits if hit.score is not None]
        if not ids:
            return results
        began = time.perf_counter()
        lexicon = self._state.first_stage.facet_terms.lexicon
        ranked = model.rank(results.found.read, ids=ids, catalogue=self.compiled, explain=True, lexicon=lexicon)
        why = {one["id"]: one["explanation"] for one in ranked}
        hits = tuple(replace(hit, explanation=why.get(hit.id)) for hit in results.hits)
        return replace(results, hits=hits).after(explain=(time.perf_counter() - began) * 1000)


def is_search_folder(path: str | Path) -> bool:
    """Say whether a search folder lies there."""
    if not (Path(path) / MANIFEST).is_file():
        return False
    return bool(Manifest.read(Path(path)).attached)


def _lexicon(model: Reranker, lexicon: str | Path | None) -> str:
    named = model.folder.manifest.lexicon
    if lexicon is None and named:
        lexicon = named if named in BUNDLED else model.folder.path / named
    return lexicon_text(lexicon)


def _open(folder: Path, model: Reranker | None) -> _State:
    compiled = CompiledCatalogue.open(folder, model=model)
    if not compiled.manifest.attached:
        raise InputError(f"{folder}: is compiled, but has no search index; run: xephang index {folder}")
    first_stage = FirstStage.open(folder / compiled.manifest.attached)
    return _State(compiled, first_stage, Verdicts(first_stage.facet_terms))
