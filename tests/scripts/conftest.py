"""Make the scripts importable, as they are to one another when one of them is run."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"

sys.path.insert(0, str(SCRIPTS))
