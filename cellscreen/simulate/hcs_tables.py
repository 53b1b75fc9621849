"""The tables of simulated plates: what a laboratory knows of each well, and the hidden truth."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.simulate.hcs_cells import HcsScene
from cellscreen.simulate.hcs_compounds import VEHICLE, HcsCompound, hcs_compounds, positive_control
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_effects import AXES
from cellscreen.simulate.hcs_plate import HcsField, HcsWell, hcs_wells

PLATEMAP, LABELS, TRUTH, ORACLE = "platemap.csv", "labels.csv", "truth.csv", "oracle.csv"
METADATA, COMPOUNDS = "metadata", "compound_metadata.tsv"


def of_well(config: HcsConfig, well: HcsWell, site: int) -> dict[str, object]:
    """Returns what a laboratory knows of a field: plate, well, site and what is in the well."""
    compound = well.compound
    return {
        "plate": well.plate,
        "well": well.well,
        "site": str(site),
        "pert_iname": compound.pert_iname if compound else VEHICLE,
        "concentration_um": well.concentration_um,
        "control_type": well.control_type,
        "cell_line": config.assay.cell_line,
        "batch": well.batch,
        "InChIKey": compound.inchikey if compound else "",
        "target": compound.target if compound else "",
        "plate_map": well.plate_map,
    }


def write_platemaps(config: HcsConfig, folder: Path) -> None:
    """Writes `platemap.csv`, the same in the JUMP form below `metadata/`, and `labels.csv`.

    In JUMP's form DMSO wells have an empty `broad_sample`, and `solvent` says DMSO everywhere.
    """
    wells = hcs_wells(config)
    tidy = pd.DataFrame([of_well(config, well, 1) for well in wells])
    write_table(tidy.drop(columns="site").assign(simulated=True), folder / PLATEMAP)
    plates = {well.plate: well.plate_map for well in wells}
    barcodes = pd.DataFrame(plates.items(), columns=["Assay_Plate_Barcode", "Plate_Map_Name"])
    write_table(barcodes, folder / METADATA / "barcode_platemap.csv")
    first = {plate_map: plate for plate, plate_map in reversed(plates.items())}
    for plate_map, plate in first.items():
        rows = [_jump_row(well) for well in wells if well.plate == plate]
        path = folder / METADATA / "platemap" / f"{plate_map}.txt"
        write_table(pd.DataFrame(rows), path, separator="\t")
    _write_compounds(config, folder)


def write_truth(config: HcsConfig, folder: Path, measured: list[dict[str, object]]) -> None:
    """Writes `oracle.csv`, a row a field, and `truth.csv`, a row a well.

    Args:
        config: the simulation.
        folder: its folder.
        measured: `true_measures` of every field, in the order of `hcs_fields`.
    """
    oracle = pd.DataFrame(measured)
    write_table(oracle, folder / ORACLE)
    wells = hcs_wells(config)
    counts = ["cells", "affected_cells", "dead_cells"]
    # Fields lie well by well, `sites` of them each.
    sums = oracle[counts].groupby(oracle.index // config.sites).sum()
    rows = pd.DataFrame([_truth_row(config, well) for well in wells])
    write_table(pd.concat([rows, sums], axis=1).assign(simulated=True), folder / TRUTH)


def true_measures(config: HcsConfig, field: HcsField, scene: HcsScene) -> dict[str, object]:
    """Returns the oracle's row of a field: true counts, and means over its living cells.

    Each `true_<axis>` is the mean level along one axis of `Change`, NaN where no cell lives.
    """
    inside = scene.inside(config.size_px)
    living = inside & ~scene.dead
    means = scene.levels[living].mean(axis=0) if living.any() else [math.nan] * len(AXES)
    return {
        "key": field.key,
        "plate": field.well.plate,
        "well": field.well.well,
        "site": field.site,
        "cells": int(living.sum()),
        "affected_cells": int((inside & scene.affected).sum()),
        "dead_cells": int((inside & scene.dead).sum()),
        **{f"true_{axis}": float(mean) for axis, mean in zip(AXES, means, strict=True)},
    }


def cell_table(config: HcsConfig, scene: HcsScene) -> pd.DataFrame:
    """Returns a row a cell centred in the field: `cell` (its label), place, state, what was done.

    `affected` cells show the compound's change, `severity` times of it; `dead` ones are remains.
    """
    area = config.assay.nucleus_area_um2 * pd.Series(scene.level("nucleus_area")).map(math.exp)
    table = pd.DataFrame(
        {
            "cell": range(1, len(scene.centres) + 1),
            "x_px": scene.centres[:, 0].round(2),
            "y_px": scene.centres[:, 1].round(2),
            "affected": scene.affected,
            "severity": scene.severity.round(4),
            "dead": scene.dead,
            "mitotic": scene.mitotic,
            "nucleus_area_um2": area.round(2),
            "simulated": True,
        }
    )
    return table[scene.inside(config.size_px)]


def write_table(table: pd.DataFrame, path: Path, separator: str = ",") -> None:
    """Writes a table as text, whole or not at all."""
    write_text(path, table.to_csv(index=False, lineterminator="\n", sep=separator))


def _jump_row(well: HcsWell) -> dict[str, object]:
    return {
        "well_position": well.well,
        "broad_sample": well.compound.broad_sample if well.compound else "",
        "solvent": VEHICLE,
        "concentration_um": well.concentration_um,
    }


def _write_compounds(config: HcsConfig, folder: Path) -> None:
    """Writes the compounds in JUMP's form, and the labels that are known of them."""
    compounds, assay = hcs_compounds(config), config.assay
    rows = [_compound_row(compound, "trt", "NA") for compound in compounds]
    if config.poscon_wells:
        rows.append(_compound_row(positive_control(config), "control", "poscon_cp"))
    write_table(pd.DataFrame(rows), folder / METADATA / COMPOUNDS, separator="\t")
    if assay.label:
        labels = [
            {
                "InChIKey": compound.inchikey,
                "pert_iname": compound.pert_iname,
                "label": assay.classes[0 if compound.active else 1],
                "task": assay.label,
                "simulated": True,
            }
            for compound in compounds
        ]
        write_table(pd.DataFrame(labels), folder / LABELS)


def _compound_row(compound: HcsCompound, pert_type: str, control: str) -> dict[str, object]:
    return {
        "broad_sample": compound.broad_sample,
        "InChIKey": compound.inchikey,
        "pert_iname": compound.pert_iname,
        "target": compound.target,
        "pert_type": pert_type,
        "control_type": control,
        "simulated": True,
    }


def _truth_row(config: HcsConfig, well: HcsWell) -> dict[str, object]:
    compound = well.compound
    classes = config.assay.classes
    return {
        "plate": well.plate,
        "well": well.well,
        "pert_iname": compound.pert_iname if compound else VEHICLE,
        "concentration_um": well.concentration_um,
        "control_type": well.control_type,
        "label": classes[0 if compound.active else 1] if compound else "",
        "effect": compound.effect if compound else "",
        "target": compound.target if compound else "",
        "ec50_um": compound.ec50_um if compound else math.nan,
        "hill": compound.hill if compound else math.nan,
        "autofluorescent": bool(compound and compound.autofluorescent),
        "affected_fraction": well.affected_fraction,
    }
