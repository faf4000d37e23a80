"""Write the bundled model's training judgments: `make_judgments.py [--queries N] [--seed S] [-o FOLDER]`.

Products are generated (`giay.products`); queries, rewritten listings and grades come from `xephang.judgments.synthesis`
with the footwear lexicon. `train.jsonl` and `dev.jsonl` share no intent, no query and no product. The queries of
`benchmarks/quality` and of the seed's card, on which models are tried, are asked in neither.
"""

import argparse
import json
from pathlib import Path

from giay.products import generate
from xephang.files import replacing
from xephang.judgments.synthesis import Settings, Split, Synthesis
from xephang.lexicon import Lexicon

ROOT = Path(__file__).parents[1]
SEED_CARD_QUERIES = (
    "giày chạy bộ cho nữ đế êm nhẹ",
    "giày thể thao thời trang nam phối màu đẹp",
    "giày đá bóng sân cỏ nhân tạo đế TF",
    "giày sneaker màu trắng đi học",
)


def kept_out() -> list[str]:
    """Return the queries on which models are tried."""
    lines = (ROOT / "benchmarks" / "quality" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [*SEED_CARD_QUERIES, *(row[name] for row in rows for name in ("query", "clean"))]


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--queries", type=int, default=24000, help="in train.jsonl")
    parser.add_argument("--dev-queries", type=int, default=150, help="in dev.jsonl")
    parser.add_argument("--products", type=int, default=6000)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for train.jsonl and dev.jsonl")
    options = parser.parse_args()
    products = [item.product for item in generate(options.products, options.seed)]
    synthesis = Synthesis(Lexicon.load("footwear"), products)
    by_split: dict[Split, Settings] = {
        "dev": Settings(options.dev_queries, candidates=20, seed=options.seed),
        "train": Settings(options.queries, candidates=10, seed=options.seed),
    }
    for of, settings in by_split.items():
        path = options.output / f"{of}.jsonl"
        made = 0
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            for one in synthesis.make(settings, of, without=kept_out()):
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in one.rows())
                made += 1
            if made < settings.queries:
                raise SystemExit(
                    f"{path}: only {made:,} of {settings.queries:,} queries can be made; give more products"
                )
        print(f"{path}: {made:,} queries")


if __name__ == "__main__":
    main()
