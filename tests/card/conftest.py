import pytest

from xephang.card import DatasetRecord, LossRecord, RunRecord, describe_dataset
from xephang.product import SEED

ROWS = [
    {"query": "giày chạy bộ nữ", "product": "Giày chạy bộ nữ đế êm | size 37", "label": 1},
    {"query": "giày chạy bộ nữ", "product": "Giày tây nam da bò | size 41", "label": 0},
    {"query": "dép đi biển", "product": "Dép sandal chống trượt | size 28", "label": 1},
    {"query": "dép đi biển", "product": "Ủng đi mưa trẻ em | size 30", "label": 0},
]


@pytest.fixture(scope="session")
def dataset() -> DatasetRecord:
    return describe_dataset("giày thử", ROWS, size=12_345, columns=["query", "product", "label"])


@pytest.fixture(scope="session")
def record(dataset: DatasetRecord) -> RunRecord:
    """A record with every field that has no default, and nothing else."""
    return RunRecord(
        name="Giày reranker",
        base_model="some-org/base-model",
        base_is_hub_id=True,
        max_length=256,
        template=SEED.to_dict(),
        dataset=dataset,
        loss=LossRecord("FitMixinLoss"),
        training_activation="identity on logits, inside BCEWithLogitsLoss",
        inference_activation="sigmoid",
    )
