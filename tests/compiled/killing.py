"""Write into a compiled catalogue until somebody kills the process: `python killing.py MODEL FOLDER`.

Reads what to do from stdin, a JSON object a line; answers each with the id of the process that does it, a line for each
write that is through, and `gone` once the process is.
"""

import json
import os
import signal
import sys
from random import Random

from shops import held, shoe, shop

from xephang.product import Product

Products = dict[str, Product]


def written(number: int, before: Products) -> tuple[list[Product], list[str]]:
    """Return what the write of this number updates, or else deletes."""
    random = Random(number)
    if random.random() < 0.3 and len(before) > 3:
        return [], random.sample(sorted(before), 2)
    return [shoe(each, number) for each in random.sample(range(25), random.randint(1, 4))], []


def after(number: int, before: Products) -> Products:
    """Return what a catalogue holds after the write of this number."""
    updated, deleted = written(number, before)
    return {id: one for id, one in (before | held(updated)).items() if id not in deleted}


def write(model_folder: str, folder: str, number: int) -> None:
    """Write and write."""
    from xephang import Reranker
    from xephang.compiled import CompiledCatalogue

    catalogue = CompiledCatalogue.open(folder, model=Reranker.load(model_folder, threads=1))
    while True:
        number += 1
        updated, deleted = written(number, held(catalogue.products(catalogue.ids())))
        if updated:
            catalogue.update(updated)
        else:
            catalogue.delete(deleted)
        os.write(1, f"{number}\n".encode())


def build(model_folder: str, folder: str, count: int, version: int, options: dict[str, object]) -> None:
    """Build from a part for each 64 products on."""
    from xephang import Reranker
    from xephang.compiled import CompiledCatalogue, building

    building.PART_BYTES = 1
    CompiledCatalogue.build(Reranker.load(model_folder, threads=1), shop(count, version), folder, **options)
    os.write(1, b"done\n")


def main() -> None:
    import xephang.compiled  # noqa: F401  # so that each child has it already

    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            try:
                {"write": write, "build": build}[asked.pop("do")](*sys.argv[1:], **asked)
                signal.pause()  # to be killed all the same
            finally:
                os._exit(1)
        os.write(1, f"{child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"gone\n")


if __name__ == "__main__":
    main()
