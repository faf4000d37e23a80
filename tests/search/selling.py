"""Change or build a shop until somebody kills the process: `python selling.py MODEL FOLDER`.

Reads what to do from stdin, a JSON object a line; answers each with the id of the process that does it, `through` and
two counts of `Operations` if it came through, and `gone` once the process is. Asked for `kill_at`, it kills itself
then.
"""

import json
import os
import signal
import sys
import traceback
from random import Random

from xephang.product import Product

Products = dict[str, Product]
_OPERATIONS = ("open", "os.", "shutil.")


def ware(number: int, version: int) -> Product:
    """Return a product; another version of it reads otherwise."""
    title = f"Giày mẫu {'abcdefgh'[version % 8]}{version} số {number}"
    return Product(id=f"p{number}", title=title, brand=("Nike", "Puma")[version % 2], price=1000.0 * version)


def wares(count: int, version: int = 0) -> Products:
    """Return products p0, p1, …"""
    return {one.id: one for one in (ware(number, version) for number in range(count))}


def change(version: int, before: Products) -> tuple[list[Product], list[str]]:
    """Return what the change of this version adds, and the ids that it deletes."""
    random = Random(version)
    added = [ware(number, version) for number in random.sample(range(12), 3)]
    return added, random.sample(sorted(before), 2)


def after(version: int, before: Products) -> Products:
    """Return what a shop holds after the change of this version."""
    added, deleted = change(version, before)
    return {id: one for id, one in before.items() if id not in deleted} | {one.id: one for one in added}


class Operations:
    """Python's own operations on the files of a folder, counted.

    :param last: the one to be killed at; 0 for none.
    """

    def __init__(self, folder: str, last: int) -> None:
        self._folder, self._last = folder, last
        self.count = self.turn = 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Count one, as `sys.addaudithook` calls it."""
        if event.startswith(_OPERATIONS) and arguments and str(arguments[0]).startswith(self._folder):
            self.count += 1
            if event == "os.rename" and str(arguments[1]).endswith("compiled.json"):
                self.turn = self.count
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    model_folder, folder = sys.argv[1:]
    from xephang import Reranker
    from xephang.search import Shop

    model = Reranker.load(model_folder, threads=1)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            try:
                shop = Shop.open(folder, model=model)
                ids = shop.compiled.ids()
                before = {product.id: product for product in shop.compiled.products(ids)}
                sys.addaudithook(operations := Operations(folder, asked["kill_at"]))
                if asked["do"] == "change":
                    shop.change(*change(asked["version"], before))
                else:
                    Shop.build(model, wares(12, asked["version"]).values(), folder, overwrite=True)
                os.write(1, f"through {operations.count} {operations.turn}\n".encode())
                if asked["pause"]:
                    signal.pause()  # to be killed all the same
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        os.write(1, f"{child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"gone\n")


if __name__ == "__main__":
    main()
