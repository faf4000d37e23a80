"""Make the scripts of benchmarks/quality importable, as they are to one another when one of them is run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "quality"))
