"""Concentrations to µM: the unit is found where it stands, and never guessed."""

import math

import pytest

from cellscreen.errors import ConfigError
from cellscreen.plates.units import (
    MissingUnit,
    check_unit,
    header_unit,
    names_unit,
    to_um,
    unit_of,
)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("nM", "nM"), ("\u00b5M", "uM"), ("\u03bcM", "uM"), ("uM", "uM"), (" mM ", "mM"), ("M", "M")],
)
def test_units_with_both_micro_signs(text, unit):
    assert unit_of(text) == unit


@pytest.mark.parametrize("text", ["nm", "mm", "m", "UM", "pM", "mg/ml", "", "µ"])
def test_other_units_and_cases_are_refused(text):
    with pytest.raises(ValueError, match=r"nM, µM, uM, mM or M \(capital M"):
        unit_of(text)


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("concentration_um", "uM"),
        ("Metadata_concentration_um", "uM"),
        ("Concentration_uM", "uM"),
        ("concentration_nM", "nM"),
        ("dose (µM)", "uM"),
        ("Dose [mM]", "mM"),
        ("conc. (M)", "M"),
        ("conc nM", "nM"),
        ("dose", ""),
        ("Concentration", ""),
        ("dose_index", None),
        ("dose response group", None),
        ("solvent", None),
        ("mmoles_per_liter", None),
        ("predose (nM)", None),
    ],
)
def test_unit_in_a_header(header, unit):
    assert header_unit(header) == unit


@pytest.mark.parametrize("header", ["dose_nm", "dose (mg/ml)", "concentration_mg_ml", "dose (%)"])
def test_header_with_a_unit_that_is_not_known(header):
    with pytest.raises(ValueError, match="nM, µM, uM, mM or M"):
        header_unit(header)


@pytest.mark.parametrize(
    ("text", "places", "um"),
    [
        ("250", {"header": "nM"}, 0.25),
        ("0.98", {"column": "nM"}, 0.00098),
        ("10 µM", {}, 10.0),
        ("10uM", {}, 10.0),
        ("2 mM", {}, 2000.0),
        ("1e-6 M", {}, 1.0),
        ("1e-6", {"header": "M"}, 1.0),
        (".5", {"header": "uM", "column": "µM"}, 0.5),
        ("5 nM", {"header": "nM"}, 0.005),
        ("0", {}, 0.0),
        ("0,5", {"header": "uM", "decimal_comma": True}, 0.5),
    ],
)
def test_concentration_to_um(text, places, um):
    assert to_um(text, **places) == pytest.approx(um, rel=1e-12)


@pytest.mark.parametrize("text", ["", " ", "NA", "nan"])
def test_missing_concentration_is_nan(text):
    assert math.isnan(to_um(text, header="nM"))


def test_missing_unit_is_an_error_of_its_own():
    with pytest.raises(MissingUnit, match="with a unit"):
        to_um("10")


@pytest.mark.parametrize("text", ["-1", "DMSO", "1e999", "0,5", "1 2", "10;5", "inf", "+-1"])
def test_what_is_no_concentration(text):
    with pytest.raises(ValueError) as caught:
        to_um(text, header="nM")
    assert not isinstance(caught.value, MissingUnit)


def test_places_that_contradict_each_other():
    with pytest.raises(ValueError, match=r"of one unit \(its places say nM and uM\)"):
        to_um("10 nM", header="uM")
    with pytest.raises(ValueError, match="of one unit"):
        to_um("10", header="uM", column="mM")


def test_zero_with_a_wrong_unit_is_still_wrong():
    with pytest.raises(ValueError, match="capital M"):
        to_um("0 nm")


def test_whether_a_cell_names_a_unit():
    assert [names_unit(text) for text in ("10 nM", "10", "1e-3", "DMSO", "0,5 M")] == [
        *(True, False, False, False, True)
    ]


def test_unit_of_a_flag():
    assert check_unit("") == ""
    assert check_unit("µM") == "uM"
    with pytest.raises(ConfigError, match=r"Expected the unit to be nM.*got 'um'"):
        check_unit("um")
