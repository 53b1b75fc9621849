"""What the single sections say, checked on their HTML."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from cellscreen.judging.metrics import METRICS
from cellscreen.report.compounds import precision_table, ranked_compounds
from cellscreen.report.data import ReportData, read_report_data
from cellscreen.report.dose import correlation_drawing, dose_answer, dose_figures, figures_table
from cellscreen.report.glance import chosen_fields, data_at_a_glance, group_counts
from cellscreen.report.limits import limits, warnings
from cellscreen.report.net_drawings import training_curves
from cellscreen.report.nets import (
    against_baselines,
    comparison_table,
    confusion_counts,
    metrics_table,
    nets_results,
)
from cellscreen.report.page import render_page
from cellscreen.report.ranking import ranking_table
from cellscreen.report.runs import read_run
from cellscreen.report.setup import what_was_run
from cellscreen.report.summary import summary
from cellscreen.screening.hits import read_votes

MINUS = "\u2212"

TRUTH = pd.DataFrame(
    {
        "pert_iname": ["good", "idle", "poor", "single"],
        "kind": ["protects", "inactive", "inactive", "one_line"],
        "lines": ["AC16 H9C2", None, None, "AC16"],
    }
)


@pytest.fixture(scope="module")
def page(read_page):
    return lambda section: read_page(render_page("t", [section]))


@pytest.fixture(scope="module")
def run(run_folder):
    return read_run(run_folder())


@pytest.fixture(scope="module")
def nets(run, page):
    aucs = pd.DataFrame({"cell_line": ["AC16"], "hours": [48.0], "images": [96], "auc": [0.99]})
    return page(nets_results(ReportData(runs=(run,), oracle_aucs=aucs)))


@pytest.fixture(scope="module")
def votes(votes_folder):
    return read_votes(votes_folder())


@pytest.fixture(scope="module")
def compounds(votes, page):
    return page(ranked_compounds(ReportData(votes=votes)))


def test_nets_give_mean_spread_and_pooled_beside_baselines(nets):
    plain = nets.row("nets", "plain")
    assert plain[:3] == ["plain", "net", "0.800 ± 0.100 pooled 0.900 0.850 to 0.950"]
    majority = nets.row("nets", "majority class")
    assert majority[2:4] == ["0.500 ± 0.000 pooled 0.500 0.450 to 0.550", "undefined"]
    assert nets.row("nets", "well position")[1:] == ["baseline"] + ["undefined"] * len(METRICS)
    assert nets.row("nets", "Model")[-3:] == ["AUPRC", "MCC", "ECE"]
    words = "Above its baselines in accuracy and AUROC (undefined here: well position)."
    assert words in nets.text("nets")
    assert "nan" not in nets.text("nets").lower().split()


def test_a_fitted_temperature_and_figures_without_interval_are_shown(run):
    pooled = pd.DataFrame({"model": ["plain"], "fold": ["pooled"], "value": [0.125]})
    more = pooled.assign(metric="ece_after_temperature", low=np.nan, high=np.nan)
    metrics = pd.concat([run.metrics, more], ignore_index=True)
    table = metrics_table(dataclasses.replace(run, metrics=metrics))
    assert table.headings[-1] == "ECE\nafter temperature"
    assert [row[-1] for row in table.rows] == ["undefined\npooled 0.125", "undefined", "undefined"]


def test_oracle_stands_beside_the_nets(nets):
    assert nets.row("nets", "AC16") == ["AC16", "48", "96", "0.990"]


def test_confusion_matrix_is_counted_out_of_fold(run, nets):
    assert confusion_counts(run).tolist() == [[5, 1], [0, 6]]
    assert nets.row("nets", "truly normoxia") == ["truly normoxia", "5 (83 %)", "1 (17 %)", "6"]


def test_drawings_say_what_they_show(nets):
    labels = [attributes["aria-label"] for tag, attributes in nets.tags if tag == "svg"]
    assert len(labels) == 3
    assert "median score of truly normoxia 0.150; median score of truly hypoxia 0.850" in labels[1]
    assert "last loss: fold 0 0.200, fold 1 0.210, fold 2 0.220" in labels[2]


def test_curves_say_what_a_validation_part_is(run):
    assert "trained to its last epoch" in training_curves("net-1", run).caption
    histories = {k: history.assign(val_loss=0.5) for k, history in run.histories.items()}
    validated = training_curves("net-1", dataclasses.replace(run, histories=histories))
    assert "groups set apart" in validated.caption
    assert "last epoch" not in validated.caption


def test_a_net_below_a_baseline_is_marked_in_words(run, run_folder, page):
    below = read_run(run_folder("b", below_baseline=["edge_density (auroc 0.782, net 0.756)"]))
    words = "Not above baseline: edge density (AUROC 0.782, net 0.756)."
    assert against_baselines(below) == words
    assert [row[-1].partition(" ")[0] for row in comparison_table((run, below)).rows] == [
        "Above",
        "Not",
    ]
    text = page(summary(ReportData(runs=(below,)))).text("summary")
    assert words in text
    assert "F1 of plain, AC16 48 h; not above a baseline" in text


def test_an_untrained_net_has_no_curves(run):
    histories = {0: pd.DataFrame({"epoch": []}), 1: pd.DataFrame({"epoch": []})}
    assert training_curves("net-1", dataclasses.replace(run, histories=histories)) is None


def test_ranking_has_both_experts_both_rules_and_a_reason(votes, compounds):
    row, best = compounds.row("compounds", "good"), votes.table.iloc[0]
    assert row[0] == "1"
    assert row[2] == "● active"
    h9c2, ac16 = row[3:6], row[6:9]
    assert h9c2[0] == f"{best['H9C2_score']:.3f} {best['H9C2_control']:.3f}"
    difference = f"{best['AC16_difference']:+.3f} {best['AC16_low']:+.3f}, {best['AC16_high']:+.3f}"
    assert ac16[1] == difference.replace("-", MINUS)
    assert h9c2[2].endswith("5 (5)")
    assert row[-2:] == ["yes", "yes"]
    assert compounds.row("compounds", "idle")[-2:] == ["yes", "no"]
    assert compounds.row("compounds", "poor")[2] == "○ inactive"
    single = compounds.row("compounds", "single")
    assert single[2] == "– no vote: no images of H9C2 in hypoxia"
    assert single[3:6] == ["–"] * 3
    assert single[7].startswith(f"{MINUS}0.")
    assert single[7].endswith("undefined")
    assert "All at 10 µM." in compounds.text("compounds")
    assert "Truth" not in compounds.text("compounds")


def test_rules_stand_beside_each_other(compounds):
    rule = "Both scores below their control (paper's rule)"
    assert compounds.row("compounds", rule)[1:] == ["2", "67 %"]
    assert compounds.row("compounds", "q within 0.1 (Benjamini-Hochberg)")[1:] == ["1", "33 %"]
    assert "about a quarter of inactive compounds by chance" in compounds.text("compounds")
    assert [tag for tag, _ in compounds.tags].count("svg") == 3


def test_truth_is_a_column_and_a_count(votes):
    rows = {row[1]: row for row in ranking_table(votes, truth=TRUTH).rows}
    assert rows["good"][-1] == "protects\nboth lines"
    assert rows["single"][-1] == "one line\nAC16"
    assert rows["idle"][-1] == "inactive"
    counts = precision_table(ReportData(votes=votes, truth=TRUTH, oracle_votes=votes)).rows
    assert counts[0][2:] == ("2", "1", "1", "1", "0.50", "1.00")
    assert [row[0] for row in counts] == ["nets", "nets", "oracle", "oracle"]


def test_oracle_has_its_verdict_beside(votes, votes_folder):
    oracle = read_votes(votes_folder(better="other"))
    rows = {row[1]: row[-1] for row in ranking_table(votes, oracle).rows}
    assert rows["good"] == "not voted on"
    assert rows["idle"].replace("\xa0", " ") == "◐ paper rule only"


def test_doses_are_named_where_there_are_several(votes):
    table = votes.table.copy()
    table.loc[1, "concentration_um"] = 5.0
    rows = ranking_table(dataclasses.replace(votes, table=table)).rows
    assert [row[1] for row in rows] == ["good 10 µM", "idle 5 µM", "poor 10 µM", "single 10 µM"]


def test_summary_answers_in_plain_words(run, votes, page):
    text = page(summary(ReportData(runs=(run,), votes=votes))).text("summary")
    assert "1 of 3 treatments active by both rules" in text
    assert "1 of 3 is active: good, at 10 µM." in text
    assert "Active means lower than the control in H9C2 and AC16" in text
    assert "The paper's rule, which asks only for the first, keeps 2." in text
    assert "Can plain tell hypoxia from normoxia in images it was not trained on" in text
    assert "F1 0.800 ± 0.100, AUROC 0.800 ± 0.100 over 3 folds by well." in text
    told = ReportData(votes=votes, oracle_votes=votes, truth=TRUTH)
    text = page(summary(told)).text("summary")
    assert "Of 1 protectors hidden in the simulation this vote finds 1, with 0 false." in text
    assert "the oracle finds 1, with 0 false." in text


def test_no_active_compound_is_said(votes, page):
    verdicts = votes.table["verdict"].replace("active", "inactive")
    none = dataclasses.replace(votes, table=votes.table.assign(verdict=verdicts))
    text = page(summary(ReportData(votes=none))).text("summary")
    assert "None of 3 is active, at 10 µM." in text


def test_data_is_counted_by_group_and_shown(images_folder, page):
    folder = images_folder(control_type=["negcon", "negcon", "trt", "trt"])
    data = read_report_data(images=[folder])
    shown = page(data_at_a_glance(data))
    header, *rows = shown.tables[0][1]
    assert [text.strip() for text in header[:4]] == ["Cell line", "Hours", "Condition", "Role"]
    assert [[text.strip() for text in row] for row in rows] == [
        ["AC16", "48", "hypoxia", "compound", "2", "2", "1", "1"],
        ["AC16", "48", "normoxia", "negative control", "2", "2", "1", "1"],
    ]
    pictures = [attributes for tag, attributes in shown.tags if tag == "img"]
    assert [picture["alt"].partition(":")[0] for picture in pictures[:2]] == [
        "Field of AC16, 48 h, hypoxia, compound",
        "Edge map of the same field",
    ]
    assert len(pictures) == 4
    assert (pictures[0]["width"], pictures[0]["height"]) == ("90", "360")


def test_bare_table_is_one_group():
    table = pd.DataFrame(
        {"Metadata_Plate": "p", "Metadata_Well": ["A01", "A02"], "channel": "", "path": ["a", "b"]}
    )
    counts = group_counts(table)
    assert counts.to_dict("records") == [{"group": "all", "images": 2, "wells": 2, "plates": 1}]
    assert len(chosen_fields(table)) == 1


def test_fields_are_from_the_middle_of_the_times():
    table = pd.DataFrame({"Metadata_cell_line": "AC16", "Metadata_hours": [12.0, 48, 72]})
    assert list(chosen_fields(table)["Metadata_hours"]) == [48]


def test_dose_rows_are_listed_drawn_and_answered(page):
    doses = pd.DataFrame(
        {
            "model": ["net", "shuffled", "untrained"],
            "rho": [0.8, 0.1, None],
            "low": [0.7, -0.2, None],
            "high": [0.9, 0.4, None],
            "null": [0.3, 0.3, None],
            "auc": [1.0, 0.5, None],
        }
    )
    shown = page(dose_figures(ReportData(doses=doses)))
    header = [text.strip() for text in shown.tables[0][1][0]]
    assert header[:2] == ["Model", "Spearman ρ"]
    assert shown.row("dose", "net")[1:] == ["0.8", "0.7", "0.9", "0.3", "1"]
    assert shown.row("dose", "untrained")[1:] == ["undefined"] * 5
    assert "net 0.80; shuffled 0.10" in correlation_drawing(doses).svg
    assert dose_answer(doses).startswith("In 1 of 2 correlations")
    assert dose_answer(doses).endswith("1 are undefined.")


def test_other_figures_may_stand_among_correlations(page):
    doses = pd.DataFrame(
        {
            "model": ["net", "net", "untrained"],
            "figure": ["Spearman, LY294002", "control AUC", "control AUC"],
            "rho": [0.8, 0.99, None],
            "low": [0.7, None, None],
            "high": [0.9, None, None],
            "null": [0.3, None, None],
        }
    )
    table = figures_table(doses)
    assert table.headings == (
        "Model",
        "Figure",
        "Value",
        "95 % low",
        "95 % high",
        table.headings[5],
    )
    assert table.rows[0][2:] == ("0.8", "0.7", "0.9", "0.3")
    assert table.rows[1][2:] == ("0.99", "", "", "")
    assert table.rows[2][2:] == ("undefined",) * 4
    assert "net, Spearman, LY294002 0.80." in correlation_drawing(doses).svg
    assert dose_answer(doses).startswith("In 1 of 1 correlations")


def test_dose_rows_without_correlations_are_only_listed(page):
    doses = pd.DataFrame({"compound": ["LY294002"], "accuracy": [0.95], "note": [None]})
    assert correlation_drawing(doses) is None
    shown = page(dose_figures(ReportData(doses=doses)))
    assert shown.row("dose", "LY294002") == ["LY294002", "0.95", ""]
    assert dose_answer(doses) == "1 figure in the section on dose and controls."


def test_what_was_run_has_settings_versions_and_configs(run_folder, votes_folder, page):
    data = read_report_data(runs=[run_folder(seconds=61.4, n_scored_only=3)], votes=votes_folder())
    shown = page(what_was_run(data))
    assert shown.row("setup", "ac16") == [
        *("ac16", "hypoxia: hypoxia or normoxia", "plain", "AC16 48 h", "3 by well"),
        *("12 images of 6 groups 3 more images scored only", "61 s"),
    ]
    assert shown.row("setup", "tensorflow") == ["tensorflow", "2.21.0"]
    assert '"epochs": 3' in shown.text("setup")
    assert '"fdr": 0.1' in shown.text("setup")


def test_warnings_and_limits_are_those_of_the_parts(run, votes, page):
    data = ReportData(runs=(run,), votes=votes)
    text = page(warnings(data)).text("warnings")
    assert "ac16: Only 3 groups in the smaller class" in text
    assert "AC16: one well only for single (10 µM)" in text
    assert "Inactive is no proof of no effect" in page(limits(data)).text("limits")
    empty = ReportData()
    assert "No part warns of anything." in page(warnings(empty)).text("warnings")
    assert "no numbers to doubt" in page(limits(empty)).text("limits")
