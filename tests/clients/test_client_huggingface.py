"""huggingface_hub's InferenceClient, of which docs/clients.md says that it can not rerank."""

from huggingface_hub import InferenceClient


def test_there_is_no_call_for_reranking():
    assert [name for name in dir(InferenceClient) if "rank" in name] == []
