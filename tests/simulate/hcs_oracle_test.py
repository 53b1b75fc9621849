"""The effect is in the pixels where it must be, and absent where it must be."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from cellscreen.simulate.hcs_config import CARDIOTOX, CELL_PAINTING, CONFIGS, TRANSLOCATION
from cellscreen.simulate.hcs_oracle import effect_of_cells, measure_cells, well_effect
from cellscreen.simulate.hcs_plate import doses_um, hcs_fields


def _small(kind, **values):
    given = {"size_px": 128, "control_wells": 0, "poscon_wells": 0} | values
    return dataclasses.replace(CONFIGS[kind], **given)


def _compound_effects(config):
    """Mean effect of each compound's wells, and whether it is active."""
    rows = [
        (field.well.compound.pert_iname, field.well.compound.active, well_effect(config, [field]))
        for field in hcs_fields(config)
    ]
    table = pd.DataFrame(rows, columns=["compound", "active", "effect"])
    return table.groupby("compound").mean()


def test_toxic_compounds_stand_out_where_many_cells_are_affected():
    found = _compound_effects(
        _small(CARDIOTOX, compounds=30, doses=1, replicates=4, affected_fraction=0.6)
    )
    assert roc_auc_score(found["active"] > 0, found["effect"]) > 0.9


def test_no_effect_means_that_nothing_separates_the_labels():
    null = _small(CARDIOTOX, compounds=30, doses=1, replicates=4, affected_fraction=0.0)
    scores = [_compound_effects(dataclasses.replace(null, seed=seed)) for seed in (0, 1, 2)]
    aucs = [roc_auc_score(found["active"] > 0, found["effect"]) for found in scores]
    assert abs(np.mean(aucs) - 0.5) < 0.15


def test_affected_cells_differ_and_their_neighbours_do_not():
    config = _small(CARDIOTOX, compounds=6, doses=1, replicates=3, size_px=192)
    fields = [field for field in hcs_fields(config) if field.well.compound.active]
    null = dataclasses.replace(config, affected_fraction=0.0)
    untouched = list(hcs_fields(null))
    parts, same = [], []
    for field in fields:
        cells = measure_cells(config, field)
        parts.append(cells.assign(effect=effect_of_cells(config, cells, field.well)))
        same.append(measure_cells(null, untouched[field.number]))
    table = pd.concat(parts)
    means = table.groupby("affected")["effect"].mean()
    assert means[True] - means[False] > 0.8
    before = pd.concat(
        effect_of_cells(null, cells, field.well) for cells, field in zip(same, fields, strict=True)
    )
    assert means[False] == pytest.approx(before.mean(), abs=0.1)


def test_the_effect_grows_with_the_dose():
    config = _small(
        CARDIOTOX, compounds=2, doses=4, replicates=3, affected_fraction=1.0, size_px=160
    )
    rows = [
        (field.well.concentration_um, well_effect(config, [field]))
        for field in hcs_fields(config)
        if field.well.compound.active
    ]
    means = pd.DataFrame(rows, columns=["dose", "effect"]).groupby("dose")["effect"].mean()
    assert means[max(doses_um(config))] - means[min(doses_um(config))] > 0.4


def test_strong_phenotypes_are_larger_than_weak_ones_and_none_is_none():
    config = _small(CELL_PAINTING, compounds=20, plates=1, control_wells=8, size_px=224)
    fields = list(hcs_fields(config))
    measured = {field.key: measure_cells(config, field) for field in fields}
    vehicle = [field for field in fields if field.well.control_type == "negcon"]
    effects = {"strong": [], "weak": [], "none": []}
    for field in fields:
        if field.well.compound:
            here, there = (
                np.mean([effect_of_cells(config, measured[f.key], field.well).mean() for f in some])
                for some in ([field], vehicle)
            )
            effects[field.well.compound.effect].append(here - there)
    assert np.mean(effects["strong"]) > 2 * np.mean(effects["weak"])
    assert set(effects["none"]) == {0.0}


def test_the_reporter_of_active_compounds_is_in_the_nucleus():
    found = _compound_effects(_small(TRANSLOCATION, compounds=6, doses=1, replicates=2))
    active = found["active"] > 0
    assert found["effect"][active].min() > found["effect"][~active].max() + 0.5
