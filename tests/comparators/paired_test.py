import numpy as np
import pytest

from cellscreen.comparators.beside_table import beside_text
from cellscreen.comparators.levels import at_level
from cellscreen.comparators.paired import compare_methods
from cellscreen.comparators.verdict import verdict
from cellscreen.errors import ConfigError, DataError

CLASSES = ("nontoxic", "toxic")
LABELS = np.array([0, 1] * 30)


def figure(table, model, metric="auroc"):
    return table[(table["model"] == model) & (table["metric"] == metric)].iloc[0]


@pytest.fixture
def answers(make_answers):
    random = np.random.default_rng(0)
    right = 0.2 + 0.6 * LABELS
    return {
        "mid": [make_answers(right, LABELS)],
        "half": [make_answers(0.3 * LABELS + 0.5 * random.random(60), LABELS)],
        "chance": [make_answers(random.random(60), LABELS)],
    }


def test_figures_differences_and_their_intervals(answers):
    table = compare_methods(answers, CLASSES, "mid", draws=200)
    ours, chance = figure(table, "mid"), figure(table, "chance")
    assert (ours["value"], ours["low"], ours["high"]) == (1, 1, 1)
    assert np.isnan(ours["difference"])
    assert chance["low"] < 0.5 < chance["high"]
    assert chance["difference"] == pytest.approx(1 - chance["value"])
    # The reference is 1 in every draw, so the interval is the mirror of the method's own.
    assert chance["difference_low"] == pytest.approx(1 - chance["high"])
    assert chance["difference_high"] == pytest.approx(1 - chance["low"])
    assert (chance["rows"], chance["groups"], chance["repeats"]) == (60, 60, 1)


def test_a_method_beside_itself_differs_by_nothing(answers):
    twice = {"mid": answers["half"], "copy": answers["half"]}
    copy = figure(compare_methods(twice, CLASSES, "mid", draws=50), "copy")
    assert (copy["difference"], copy["difference_low"], copy["difference_high"]) == (0, 0, 0)


def test_whole_groups_are_drawn(make_answers):
    scores = np.random.default_rng(1).random(60)
    alone = {"mid": [make_answers(scores, LABELS)]}
    # Ten wells of a compound that all say the same are one thing seen ten times.
    groups = [f"g{number // 10 * 2 + number % 2}" for number in range(60)]
    level = dict(zip(dict.fromkeys(groups), scores, strict=False))
    same = make_answers([level[group] for group in groups], LABELS, groups)
    wide = figure(compare_methods({"mid": [same]}, CLASSES, "mid", draws=300), "mid")
    narrow = figure(compare_methods(alone, CLASSES, "mid", draws=300), "mid")
    assert wide["groups"] == 12
    assert wide["high"] - wide["low"] > 1.5 * (narrow["high"] - narrow["low"])


def test_repeats_are_averaged(answers):
    both = {"mid": [answers["mid"][0], answers["chance"][0]]}
    found = figure(compare_methods(both, CLASSES, "mid", draws=50), "mid")
    single = figure(compare_methods(answers, CLASSES, "mid", draws=50), "chance")
    assert found["value"] == pytest.approx((1 + single["value"]) / 2)
    assert found["repeats"] == 2


def test_rows_that_one_method_lacks_are_left_out_for_all(answers, caplog):
    answers["half"][0].loc[0, ["p_nontoxic", "p_toxic"]] = np.nan
    table = compare_methods(answers, CLASSES, "mid", draws=20)
    assert set(table["rows"]) == {59}
    assert "1 of 60 rows are not answered by every method" in caplog.text


def test_a_method_without_any_answer_costs_no_row(answers):
    answers["half"][0][["p_nontoxic", "p_toxic"]] = np.nan
    table = compare_methods(answers, CLASSES, "mid", draws=20)
    assert np.isnan(figure(table, "half")["value"])
    assert set(table["rows"]) == {60}


def test_methods_of_other_labels_are_refused(answers):
    answers["half"][0].loc[3, "label"] = 0
    with pytest.raises(DataError, match=r"one label and group a row; methods differ at P/3"):
        compare_methods(answers, CLASSES, "mid")
    with pytest.raises(DataError, match="Expected answers of best; got mid, half, chance"):
        compare_methods(answers, CLASSES, "best")


def test_a_net_above_all_earns_its_keep(answers):
    said = verdict(compare_methods(answers, CLASSES, "mid", draws=200), "mid")
    assert said.earns_keep
    assert said.headline == "mid earns its keep here: above every comparator."
    assert said.lines[1].startswith("mid is above chance (AUROC 0.")


def test_a_net_that_loses_is_said_to(answers):
    table = compare_methods(answers, CLASSES, "chance", draws=200)
    said = verdict(table, "chance")
    assert not said.earns_keep
    assert said.headline == "chance does not earn its keep here: not above mid, half."
    assert said.lines[0].startswith("chance loses to mid (AUROC 1.000; difference -0.")


def test_a_difference_that_may_be_nothing_is_no_win(answers):
    table = compare_methods({"mid": answers["half"], "copy": answers["half"]}, CLASSES, "mid")
    said = verdict(table, "mid")
    assert not said.earns_keep
    assert "cannot be told apart" in said.lines[0]


def test_scores_of_wells_are_averaged_to_treatments_and_compounds(make_answers):
    answers = make_answers([0.2, 0.4, 0.9, 0.7], [0, 0, 0, 1], ["a", "a", "a", "b"])
    manifest = answers[["key"]].assign(
        Metadata_pert_iname=["a", "a", "a", "b"],
        Metadata_concentration_um=["1.0", "1.0", "3.0", "1.0"],
    )
    assert at_level(answers, manifest, "field") is answers
    treatments = at_level(answers, manifest, "compound_dose")
    assert treatments["key"].tolist() == ["a@1.0", "a@3.0", "b@1.0"]
    assert treatments["p_toxic"].tolist() == pytest.approx([0.3, 0.9, 0.7])
    compounds = at_level(answers, manifest, "compound")
    assert compounds[["key", "group", "label"]].to_numpy().tolist() == [
        ["a", "a", 0],
        ["b", "b", 1],
    ]
    assert compounds["p_toxic"].tolist() == pytest.approx([0.5, 0.7])
    with pytest.raises(ConfigError, match=r"Expected a level of field, .*; got 'x'"):
        at_level(answers, manifest, "x")
    with pytest.raises(ConfigError, match="Expected a column Metadata_pert_iname to average"):
        at_level(answers, manifest[["key"]], "compound")


def test_fields_of_a_well_are_averaged(make_answers):
    answers = make_answers([0.2, 0.4, 0.9], [0, 0, 1], ["a", "a", "b"])
    wells = {"Metadata_Plate": "P", "Metadata_Well": ["A01", "A01", "A02"]}
    found = at_level(answers, answers[["key"]].assign(**wells), "well")
    assert found["key"].tolist() == ["P@A01", "P@A02"]
    assert found["p_toxic"].tolist() == pytest.approx([0.3, 0.9])


def test_methods_of_other_folds_are_refused(answers):
    answers["half"] = [answers["half"][0].assign(fold=LABELS)]
    with pytest.raises(DataError, match="on the same folds; half and mid differ"):
        compare_methods(answers, CLASSES, "mid")


def test_what_only_knows_its_fold_is_no_better_than_chance_within_folds(make_answers):
    # In fold 0 most are toxic and the model says so less: pooled it looks worse than chance.
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1])
    folds = np.repeat([0, 1], 6)
    scores = 0.4 + 0.2 * folds + np.tile([0.01, -0.01], 6)
    known = make_answers(scores, labels).assign(fold=folds)
    table = compare_methods({"mid": [known]}, CLASSES, "mid", draws=20)
    assert figure(table, "mid")["value"] == pytest.approx(12 / 36)
    assert figure(table, "mid", "auroc_within_folds")["value"] == 0.5


def test_the_text_says_verdict_levels_and_simulated(answers):
    table = compare_methods(answers, CLASSES, "mid", draws=50).assign(level="compound")
    text = beside_text(table, "mid", simulated=True)
    assert "SIMULATED images" in text
    assert "**mid earns its keep here: above every comparator.** (AUROC by compound.)" in text
    assert "## By compound" in text
    assert "| mid | 1.000 [1.000, 1.000] |" in text
