"""Write a catalogue as an engine takes it, one JSON object a line.

python deploy/engines/documents.py shop.csv opensearch > bulk.ndjson
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from xephang import Catalogue, Product, Reranker
from xephang.errors import XephangError
from xephang.product import ProductTemplate
from xephang.text import fold

ENGINES = ("opensearch", "elasticsearch", "vespa", "milvus")
WORDS = ("title", "brand", "category", "color", "size", "gender", "attributes")
"""What is searched. The description is too, but tells less."""


def document(product: Product, template: ProductTemplate) -> dict[str, Any]:
    """Return a product's document.

    `words` is searched with its diacritics, `folded` without any, `more` is the description without any, `text` is what
    the model reads.
    """
    words = " ".join(filter(None, (product.value(name) for name in WORDS)))
    return {
        "id": product.id,
        "title": product.value("title"),
        "brand": product.value("brand"),
        "price": product.price,
        "words": words,
        "folded": fold(words).lower(),
        "more": fold(product.value("description")).lower(),
        "text": template.render(product).text,
    }


def lines(products: Iterator[Product], template: ProductTemplate, engine: str) -> Iterator[dict[str, Any]]:
    """Yield the objects that the engine is fed with."""
    for product in products:
        fields = document(product, template)
        if engine == "vespa":
            known = {name: value for name, value in fields.items() if value is not None}
            yield {"put": f"id:shop:product::{product.id}", "fields": known}
        elif engine == "milvus":
            yield fields
        else:
            yield {"index": {"_id": product.id}}
            # Its own analyser folds.
            yield {name: value for name, value in fields.items() if name != "folded"}


def main() -> None:
    """Read the command line and write to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogue", help="CSV, JSONL or Parquet of products")
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--model", default="giay", help="whose template makes the text that is reranked")
    given = parser.parse_args()
    try:
        template = Reranker.load(given.model).template
        for line in lines(iter(Catalogue.open(given.catalogue)), template, given.engine):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    except XephangError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
