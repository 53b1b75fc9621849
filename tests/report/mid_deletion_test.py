import pandas as pd
import pytest

from cellscreen.report.mid_deletion import (
    called_right,
    deletion_answer,
    deletion_section,
    enrichment_section,
    summary_table,
)

SUMMARY = pd.DataFrame(
    {
        "share": [0.05, 0.1, 0.2, 0.5],
        "bags": 9,
        "groups": 3,
        "most": 0.3,
        "random": 0.1,
        "least": 0.05,
        "excess": [0.2, 0.2, -0.2, float("nan")],
        "low": [0.1, -0.1, -0.3, float("nan")],
        "high": [0.3, 0.3, -0.1, float("nan")],
        "fall_excess": 0.2,
        "fall_low": 0.1,
        "fall_high": 0.3,
        "verdict": ["more", "no difference shown", "less", "undefined"],
    }
)


def test_the_answer_says_what_came_out_for_each_share():
    assert deletion_answer(SUMMARY) == (
        "With 5\u00a0% of the cells removed, the answer moves more without the most attended cells "
        "than without random ones; with 20\u00a0% of the cells removed, it moves less without the "
        "most attended cells than without random ones; with 10\u00a0% of the cells removed, no "
        "difference to random cells is shown; with 50\u00a0% of the cells removed, there is no "
        "interval: bags of two groups are the least."
    )


def test_undefined_figures_are_written_in_words():
    table = summary_table(SUMMARY)

    assert table.rows[3][table.headings.index("95 % interval")] == "undefined to undefined"
    assert table.rows[0][table.headings.index("Most − random")] == "0.200"


def test_the_section_tests_the_toy_and_writes_its_tables(toy_explanation):
    asked = toy_explanation()
    section = deletion_section(asked)
    found = pd.read_csv(asked.output / "deletion.csv")

    assert "moves more without the most attended cells" in section.html
    assert found["share"].tolist() == [0.05, 0.1, 0.2, 0.5]
    assert found["simulated"].all()
    assert (found["verdict"] == "more").all()
    assert len(pd.read_csv(asked.output / "deletion_bags.csv")) == 72


def test_fewer_bags_are_told(toy_explanation):
    import dataclasses

    asked = toy_explanation()
    config = dataclasses.replace(asked.config, deletion_bags=5)
    section = deletion_section(dataclasses.replace(asked, config=config))

    assert "5 of 18 bags were asked" in section.html


def test_without_a_truth_of_cells_enrichment_is_left_out(toy_explanation):
    assert "--cell_truth" in enrichment_section(toy_explanation()).left_out


def test_attention_of_the_toy_is_in_its_affected_cells(toy_explanation, tmp_path):
    asked = toy_explanation(truth=tmp_path)
    for field in asked.fields.to_dict("records"):
        x, y = field["centres"].T
        truth = pd.DataFrame({"x_px": x, "y_px": y, "affected": field["affected"]})
        path = tmp_path / "cell_truth" / "P1" / f"{field['Metadata_Well']}_1.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        truth.to_csv(path, index=False)
    section = enrichment_section(asked)
    found = pd.read_csv(asked.output / "enrichment.csv").set_index(["measure", "bags_of"])

    assert section.simulated
    assert "144 of 144 explained cells have a true partner" in section.html
    all_bags = found.loc[("attention", "all bags")]
    assert (all_bags["bags"], all_bags["groups"], all_bags["auc"]) == (4, 2, 1.0)
    assert all_bags["enrichment"] == pytest.approx(8 / 3)


def test_only_bags_of_known_class_are_right_or_wrong(toy_explanation):
    right = called_right(toy_explanation())

    # A and B are called toxic at the high dose only; C is safe, D labelled toxic and called safe.
    assert right.index.tolist() == list(range(16))
    assert right.tolist() == [False, False, True, True] * 2 + [True] * 4 + [False] * 4
