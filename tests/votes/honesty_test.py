import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.votes.honesty import honesty_lines
from cellscreen.votes.standings import standing, standings, together

NAN = float("nan")
CHANCE = {"accuracy": 0.2, "macro_f1": 0.1}


def rows(split, model, *spans, n_groups=40, chance=CHANCE):
    """Rows of accuracy and macro-F1 with the intervals given; one interval is for both."""
    spans = spans * 2 if len(spans) == 1 else spans
    return [
        {
            "split": split,
            "model": model,
            "level": "image",
            "rule": "majority",
            "metric": metric,
            "value": np.mean(span),
            "low": span[0],
            "high": span[1],
            "chance": chance[metric],
            "n_groups": n_groups,
        }
        for metric, span in zip(("accuracy", "macro_f1"), spans, strict=True)
    ]


def lines(*parts, **options):
    """Lines by split of the only model."""
    found = honesty_lines(pd.DataFrame([row for part in parts for row in part]), **options)
    own = found[found["model"] != PLACE]
    assert own["model"].nunique() == 1
    return own.set_index("split")["line"]


BASE = (0.1, 0.15)
PLACE = "well_position"


def test_above_everything_with_position_predicting_the_label():
    found = lines(
        rows("well", "net", (0.6, 0.7)),
        rows("well", "majority_class", BASE),
        rows("well", PLACE, (0.3, 0.4)),
    )
    assert found["well"] == (
        "Above chance. Above the most frequent class and well position. Position alone predicts "
        "the label here, so this may be read from the place."
    )
    assert found["all"] == (
        "Above chance under well, but position alone predicts the label there too: the figures "
        "cannot say whether the model learned the compound or its place. Only a second layout, "
        "with the compounds in other wells, can tell the two apart."
    )


def test_position_learned_is_said_where_another_layout_shows_it():
    found = lines(
        rows("site", "net", (0.6, 0.7)),
        rows("well", "net", (0.5, 0.6)),
        rows("layout", "net", (0.05, 0.25)),
        rows("well", PLACE, (0.9, 1.0)),
        rows("layout", PLACE, (0.0, 0.1)),
    )
    assert "Leaky" in found["site"]
    assert found["well"].startswith("Above chance. Below well position.")
    assert found["layout"] == (
        "Cannot be told from chance; the intervals leave room for accuracy up to 0.250 and "
        "macro-F1 up to 0.250. Compounds lie in other wells than in training, so position cannot "
        "help."
    )
    assert found["all"] == (
        "Above chance under site and well, but on another layout not told from chance and lower "
        "(accuracy 0.150 [0.050, 0.250] after 0.550 [0.500, 0.600] and macro-F1 0.150 "
        "[0.050, 0.250] after 0.550 [0.500, 0.600] under well): the model learned the position, or "
        "what goes with it, and nothing of the compound that these intervals show."
    )


def test_an_interval_that_reaches_the_old_figure_decides_nothing():
    found = lines(
        rows("well", "net", (0.3, 0.5)),
        rows("layout", "net", (0.05, 0.45)),
    )
    assert "learned the position, or" not in found["all"]
    assert found["all"].endswith(
        "with intervals that reach what it had before (accuracy 0.250 [0.050, 0.450] and macro-F1 "
        "0.250 [0.050, 0.450]): too few wells to say whether it learned the compound or the "
        "position."
    )


def test_the_compound_is_read_only_above_every_baseline_on_another_layout():
    parts = [
        rows("well", "net", (0.6, 0.7)),
        rows("layout", "net", (0.5, 0.65)),
        rows("layout", "majority_class", BASE),
    ]
    good = lines(*parts, rows("layout", "cell_count", (0.1, 0.3)))
    assert good["all"] == (
        "Above chance on another layout too, where position cannot help, and above every "
        "baseline: the model reads the compound from the cells."
    )
    alike = lines(*parts, rows("layout", "cell_count", (0.4, 0.55)))
    assert alike["all"].endswith(
        "but not above the number of cells: it is not shown to read more than that."
    )
    undefined = lines(*parts, rows("layout", "cell_count", (NAN, NAN)))
    assert undefined["all"].endswith("the number of cells undefined there, so not ruled out.")
    alone = lines(parts[0], parts[1])
    assert "a simpler reading is not ruled out" in alone["all"]


def test_what_is_lost_on_another_layout_is_told_though_it_stays_above_chance():
    found = lines(
        rows("well", "net", (0.8, 0.9)),
        rows("layout", "net", (0.5, 0.65)),
        rows("layout", "majority_class", BASE),
    )
    assert "Lower there (accuracy 0.575" in found["all"]
    assert found["all"].endswith("that part was position, or goes with it.")


def test_figures_that_disagree_are_named():
    found = lines(
        rows("well", "net", (0.15, 0.25), (0.2, 0.3)),
        rows("well", PLACE, (0.12, 0.22), (0.01, 0.05)),
    )
    assert found["well"].startswith(
        "Above chance by macro-F1, not by accuracy. Beside well position: accuracy not told apart, "
        "macro-F1 above. "
    )


def test_what_carries_over_by_one_figure_is_judged_by_that_figure():
    parts = [rows("well", "net", (0.3, 0.5)), rows("layout", "net", (0.1, 0.3), (0.2, 0.3))]
    found = lines(*parts, rows("layout", "majority_class", (0.15, 0.25), (0.01, 0.05)))
    assert found["all"].startswith(
        "Above chance on another layout too by macro-F1, where position cannot help, and above "
        "every baseline: the model reads the compound"
    )
    beaten = lines(*parts, rows("layout", "majority_class", (0.01, 0.05), (0.2, 0.3)))
    assert "but not above the most frequent class" in beaten["all"]


def test_no_evidence_is_said_as_such():
    found = lines(
        rows("well", "net", (0.05, 0.3)), rows("layout", "net", (0.01, 0.15), (0.01, 0.2))
    )
    assert found["well"].startswith("Cannot be told from chance; the intervals leave room for acc")
    assert found["all"] == (
        "Not above chance under well or another layout: nothing was learned that these intervals "
        "show."
    )
    mixed = lines(rows("well", "net", (0.01, 0.05), (0.05, 0.2)))
    assert mixed["well"].startswith("Not above chance by any figure; the intervals leave room")
    below = lines(rows("well", "net", (0.01, 0.05)))
    assert below["well"] == "Below chance: a guess without looking does better."


def test_the_leaky_split_alone_shows_nothing():
    found = lines(rows("site", "net", (0.5, 0.6)), rows("well", "net", (0.05, 0.3)))
    assert found["all"] == (
        "Above chance under the leaky site split alone: nothing here holds for new wells, where "
        "it is not above chance."
    )
    assert "which were not asked" in lines(rows("site", "net", (0.5, 0.6)))["all"]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (rows("well", "net", (NAN, NAN)), "Undefined: no accuracy or macro-F1."),
        (
            rows("well", "net", (0.5, 0.6), n_groups=9),
            "Undefined: intervals over 9 groups carry no claim (10 are needed).",
        ),
        (
            rows("well", "net", (0.5, 0.6), chance=dict.fromkeys(CHANCE, NAN)),
            "Undefined: what chance gives is not known.",
        ),
    ],
)
def test_undefined_is_said_with_its_reason(part, text):
    found = lines(part)
    assert found["well"] == text
    assert found["all"] == "Undefined under every split: nothing follows."


def test_a_value_without_an_interval_claims_nothing():
    part = [row | {"low": NAN, "high": NAN} for row in rows("well", "net", (0.8, 0.9))]
    assert lines(part)["well"] == "Undefined: no interval."


def test_position_that_is_undefined_is_not_ruled_out():
    found = lines(rows("well", "net", (0.5, 0.6)), rows("well", PLACE, (NAN, NAN)))
    assert "Beside well position undefined: not ruled out." in found["well"]
    assert "What position alone predicts is undefined" in found["well"]
    assert "whether position alone would do is undefined" in found["all"]
    at_chance = lines(rows("well", "net", (0.5, 0.6)), rows("well", PLACE, (0.05, 0.25)))
    assert "Position alone cannot be told from chance here." in at_chance["well"]
    assert "it is not shown that place explains it, nor that it does not" in at_chance["all"]


def test_an_undefined_layout_decides_nothing():
    found = lines(rows("well", "net", (0.5, 0.6)), rows("layout", "net", (NAN, NAN)))
    assert found["all"].startswith("On another layout undefined")


def test_a_model_without_a_figure_at_this_level_is_undefined_not_forgotten():
    cells = [row | {"level": "cell", "rule": "none"} for row in rows("well", PLACE, (NAN, NAN))]
    found = lines(rows("well", "net", (0.5, 0.6)), cells)
    assert "Beside well position undefined: not ruled out." in found["well"]


def test_every_model_has_its_lines_and_of_the_baselines_the_position_has_one():
    table = pd.DataFrame(
        [
            *rows("well", "net", (0.5, 0.6)),
            *rows("well", "lightgbm", (0.1, 0.3)),
            *rows("well", PLACE, BASE),
        ]
    )
    found = honesty_lines(table)
    assert found[["model", "split", "standing"]].to_numpy().tolist() == [
        ["net", "well", "above"],
        ["net", "all", ""],
        ["lightgbm", "well", "not told apart"],
        ["lightgbm", "all", ""],
        [PLACE, "all", ""],
    ]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            [("well", (0.7, 0.8)), ("plate", (0.9, 1.0))],
            "Above chance under well and plate, at best accuracy 0.950 [0.900, 1.000] and macro-F1 "
            "0.950 [0.900, 1.000] under plate: there the label can be told without looking at a "
            "cell.",
        ),
        (
            [("well", (0.7, 0.8)), ("layout", (0.1, 0.3))],
            "Above chance under well, at best accuracy 0.750 [0.700, 0.800] and macro-F1 0.750 "
            "[0.700, 0.800] under well: there the label can be told without looking at a cell. "
            "Not on another layout.",
        ),
        (
            [("well", (0.1, 0.3)), ("plate", (NAN, NAN))],
            "Not above chance under well: the place is not shown to give the label away.",
        ),
        (
            [("well", (NAN, NAN))],
            "Undefined under every split: whether the place gives the label away is open.",
        ),
    ],
)
def test_what_the_position_alone_tells_is_said(parts, said):
    table = pd.DataFrame([row for split, span in parts for row in rows(split, PLACE, span)])
    found = honesty_lines(table)
    assert found[["model", "split", "line"]].to_numpy().tolist() == [[PLACE, "all", said]]


def test_standings_by_hand():
    table = pd.DataFrame([*rows("well", "net", (0.5, 0.6)), *rows("well", PLACE, (0.55, 0.7))])
    found = standings(table).set_index(["model", "metric", "against"])["standing"]
    assert found["net", "accuracy", "chance"] == "above"
    assert found["net", "accuracy", PLACE] == "not told apart"
    assert found[PLACE, "accuracy", "chance"] == "above"
    assert (PLACE, "accuracy", PLACE) not in found.index


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.3, 0.4, 0.3, 0.3), "not told apart"),
        ((0.31, 0.4, 0.1, 0.3), "above"),
        ((0.1, 0.2, 0.21, 0.3), "below"),
        ((0.1, NAN, 0.2, 0.3), "undefined"),
    ],
)
def test_intervals_that_touch_are_not_told_apart(numbers, said):
    assert standing(*numbers) == said


def test_figures_stand_together_only_where_they_agree():
    assert together(["above", "undefined"]) == "above"
    assert together(["above", "not told apart"]) == "depends on the figure"
    assert together(["undefined"]) == together([]) == "undefined"


def test_figures_of_single_folds_are_refused():
    table = pd.DataFrame(rows("well", "net", (0.5, 0.6)) * 2)
    with pytest.raises(DataError, match=r"one accuracy of net under the well split .*got several"):
        standings(table)


def test_a_level_that_is_not_there_is_told():
    table = pd.DataFrame(rows("well", "net", (0.5, 0.6)))
    with pytest.raises(DataError, match=r"rows of level cell, .* got levels image, rules majority"):
        honesty_lines(table, level="cell")
    with pytest.raises(DataError, match="columns low once"):
        standings(table.drop(columns="low"))


def test_without_chance_nothing_is_claimed():
    table = pd.DataFrame(rows("well", "net", (0.5, 0.6))).drop(columns=["chance", "n_groups"])
    assert honesty_lines(table)["line"].iloc[0] == "Undefined: what chance gives is not known."
