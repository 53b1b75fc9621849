import dataclasses
import math

import pytest

from cellscreen.errors import ConfigError
from cellscreen.simulate.compounds import Compound, compounds, truth_table
from cellscreen.simulate.config import AC16, SCREEN, CultureConfig
from cellscreen.simulate.layout import fields, images_table

SCREENED = images_table(fields(CultureConfig(kind=SCREEN)))


def test_cultures_fill_a_plate_for_each_line_time_and_condition():
    table = images_table(fields(CultureConfig()))
    plates = table.groupby(["batch", "cell_line", "hours", "condition"])["plate"].unique()
    assert len(plates) == 2 * (5 + 3)
    assert (plates.map(len) == 1).all()
    ac16 = table[table["cell_line"] == "AC16"]
    assert set(ac16["hours"]) == {12, 24, 36, 48, 72}
    assert [*ac16["well"].unique()][:5] == ["A01", "A02", "A03", "A04", "B01"]
    assert ac16["well"].max() == "C04"
    h9c2 = table[table["cell_line"] == "H9C2"]
    assert set(h9c2["hours"]) == {24, 36, 48}
    assert [*h9c2["well"].unique()] == [f"dish-{number:02d}" for number in range(1, 13)]


def test_every_compound_has_five_images_in_three_wells_of_each_line():
    treated = SCREENED[SCREENED["control_type"] == "trt"]
    assert treated["pert_iname"].nunique() == 40
    for _, rows in treated.groupby(["pert_iname", "cell_line"]):
        assert sorted(rows.groupby(["plate", "well"]).size()) == [1, 2, 2]
        assert set(rows["concentration_um"]) == {10.0}


def test_a_batch_has_24_vehicle_wells_of_each_line_spread_over_its_plates():
    control = SCREENED[SCREENED["control_type"] == "negcon"]
    assert set(control["pert_iname"]) == {"DMSO"}
    assert set(SCREENED["condition"]) == {"hypoxia"}
    for _, rows in control.groupby(["batch", "cell_line"]):
        assert set(rows.groupby(["plate", "well"]).size()) == {2}
        assert len(rows) == 48
    ac16 = control[control["cell_line"] == "AC16"]
    assert set(ac16.groupby("plate")["well"].nunique()) == {2}
    assert ac16["well"].nunique() > 6


def test_no_image_is_listed_twice_and_hours_are_the_lines_own():
    assert not SCREENED.duplicated(["plate", "well", "site"]).any()
    assert set(SCREENED.loc[SCREENED["cell_line"] == "AC16", "hours"]) == {48}
    assert set(SCREENED.loc[SCREENED["cell_line"] == "H9C2", "hours"]) == {36}


def test_doses_multiply_the_wells_and_batches_the_plates():
    config = CultureConfig(kind=SCREEN, batches=2, concentrations_um=(1.0, 10.0), lines=(AC16,))
    table = images_table(fields(config))
    assert set(table["batch"]) == {"screen-1", "screen-2"}
    treated = table[table["control_type"] == "trt"]
    assert set(treated.groupby(["batch", "pert_iname", "concentration_um"]).size()) == {5}
    assert table.groupby("plate")["well"].nunique().max() == 12


def test_images_csv_is_simulated_and_hides_the_truth():
    assert SCREENED["simulated"].all()
    hidden = {"protection", "toxic", "kind", "ec50_um", "place", "places"}
    assert not hidden & set(SCREENED.columns)


def test_names_do_not_tell_the_kind():
    truth = truth_table(CultureConfig(kind=SCREEN))
    assert list(truth["pert_iname"]) == [f"compound-{number:02d}" for number in range(1, 41)]
    counts = truth["kind"].value_counts()
    assert dict(counts) == {"inactive": 25, "protects": 8, "toxic": 4, "one_line": 3}
    assert list(truth["kind"]) != sorted(truth["kind"])
    other = truth_table(CultureConfig(kind=SCREEN, seed=1))
    assert list(truth["kind"]) != list(other["kind"])


def test_protection_is_a_hill_curve_in_the_protected_lines_only():
    compound = Compound("c", "one_line", ("AC16",), ec50_um=5.0, hill=1.0, top=0.8)
    assert compound.protection("AC16", 5.0) == pytest.approx(0.4)
    assert compound.protection("AC16", 15.0) == pytest.approx(0.6)
    assert compound.protection("H9C2", 5.0) == 0


def test_only_protectors_have_an_ec50():
    for compound in compounds(CultureConfig(kind=SCREEN)):
        assert math.isnan(compound.ec50_um) == (compound.kind in ("inactive", "toxic"))
        assert len(compound.lines) == {"protects": 2, "one_line": 1}.get(compound.kind, 0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "plates"}, "Expected kind 'cultures' or 'screen', got 'plates'"),
        ({"difficulty": 0.0}, "Expected difficulty above 0"),
        ({"difficulty": math.nan}, "Expected difficulty above 0"),
        ({"toxic": -1}, "no negative number of compounds"),
        ({"wells": 13}, "Expected 1 to 12 wells, got 13"),
        ({"compounds": 10}, "Expected at least 15 compounds .*got 10.* Raise --compounds"),
        ({"concentrations_um": (0.0,)}, "Expected concentrations above 0"),
        ({"concentrations_um": (math.nan,)}, "Expected concentrations above 0"),
        ({"sites": 0}, "Expected sites of at least 1, got 0"),
        ({"lines": ()}, "Expected a cell line imaged at one of the chosen hours"),
        ({"sites_of_wells": ()}, "Expected sites_of_wells of at least 1 each"),
    ],
)
def test_a_config_that_cannot_work_is_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        CultureConfig(**wrong)


def test_the_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CultureConfig().seed = 1
