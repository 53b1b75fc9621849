"""The trainings of a study of honesty: one config made into many, equal ones trained once."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cellscreen.comparators.honesty_config import LAYOUT, PLATE, WELL, HonestyConfig
from cellscreen.comparators.honesty_design import Design
from cellscreen.fitting.fit_config import LossConfig
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.training.cells.config import CellsConfig

TABLE = "table"
RECIPE = "as the recipe says"
_WEIGHTED: dict[str, dict[str, str]] = {
    "class_weights": {"class_weights": "balanced"},
    "balanced_sampling": {"sampling": "balanced"},
    "downsampling": {"sampling": "downsample"},
}
_LOSSES: dict[str, dict[str, Any]] = {
    "focal": {"loss": "focal"},
    "logit_adjustment": {"logit_adjustment": 1.0},
}


@dataclass(frozen=True)
class Trainings:
    """What is trained, and which training answers which question.

    Attributes:
        configs: by the name of the run folder, in the order of training.
        splits: by split the run that answers it.
        balances: by remedy for unequal classes.
        ablations: by the parts of the net that are on, such as `mask+table`.
        left_out: splits that the plates do not offer, a sentence each.
    """

    configs: dict[str, CellsConfig]
    splits: dict[str, str]
    balances: dict[str, str] = field(default_factory=dict)
    ablations: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def honesty_trainings(config: HonestyConfig, design: Design) -> Trainings:
    """All trainings of a study; a question whose config is another's takes that one's run.

    Args:
        config: of the study.
        design: what the plates offer.

    Example:
        >>> list(honesty_trainings(config, design).configs)  # doctest: +SKIP
        ['well', 'site', 'plate', 'layout', 'balance-none', 'balance-focal']
    """
    base = unwatched(config.cells)
    configs: dict[str, CellsConfig] = {}
    order = sorted(config.splits, key=lambda name: name != WELL)
    offered = [name for name in order if not design.lacks(name)]
    splits = {
        name: _named(configs, name, split_config(base, name, design, config.layout_column))
        for name in offered
    }
    main = configs[splits[WELL]]
    balances = {
        name: _named(configs, f"balance-{name}", balanced_config(main, name))
        for name in config.balances
    }
    if balances and WELL not in balances.values():
        balances = {RECIPE: WELL, **balances}
    sets = list(part_sets(main.net_config)) if config.ablations else []
    ablations = {
        "+".join(parts): _named(configs, f"only-{'-'.join(parts)}", ablated_config(main, parts))
        for parts in sets
    }
    left_out = tuple(design.lacks(name) for name in order if design.lacks(name))
    return Trainings(configs, splits, balances, ablations, left_out)


def unwatched(config: CellsConfig) -> CellsConfig:
    """A config that trains all its epochs and looks at no validation part."""
    schedule = config.optimizer_config.schedule
    return dataclasses.replace(
        config,
        folds_config=dataclasses.replace(config.folds_config, validation_share=0.0),
        fit=dataclasses.replace(config.fit, patience=0, keep="last"),
        optimizer_config=dataclasses.replace(
            config.optimizer_config, schedule="constant" if schedule == "plateau" else schedule
        ),
    )


def split_config(config: CellsConfig, split: str, design: Design, layouts: str) -> CellsConfig:
    """A config with its folds dealt by a split; of layouts each is held out alone."""
    folds = config.folds_config
    changes: dict[str, Any] = {"fold_by": split}
    if split == LAYOUT:
        changes = {"fold_by": layouts, "fold_mode": "leave_one_out"}
    if split == PLATE:
        changes["folds"] = min(folds.folds, design.plates)
    return dataclasses.replace(config, folds_config=dataclasses.replace(folds, **changes))


def balanced_config(config: CellsConfig, remedy: str) -> CellsConfig:
    """A config with one remedy for unequal classes and no other."""
    plain = {"class_weights": "none", "sampling": "all"} | _WEIGHTED.get(remedy, {})
    loss: dict[str, Any] = {"loss": "cross_entropy", "logit_adjustment": 0.0}
    loss |= _LOSSES.get(remedy, {})
    balance: BalanceConfig = dataclasses.replace(config.balance, **plain)  # type: ignore[arg-type]
    minimised: LossConfig = dataclasses.replace(config.loss_config, **loss)
    return dataclasses.replace(config, balance=balance, loss_config=minimised)


def parts_of(net: CellNetConfig) -> tuple[str, ...]:
    """The parts of a net that can be off: its image branches, and its table.

    Example:
        >>> parts_of(CellNetConfig(branches=("mask",), table_features=("Cells_AreaShape_Area",)))
        ('mask', 'table')
    """
    return (*net.branches, *((TABLE,) if net.table_features else ()))


def part_sets(net: CellNetConfig) -> Iterator[tuple[str, ...]]:
    """Every set of a net's parts, single ones first, all of them last."""
    parts = parts_of(net)
    for count in range(1, len(parts) + 1):
        yield from itertools.combinations(parts, count)


def ablated_config(config: CellsConfig, parts: tuple[str, ...]) -> CellsConfig:
    """A config with these parts of its net on and the others off."""
    net = config.net_config
    film = net.fusion == "film" and not (TABLE in parts and len(parts) > 1)
    kept = dataclasses.replace(
        net,
        branches=tuple(name for name in net.branches if name in parts),
        table_features=net.table_features if TABLE in parts else (),
        fusion="concatenate" if film else net.fusion,
    )
    return dataclasses.replace(config, net_config=kept)


def _named(configs: dict[str, CellsConfig], name: str, config: CellsConfig) -> str:
    """The name under which a config is trained: that of an equal one, else its own."""
    known = next((other for other, there in configs.items() if there == config), name)
    configs.setdefault(known, config)
    return known
