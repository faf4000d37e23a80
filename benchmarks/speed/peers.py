"""Hold one model in other libraries, and time what is asked for on stdin: run by measure.py in the peers' environment.

Reads a line of JSON for each turn, {"name", "query", "texts"}, and answers {"seconds"}. The first line that it writes
says which contenders there are, and which versions.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = sys.argv[2]

import torch
from flashrank import Ranker, RerankRequest
from sentence_transformers import CrossEncoder, export_dynamic_quantized_onnx_model

FLASHRANK = ("ms-marco-MiniLM-L-12-v2", "flashrank-MiniLM-L-12-v2_Q.onnx")
"""A name that FlashRank knows and the file that it then opens; what is in it is up to us."""
Contender = Callable[[str, list[str]], object]


def contenders(model: Path) -> dict[str, Contender]:
    """Open the model in each library; the folder is ours to write into."""
    found: dict[str, Contender] = {}
    onnx = CrossEncoder(str(model), backend="onnx", device="cpu", model_kwargs={"export": True})
    onnx.save_pretrained(str(model / "exported"))
    shutil.copyfile(model / "config.json", model / "exported" / "config.json")  # what it saves names no architecture
    export_dynamic_quantized_onnx_model(onnx, "avx2", str(model / "exported"))
    int8 = CrossEncoder(
        str(model / "exported"),
        backend="onnx",
        device="cpu",
        model_kwargs={"file_name": "onnx/model_quint8_avx2.onnx"},
    )
    for name, one in (("sentence-transformers onnx", onnx), ("sentence-transformers onnx int8", int8)):
        found[name] = lambda query, texts, one=one: one.predict([(query, text) for text in texts])
    found["flashrank"] = flashrank(model)
    return found


def flashrank(model: Path) -> Contender:
    """Lay the fp32 file out as FlashRank wants it."""
    name, file = FLASHRANK
    folder = model / "flashrank" / name
    shutil.copytree(model / "exported", folder, ignore=shutil.ignore_patterns("onnx"))
    shutil.copyfile(model / "exported" / "onnx" / "model.onnx", folder / file)
    special = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    (folder / "special_tokens_map.json").write_text(json.dumps(special), encoding="utf-8")
    ranker = Ranker(name, str(model / "flashrank"), log_level="ERROR")
    return lambda query, texts: ranker.rerank(RerankRequest(query, [{"text": text} for text in texts]))


def main() -> None:
    """Answer until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print is no answer
    torch.set_num_threads(int(sys.argv[2]))
    timed = contenders(Path(sys.argv[1]))
    packages = ("flashrank", "onnxruntime", "optimum-onnx", "sentence-transformers", "torch", "transformers")
    print(json.dumps([list(timed), {name: version(name) for name in packages}]), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        started = time.perf_counter()
        timed[asked["name"]](asked["query"], asked["texts"])
        print(json.dumps({"seconds": time.perf_counter() - started}), file=answers, flush=True)


if __name__ == "__main__":
    main()
