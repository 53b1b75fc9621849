import dataclasses

import pytest

from cellscreen.comparators.honesty_config import BALANCES, HonestyConfig
from cellscreen.comparators.honesty_design import Design
from cellscreen.comparators.honesty_trainings import RECIPE, honesty_trainings, part_sets
from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import FitConfig, LossConfig, OptimizerConfig
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.training.cells.config import CellDataConfig, CellsConfig

AREA = ("Cells_AreaShape_Area",)
CELLS = CellsConfig(
    CellDataConfig("records"),
    net_config=CellNetConfig(branches=("mask", "flow"), table_features=AREA, fusion="gate"),
)
TWO_LAYOUTS = Design(sites=2, plates=6, layouts=2, simulated=True)
ONE_LAYOUT = Design(sites=1, plates=3, layouts=1, simulated=True)


def study(cells=CELLS, **changes):
    return HonestyConfig(cells, **changes)


def only(cells=CELLS, design=TWO_LAYOUTS, **changes):
    """The trainings of a study with nothing but what is asked for."""
    given = {"splits": ("well",), "balances": (), "ablations": False} | changes
    return honesty_trainings(study(cells, **given), design)


def test_the_split_by_well_comes_first_and_each_split_is_a_training():
    made = only(splits=("site", "well", "plate", "layout"))
    assert list(made.configs) == ["well", "site", "plate", "layout"]
    folds = {name: config.folds_config for name, config in made.configs.items()}
    assert [folds[name].fold_by for name in made.splits] == ["well", "site", "plate", "plate_map"]
    assert folds["layout"].fold_mode == "leave_one_out"
    assert made.left_out == ()


def test_what_the_plates_do_not_offer_is_left_out_and_said():
    made = only(splits=("site", "well", "plate", "layout"), design=ONE_LAYOUT)
    assert list(made.splits) == ["well", "plate"]
    assert made.configs["plate"].folds_config.folds == 3
    assert "one plate map, which confounds compound and position" in made.left_out[1]
    assert "split by site is one by well" in made.left_out[0]
    assert only(splits=("well", "plate"), design=dataclasses.replace(ONE_LAYOUT, plates=1)).left_out


def test_a_remedy_is_the_only_one_and_the_recipes_own_is_trained_once():
    recipe = dataclasses.replace(CELLS, balance=BalanceConfig(sampling="downsample"))
    made = only(recipe, balances=BALANCES)
    assert made.balances["downsampling"] == "well"
    assert len(made.configs) == 6
    by_name = {name: made.configs[run] for name, run in made.balances.items()}
    assert {
        name: (
            one.balance.class_weights,
            one.balance.sampling,
            one.loss_config.loss,
            one.loss_config.logit_adjustment,
        )
        for name, one in by_name.items()
    } == {
        "none": ("none", "all", "cross_entropy", 0),
        "class_weights": ("balanced", "all", "cross_entropy", 0),
        "balanced_sampling": ("none", "balanced", "cross_entropy", 0),
        "downsampling": ("none", "downsample", "cross_entropy", 0),
        "focal": ("none", "all", "focal", 0),
        "logit_adjustment": ("none", "all", "cross_entropy", 1),
    }
    assert {one.loss_config.label_smoothing for one in by_name.values()} == {0.1}


def test_a_recipe_with_two_remedies_stands_beside_each_of_them():
    both = dataclasses.replace(
        CELLS, balance=BalanceConfig("balanced"), loss_config=LossConfig("focal")
    )
    made = only(both, balances=("none", "focal"))
    assert list(made.balances) == [RECIPE, "none", "focal"]
    assert made.balances[RECIPE] == "well"
    assert len(made.configs) == 3


def test_every_set_of_parts_is_trained_and_all_of_them_are_the_main_run():
    made = only(ablations=True)
    assert list(made.ablations) == [
        *("mask", "flow", "table", "mask+flow", "mask+table", "flow+table", "mask+flow+table")
    ]
    assert made.ablations["mask+flow+table"] == "well"
    nets = {name: made.configs[run].net_config for name, run in made.ablations.items()}
    assert (nets["table"].branches, nets["table"].table_features) == ((), AREA)
    assert (nets["mask"].branches, nets["mask"].table_features) == (("mask",), ())
    assert {net.fusion for net in nets.values()} == {"gate"}


def test_film_needs_both_so_single_parts_are_concatenated():
    net = CellNetConfig(branches=("intensity",), table_features=AREA, fusion="film")
    made = only(dataclasses.replace(CELLS, net_config=net), ablations=True)
    fusions = {name: made.configs[run].net_config.fusion for name, run in made.ablations.items()}
    assert fusions == {
        "intensity": "concatenate",
        "table": "concatenate",
        "intensity+table": "film",
    }
    assert list(part_sets(net)) == [("intensity",), ("table",), ("intensity", "table")]


def test_all_trainings_run_all_their_epochs():
    watched = dataclasses.replace(
        CELLS,
        folds_config=FoldConfig(validation_share=0.2),
        fit=FitConfig(patience=3, keep="best"),
        optimizer_config=OptimizerConfig(schedule="plateau", decay=0.5),
    )
    for config in only(watched, splits=("well", "layout"), ablations=True).configs.values():
        assert config.folds_config.validation_share == 0
        assert (config.fit.patience, config.fit.keep) == (0, "last")
        assert config.optimizer_config.schedule == "constant"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"splits": ("well", "row")}, "splits among site, well, plate, layout.*got well, row"),
        ({"splits": ("site",)}, "splits with well"),
        ({"balances": ("none", "none")}, "balances among none.*each once; got none, none"),
        ({"boosted_trees": 0}, "boosted_trees of 1 or more; got 0"),
        (
            {"cells": dataclasses.replace(CELLS, folds_config=FoldConfig("leave_one_out"))},
            "fold_mode of kfold or holdout.*got leave_one_out",
        ),
    ],
)
def test_what_cannot_work_is_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        study(**given)
