"""Generate a footwear catalogue, as sloppy as a marketplace's: `make_catalogue.py --products N --seed S -o FILE`.

The same numbers give the same bytes on any machine: every product has its own seeded generator.
"""

import argparse
import json
from pathlib import Path

from giay.products import GeneratedProduct, generate
from xephang.errors import InputError
from xephang.files import write_text

__all__ = ["GeneratedProduct", "generate", "main"]


def main() -> None:
    """Write the catalogue."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    if options.products < 1:
        parser.error(f"--products: expected at least 1, got {options.products}")
    records = (item.product.to_dict() for item in generate(options.products, options.seed))
    try:
        write_text(options.output, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    except InputError as error:
        parser.error(f"--output: {error}")
    print(f"{options.output}: {options.products} products")


if __name__ == "__main__":
    main()
