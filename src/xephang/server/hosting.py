"""Which model answers: the next one is opened and checked beside the present one, then all switch at once."""

import logging
import threading
from typing import Protocol

from xephang.compiled.manifest import Manifest
from xephang.errors import ModelError, XephangError
from xephang.server.held import Held
from xephang.settings import Settings

_log = logging.getLogger(__name__)


class Number(Protocol):
    """A number that several processes may share, as `multiprocessing.Value` gives it."""

    value: int


class Own:
    """A number of this process alone."""

    def __init__(self) -> None:
        self.value = 0


class Hosting:
    """The states of a model that a process has open.

    :param generation: the one that answers. Where processes share it, they switch together.
    """

    def __init__(self, settings: Settings, generation: Number | None = None) -> None:
        """Open the model and its catalogue.

        :raises XephangError: if one can not be opened.
        """
        self._settings = settings
        self._generation: Number = generation if generation is not None else Own()
        self._lock, self._refreshing = threading.Lock(), threading.Lock()
        self._preparing: int | None = None
        present = self._generation.value
        self._held = {present: Held.open(settings, present)}

    @property
    def current(self) -> Held:
        """What answers a request that comes now."""
        return self._held[self._generation.value]

    def prepare(self, generation: int) -> Held:
        """Open the model as its files are now, for a later `switch`; the present one answers on.

        :raises XephangError: if it can not be opened, or does not give its golden scores.
        """
        with self._lock:
            self._preparing = generation
        held = Held.open(self._settings, generation)
        with self._lock:
            if self._preparing != generation:
                raise ModelError("the reload was given up before the model was open")
            self._held[generation] = held
        return held

    def switch(self, generation: int) -> None:
        """Have a state that was prepared answer from now on."""
        self._generation.value = generation
        self.retire()

    def retire(self) -> None:
        """Let go of all states but the present one; requests keep theirs until they are answered."""
        with self._lock:
            self._preparing = None
            self._held = {number: held for number, held in self._held.items() if number == self._generation.value}

    def refresh(self) -> None:
        """See what other processes have changed in the catalogue; it stays as it is where that can not be read."""
        with self._refreshing:  # else who began earlier could end later, and bring an older state back
            held = self.current
            if held.catalogue is None:
                return
            try:
                if Manifest.read(held.catalogue.folder) != held.catalogue.manifest:
                    held.renew()
                    _log.info("catalogue refreshed", extra={"products": len(held.catalogue)})
            except XephangError as error:
                _log.error(
                    "the catalogue can not be refreshed, its last state is served", extra={"problem": str(error)}
                )
