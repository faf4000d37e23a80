from dataclasses import replace

from xephang.card import MetricsRecord, render


def evaluation(card):
    return card.split("\n## Evaluation\n", 1)[1].split("\n## ", 1)[0]


def test_a_model_that_was_not_measured_says_so_plainly(record):
    text = evaluation(render(record))
    assert text.strip().startswith("Not measured.")
    assert "|" not in text


def test_figures_stand_in_one_table_a_measurement(record):
    measured = record.with_metrics(
        MetricsRecord("Held-out queries", "giày thử", {"nDCG@10": 0.71254, "P@5": "0.40 ± 0.05"}, "100 queries.")
    ).with_metrics(MetricsRecord("int8", "", {"nDCG@10": 0.7}))
    assert evaluation(render(measured)).strip().splitlines() == [
        "### Metrics",
        "",
        "#### Held-out queries",
        "",
        "* Dataset: giày thử",
        "",
        "100 queries.",
        "",
        "| Metric  | Value       |",
        "|:--------|:------------|",
        "| nDCG@10 | 0.7125      |",
        "| P@5     | 0.40 ± 0.05 |",
        "",
        "#### int8",
        "",
        "* Dataset: unnamed",
        "",
        "| Metric  | Value  |",
        "|:--------|:-------|",
        "| nDCG@10 | 0.7000 |",
    ]


def test_a_measurement_without_figures_says_so(record):
    assert "Not measured." in evaluation(render(record.with_metrics(MetricsRecord("Empty", "d", {}))))


def test_limits_and_recommendations_can_be_the_authors_own(record):
    usual = render(record)
    assert "bán, bàn and bạn" in usual
    own = render(replace(record, limits="Chưa thử với dép.", recommendations="Thử với dép."))
    assert "## Bias, Risks and Limitations\n\nChưa thử với dép.\n\n### Recommendations\n\nThử với dép.\n" in own
    assert "bán, bàn and bạn" not in own
