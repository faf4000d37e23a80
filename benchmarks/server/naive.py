"""What one writes in an afternoon: a model behind FastAPI, one request after the other.

    python benchmarks/server/naive.py FOLDER PORT

The newest sentence-transformers, its own batches of 32 sorted by length, all cores; a lock, because a model that two
threads run at once does not get faster and takes twice the memory. Requests that wait do so in the framework's threads.
"""

import sys
from threading import Lock
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import CrossEncoder


class Asked(BaseModel):
    """A query and its candidates."""

    query: str
    documents: list[str]


def create(folder: str) -> FastAPI:
    """Open the model and return the application."""
    model, lock, app = CrossEncoder(folder, device="cpu"), Lock(), FastAPI()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {}

    @app.post("/rerank")
    def rerank(asked: Asked) -> dict[str, Any]:
        with lock:
            scores = model.predict([(asked.query, document) for document in asked.documents], show_progress_bar=False)
        order = sorted(range(len(scores)), key=lambda i: -scores[i])
        return {"results": [{"index": i, "relevance_score": float(scores[i])} for i in order]}

    return app


if __name__ == "__main__":
    uvicorn.run(create(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
