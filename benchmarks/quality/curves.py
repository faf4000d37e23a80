"""Gather what runs measured on generated dev as they trained: `curves.py runs/giay runs/giay-two runs/six`.

Writes results/curves.json: nDCG@10 by step, for each run.
"""

import argparse
import json
from pathlib import Path

from xephang.files import write_text

RESULT = Path(__file__).parent / "results" / "curves.json"


def main() -> None:
    """Read each run's metrics, and write them together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path)
    curves = {}
    for run in parser.parse_args().runs:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
        curves[run.name] = {line["step"]: line["eval_dev_ndcg@10"] for line in lines if "eval_dev_ndcg@10" in line}
    write_text(RESULT, json.dumps(curves, indent=1) + "\n")


if __name__ == "__main__":
    main()
