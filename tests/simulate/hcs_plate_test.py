import dataclasses
import math

import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.simulate.hcs_compounds import hcs_compounds, positive_control
from cellscreen.simulate.hcs_config import (
    CARDIOTOX,
    CELL_PAINTING,
    CONFIGS,
    TRANSLOCATION,
    HcsConfig,
)
from cellscreen.simulate.hcs_effects import AXES, EFFECTS, Change, Effects
from cellscreen.simulate.hcs_nuisance import nuisance
from cellscreen.simulate.hcs_plate import HcsField, doses_um, hcs_fields, hcs_wells

PAINTING = CONFIGS[CELL_PAINTING]


def test_the_committed_effects_are_those_of_the_day_they_were_committed():
    """A change here moves the goal of every method that was compared on these plates."""
    assert Effects() == EFFECTS
    assert (EFFECTS.depolarizer.mito, EFFECTS.oxidant.ros) == (-1.10, 1.00)
    assert (EFFECTS.contractor.cell_area, EFFECTS.contractor.rounding) == (-0.45, 0.55)
    assert (EFFECTS.strong, EFFECTS.weak, EFFECTS.weak_size) == (0.30, 0.30, 0.5)
    assert EFFECTS.translocated == Change(reporter=2.2)
    fractions = {kind: config.affected_fraction for kind, config in CONFIGS.items()}
    assert fractions == {CARDIOTOX: 0.20, CELL_PAINTING: 0.6, TRANSLOCATION: 0.9}


def test_the_cardiotoxicity_plates_have_the_papers_numbers():
    wells = [well for well in hcs_wells(HcsConfig()) if well.control_type == "trt"]
    assert len(wells) == 100 * 6 * 3
    toxic = {well.compound.pert_iname for well in wells if well.compound.active}
    assert len(toxic) == 47
    assert doses_um(HcsConfig()) == [10.0, 3.33, 1.11, 0.37, 0.123, 0.0412]


def test_the_paintings_share_one_map_with_64_dmso_wells():
    wells = hcs_wells(PAINTING)
    assert {well.plate_map for well in wells} == {"SIM-painting-s0-L1-M1"}
    plates = {well.plate for well in wells}
    assert len(plates) == 3
    for plate in plates:
        of_plate = [well for well in wells if well.plate == plate]
        assert len(of_plate) == len({well.well for well in of_plate}) == 384
        assert sum(well.control_type == "negcon" for well in of_plate) == 64


def test_a_second_layout_deals_the_same_wells_to_other_positions():
    wells = hcs_wells(dataclasses.replace(PAINTING, layouts=2, plates=1))
    first, second = ([w for w in wells if f"-L{layout}-" in w.plate] for layout in (1, 2))
    where = [
        {w.compound.pert_iname: w.well for w in half if w.compound} for half in (first, second)
    ]
    assert where[0].keys() == where[1].keys()
    moved = [where[0][name] != where[1][name] for name in where[0]]
    assert np.mean(moved) > 0.95


def test_wells_of_many_doses_fill_as_few_maps_as_hold_them():
    wells = hcs_wells(HcsConfig())
    maps = {well.plate_map for well in wells}
    assert len(maps) == math.ceil(1800 / (384 - 32)) == 6
    for plate_map in maps:
        of_map = [well for well in wells if well.plate_map == plate_map]
        assert sum(well.control_type == "negcon" for well in of_map) == 24
        assert sum(well.control_type == "poscon" for well in of_map) == 8
        assert len(of_map) <= 384


def test_fields_count_from_zero_and_have_keys():
    fields = list(hcs_fields(HcsConfig(compounds=1, doses=1, replicates=1, sites=2)))
    assert [field.number for field in fields] == list(range(len(fields)))
    assert fields[1].key == f"{fields[0].well.plate}/{fields[0].well.well}/2"


def test_the_affected_fraction_is_a_hill_curve():
    compound = next(made for made in hcs_compounds(HcsConfig()) if made.active)
    assert compound.affected_fraction(compound.ec50_um) == pytest.approx(0.10)
    assert compound.affected_fraction(1e9) == pytest.approx(0.20)
    doses = [compound.affected_fraction(dose) for dose in doses_um(HcsConfig())]
    assert doses == sorted(doses, reverse=True)
    assert positive_control(HcsConfig()).affected_fraction(10.0) > 0.19


def test_inactive_compounds_and_dmso_affect_nothing():
    for well in hcs_wells(HcsConfig()):
        if well.compound is None or not well.compound.active:
            assert well.affected_fraction == 0.0


def test_no_effect_leaves_names_labels_and_places():
    null = HcsConfig(affected_fraction=0.0)
    assert all(well.affected_fraction == 0 for well in hcs_wells(null))
    labels = [(made.pert_iname, made.active) for made in hcs_compounds(HcsConfig())]
    assert [(made.pert_iname, made.active) for made in hcs_compounds(null)] == labels


def test_compounds_of_a_target_point_one_way():
    config = dataclasses.replace(PAINTING, compounds=60)
    strong = [made for made in hcs_compounds(config) if made.effect == "strong" and made.target]
    same, other = [], []
    for first in strong:
        for second in strong:
            if first.pert_iname < second.pert_iname and "|" not in first.target + second.target:
                cosine = _cosine(first.change, second.change)
                (same if first.target == second.target else other).append(cosine)
    assert np.mean(same) > 0.8
    assert abs(np.mean(other)) < 0.2


def test_strengths_are_strong_weak_and_none():
    made = hcs_compounds(dataclasses.replace(PAINTING, compounds=100))
    effects = [compound.effect for compound in made]
    assert [effects.count(word) for word in ("strong", "weak", "none")] == [30, 30, 40]
    lengths = {
        word: np.mean([np.linalg.norm(c.change) for c in made if c.effect == word])
        for word in ("strong", "weak", "none")
    }
    assert lengths["none"] == 0
    assert lengths["weak"] == pytest.approx(lengths["strong"] / 2, rel=0.25)
    assert any("|" in compound.target for compound in made)
    assert any(compound.target == "" for compound in made)


def test_keys_look_like_inchikeys_and_say_that_they_are_simulated():
    keys = {compound.inchikey for compound in hcs_compounds(HcsConfig())}
    assert len(keys) == 100
    assert all(key[:3] == "SIM" and key[14:] == "-SIMULATEDX-N" for key in keys)


def test_a_position_does_the_same_on_every_plate():
    config = dataclasses.replace(
        PAINTING, batch_sd=0, well_sd=0, field_sd=0, batch_density_sd=0, compounds=320, layouts=2
    )
    config = dataclasses.replace(config, well_density_sd=0, field_density_sd=0)
    gains = {}
    for well in hcs_wells(config):
        gains.setdefault(well.well, []).append(nuisance(config, HcsField(well, 1, 0)).gains)
    for found in gains.values():
        np.testing.assert_allclose(found, [found[0]] * len(found))
    corner, middle = gains["A01"][0], gains["H12"][0]
    assert not np.allclose(corner, middle)


def test_axes_have_one_order():
    assert AXES[7] == "mito"
    assert Change(mito=2.0).array()[7] == 2.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"affected_fraction": 1.5}, "Expected affected_fraction from 0 to 1, got 1.5"),
        ({"plate_wells": 100}, "Expected plate_wells of 96, 384 or 1536, got 100"),
        ({"bit_depth": 8}, "Expected bit_depth 12 or 16, got 8"),
        ({"doses": 0}, "Expected doses of at least 1, got 0"),
        ({"control_wells": -1}, "Expected control_wells of 0 or more, got -1"),
        ({"control_wells": 380, "poscon_wells": 4}, "fewer control wells than the 384"),
        ({"size_px": 8}, "Expected size_px from 32 to 4096, got 8"),
    ],
)
def test_a_config_that_cannot_work_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        HcsConfig(**values)


def test_more_than_999_maps_are_refused():
    with pytest.raises(ConfigError, match="at most 999 plate maps, got 1000"):
        hcs_wells(
            HcsConfig(compounds=1000, doses=64, replicates=1, control_wells=320, poscon_wells=0)
        )


def _cosine(first, second):
    return np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second))
