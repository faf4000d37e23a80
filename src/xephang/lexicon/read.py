"""Read the facets of a product from all of its fields."""

from xephang.lexicon.facets import Facets, Mention
from xephang.lexicon.lexicon import Lexicon
from xephang.product import Product

_FIELDS = ("brand", "category", "color", "size", "gender", "attribute")


def read_product(lexicon: Lexicon, product: Product) -> Facets:
    """Read a product: its title first, then what its other fields, the description aside, add.

    A field adds to the first facet, or to an exclusive one such as the colour, only where the title names no value of
    it: where title and category disagree, the title is right. The field `brand` tells only of facets whose relations
    say `required`. Spans of the title's mentions refer to `Facets.text`, the normalised title; other mentions carry
    the span in their own field.
    """
    title = lexicon.parse(product.value("title"))
    mentions = list(title.mentions)
    said = {mention.facet for mention in mentions}
    accessory = title.accessory
    for name in _FIELDS:
        if not (value := product.value(name)):
            continue
        found = lexicon.parsed(f"size {value}" if name == "size" else value)
        if name == "category" and lexicon.leading not in said:
            accessory = found.accessory
        mentions += [mention for mention in found.mentions if _adds(lexicon, mention, said, name)]
    return Facets(title.text, tuple(mentions), accessory)


def _adds(lexicon: Lexicon, mention: Mention, said: set[str], field: str) -> bool:
    relations = lexicon.facets[mention.facet].relations
    if field == "brand" and not relations.required:
        return False
    single = mention.facet == lexicon.leading or relations.exclusive
    return not (single and mention.facet in said)
