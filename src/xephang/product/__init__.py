"""A shop's product: read from a record, rendered as the text a model reads."""

from xephang.product.names import TEXT_FIELDS
from xephang.product.product import Product
from xephang.product.template import LISTING, SEED, TEMPLATES, ProductTemplate, Rendered

__all__ = ["LISTING", "SEED", "TEMPLATES", "TEXT_FIELDS", "Product", "ProductTemplate", "Rendered"]
