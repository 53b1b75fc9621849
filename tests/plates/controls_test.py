"""One vocabulary of controls; what a source leaves unsaid is a rule or an error."""

import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.plates.controls import ControlRules, control_types


def cells(**columns):
    return pd.DataFrame({f"Metadata_{name}": texts for name, texts in columns.items()})


def kinds(table, rules=None, map_name=""):
    made, faults = control_types(table, rules or ControlRules(), map_name)
    assert faults.tolist() == [""] * len(table)
    return made["Metadata_control_type"].tolist()


def fault(table, rules=None):
    (text,) = control_types(table, rules or ControlRules())[1]
    return text


def test_jump_vocabulary():
    table = cells(
        broad_sample=["a", "b", "c", "d", "e"],
        pert_type=["trt", "control", "control", "control", "control"],
        control_type=["NA", "negcon", "poscon_cp", "poscon_diverse", "poscon_orf"],
    )
    assert kinds(table) == ["trt", "negcon", "poscon", "poscon", "poscon"]


def test_original_words_are_kept():
    table = cells(control_type=["poscon_cp", "NA"], pert_iname=["x", "y"])
    made, _ = control_types(table, ControlRules())
    assert made["Metadata_control_word"].tolist() == ["poscon_cp", "NA"]
    assert made["Metadata_control_type"].tolist() == ["poscon", "trt"]


def test_pert_type_alone_may_say_all():
    table = cells(pert_iname=["x"] * 4, pert_type=["negcon", "poscon", "empty", "trt"])
    assert kinds(table) == ["negcon", "poscon", "empty", "trt"]


def test_case_and_spaces_of_words_do_not_matter():
    table = cells(control_type=["Negative Control", "POSCON", "positive-control", "Treated"])
    assert kinds(table) == ["negcon", "poscon", "poscon", "trt"]


@pytest.mark.parametrize("sample", ["", "NA", "nan"])
def test_empty_broad_sample_needs_a_rule(sample):
    table = cells(broad_sample=[sample], solvent=["DMSO"])
    assert fault(table) == (
        "No perturbation is named, and no rule says what that means "
        "(set empty_broad_sample_is to DMSO or to empty)"
    )
    assert kinds(table, ControlRules("DMSO")) == ["negcon"]
    assert kinds(table, ControlRules("empty")) == ["empty"]


def test_rule_names_the_vehicle():
    made, _ = control_types(
        cells(broad_sample=["", "b"], pert_iname=["", "x"]), ControlRules("DMSO")
    )
    assert made["Metadata_pert_iname"].tolist() == ["DMSO", "x"]
    made, _ = control_types(cells(broad_sample=[""]), ControlRules("empty"))
    assert made["Metadata_pert_iname"].tolist() == [""]


def test_empty_name_counts_where_there_is_no_broad_sample():
    assert kinds(cells(pert_iname=["x", ""]), ControlRules("empty")) == ["trt", "empty"]


def test_what_the_map_says_goes_before_the_rule():
    table = cells(pert_iname=["", ""], control_type=["empty", "negcon"])
    assert kinds(table, ControlRules("DMSO")) == ["empty", "negcon"]


def test_rule_of_some_maps_only():
    rules = ControlRules("DMSO", except_maps=(("*_orf_*", "empty"), ("*", "error")))
    table = cells(broad_sample=[""])
    assert kinds(table, rules, "JUMP-1_orf_map") == ["empty"]
    assert control_types(table, rules, "other")[1][0].startswith("No perturbation is named")


@pytest.mark.parametrize("name", ["DMSO", "dmso", "Vehicle", "untreated", "water", "Empty"])
def test_words_for_controls_among_names_need_a_rule(name):
    assert fault(cells(pert_iname=[name])) == (
        f"No rule says what {name!r} is (name it in negcon_names={name}, poscon_names={name} or "
        f"empty_names={name})"
    )


def test_names_of_controls():
    rules = ControlRules(
        negcon_names=("DMSO", "vehicle"), poscon_names=("Digoxin",), empty_names=("none",)
    )
    table = cells(pert_iname=["dmso", "Vehicle", "digoxin", "None", "ouabain"])
    assert kinds(table, rules) == ["negcon", "negcon", "poscon", "empty", "trt"]


def test_unknown_word_of_a_control():
    assert fault(cells(control_type=["dose_series"])) == (
        "The control word 'dose_series' is not known (say what it means, like "
        "control_words=dose_series=trt)"
    )
    assert kinds(
        cells(control_type=["dose_series"]), ControlRules(words=(("Dose series", "trt"),))
    ) == ["trt"]


def test_columns_that_contradict_each_other():
    table = cells(control_type=["negcon"], pert_type=["trt"])
    assert fault(table) == "control_type 'negcon' contradicts pert_type 'trt'"


def test_control_that_does_not_say_which():
    table = cells(control_type=["NA"], pert_type=["control"])
    assert fault(table) == "pert_type is 'control', but control_type does not say which"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"empty_broad_sample_is": "dmso"}, "empty_broad_sample_is to be error, DMSO, empty; got"),
        ({"except_maps": (("*", "x"),)}, "got 'x'"),
        ({"words": (("a", "negative"),)}, "the word 'a' to mean negcon, poscon, trt, empty; got"),
        ({"negcon_names": ("DMSO",), "empty_names": ("dmso",)}, r"got \['dmso'\] in two"),
    ],
)
def test_rules_that_cannot_be(fields, message):
    with pytest.raises(ConfigError, match=message):
        ControlRules(**fields)
