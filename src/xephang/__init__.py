"""A reranker for Vietnamese online shops."""

__version__ = "0.1.0"
