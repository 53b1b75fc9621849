"""The whole way on plates of known truth: shapes that differ, and nothing but places that do."""

import dataclasses

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.simulate.hcs_config import CONFIGS
from cellscreen.simulate.hcs_effects import EFFECTS, Change
from cellscreen.simulate.hcs_writing import simulate_plates
from cellscreen.votes.standings import ABOVE, BASELINES

# Every compound changes the shape of all its cells, each in a way of its own.
SHAPES = dataclasses.replace(
    EFFECTS,
    painted=Change(nucleus_area=1.0, cell_area=1.0, rounding=1.0),
    compounds_of_target=1,
    own_share=0.0,
    two_targets=0.0,
    no_target=0.0,
    strong=1.0,
    weak=0.0,
    autofluorescent=0.0,
)
STRONG = dataclasses.replace(
    CONFIGS["cell_painting"],
    effects=SHAPES,
    affected_fraction=1.0,
    compounds=3,
    replicates=2,
    control_wells=2,
    plates=1,
    layouts=5,  # five replicate plates, each with wells of its own
    sites=2,
    plate_wells=96,
)
PLACES = dataclasses.replace(
    CONFIGS["cell_painting"],
    affected_fraction=0.0,
    position_sd=0.6,
    batch_sd=0.05,
    well_sd=0.04,
    compounds=8,
    replicates=1,
    control_wells=1,
    plates=4,
    layouts=2,
    sites=2,
    size_px=224,
    plate_wells=96,
)


def honesty(config, recipe, tmp_path, *words):
    """The tables of a study on simulated plates, by the command alone."""
    simulate_plates(config, tmp_path / "plates", "cpjump1", workers=1)
    root = tmp_path / "honesty"
    given = [f"--flagfile={recipe}", f"--images={tmp_path / 'plates'}", "--jit=off", "--balances="]
    given += [f"--data_dir={tmp_path / 'records'}", f"--output={root}", "--noprogress", *words]
    assert commands.main(["honesty", *given]) == 0
    page = (root / "index.html").read_text()
    assert "SIMULATED DATA" in page
    assert "Not finished" not in page
    return pd.read_csv(root / "honesty.csv"), pd.read_csv(root / "lines.csv"), page


def accuracy(table, model, level, split="well"):
    rows = table[(table["split"] == split) & (table["model"] == model) & (table["level"] == level)]
    rows = rows[rows["rule"].isin(["none", "majority"]) & (rows["metric"] == "accuracy")]
    return rows.iloc[0]


@pytest.mark.slow
def test_strong_phenotypes_are_read_from_new_wells_and_votes_are_above_cells(tmp_path):
    words = ("--splits=well", "--noablations", "--epochs=16", "--batch_size=32")
    table, lines, _ = honesty(STRONG, "mask_flow_quick.flags", tmp_path, *words)
    (net,) = set(table["model"]) - {*BASELINES, "lightgbm_features"}
    cell, image = accuracy(table, net, "cell"), accuracy(table, net, "image")
    assert image["value"] > cell["value"]
    assert min(cell["low"] - cell["chance"], image["low"] - image["chance"]) > 0
    for name in BASELINES:
        assert cell["low"] > accuracy(table, name, "cell")["value"], name
        assert image["low"] > accuracy(table, name, "image")["value"], name
    assert accuracy(table, "lightgbm_features", "image")["value"] > image["chance"]
    line = lines.set_index(["model", "split"]).loc[(net, "well"), "line"]
    assert line.startswith("Above chance.")


@pytest.mark.slow
def test_where_only_places_differ_the_net_is_at_chance_on_another_layout_and_it_is_said(tmp_path):
    words = ("--splits=site,well,layout", "--noablations", "--epochs=16", "--batch_size=32")
    table, lines, page = honesty(PLACES, "image_metadata_quick.flags", tmp_path, *words)
    (net,) = set(table["model"]) - {*BASELINES, "lightgbm_features"}
    standing = lines.set_index(["model", "split"])["standing"]
    assert (standing[net, "site"], standing[net, "well"]) == (ABOVE, ABOVE)
    assert standing[net, "layout"] != ABOVE
    layout = accuracy(table, net, "image", "layout")
    assert layout["low"] <= layout["chance"] <= layout["high"]
    assert accuracy(table, "well_position", "image")["low"] > 0.5
    said = lines.set_index(["model", "split"]).loc[(net, "all"), "line"]
    assert "on another layout" in said
    assert "learned the position" in said
    assert said in page


@pytest.mark.slow
def test_where_replicates_share_a_layout_it_is_said_that_position_alone_tells_the_compound(
    tmp_path,
):
    one = dataclasses.replace(PLACES, layouts=1, plates=3, replicates=2)
    words = ("--splits=well,plate", "--noablations", "--epochs=2", "--batch_size=32")
    table, lines, page = honesty(one, "image_metadata_quick.flags", tmp_path, *words)
    for split in ("well", "plate"):
        assert accuracy(table, "well_position", "image", split)["value"] == 1
    said = lines.set_index(["model", "split"]).loc[("well_position", "all"), "line"]
    assert said.startswith("Above chance under well and plate, at best accuracy 1.000")
    assert "can be told without looking at a cell" in page
