"""From a record to the text of README.md."""

from collections.abc import Sequence

from xephang.calibration import Calibration
from xephang.card import citations
from xephang.card.details import heading, model_details
from xephang.card.evaluation import evaluation, limits
from xephang.card.metadata import metadata
from xephang.card.record import RunRecord
from xephang.card.training import training_details
from xephang.card.usage import Opens, usage
from xephang.card.wording import AUTHORS, CONTACT, GLOSSARY
from xephang.markdown import escape, fence
from xephang.text import without_surrogates


def render(
    record: RunRecord,
    *,
    artefacts: Sequence[str] = (),
    opens: Opens = "anywhere",
    calibration: Calibration | None = None,
) -> str:
    """Return a model's card: the same text for the same record, on any machine.

    :param artefacts: exported files, relative to the model's folder.
    :param opens: what can open the folder, and so what code the card shows.
    :param calibration: what makes its scores, where the folder carries one.
    """
    sections = [
        f"---\n{metadata(record).to_yaml()}\n---",
        heading(record),
        model_details(record, artefacts, calibration),
        usage(record, opens),
        evaluation(record),
        limits(record),
        training_details(record),
        _citation(record),
        "## Glossary\n\n" + "\n".join(f"- **{term}**: {meaning}" for term, meaning in GLOSSARY),
        f"## Model Card Authors\n\n{(record.authors or AUTHORS).strip()}",
        f"## Model Card Contact\n\n{(record.contact or CONTACT).strip()}",
    ]
    return without_surrogates("\n\n".join(sections)) + "\n"


def _citation(record: RunRecord) -> str:
    papers = {
        "Sentence Transformers": citations.SENTENCE_TRANSFORMERS,
        **citations.for_loss(record.loss.name),
    }
    entries = [f"#### {escape(title)}\n{fence(entry, 'bibtex')}" for title, entry in papers.items()]
    return "\n\n".join(["## Citation\n\n### BibTeX", *entries])
