"""Tell whether two models, wherever they were opened, give the same scores."""

import hashlib
import json

from xephang.files import sha256
from xephang.reranker import Reranker


def fingerprint(reranker: Reranker) -> str:
    """Return the SHA-256 of all that a model's scores depend on, its files as they are now."""
    folder = reranker.folder
    manifest = json.loads(folder.manifest.to_json())
    kept = [manifest.get(name) for name in ("normaliser", "template", "calibration")]
    said = json.dumps([kept, folder.max_length, reranker.activation, reranker.engine.name], sort_keys=True)
    files = (folder.path / "tokenizer.json", folder.path / "config.json", *reranker.engine.files)
    return hashlib.sha256("\n".join([*map(sha256, files), said]).encode()).hexdigest()
