"""What a folder of images holds and whether it can be worked with: counts, then findings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.usable import usable
from cellscreen.quality.completeness import (
    check_missing,
    check_spelling,
    check_twice,
    check_unusable,
)
from cellscreen.quality.design_checks import check_classes, check_controls
from cellscreen.quality.findings import LEVELS, Finding
from cellscreen.quality.image_checks import check_headers, read_headers, unlisted_images
from cellscreen.quality.inventory_tables import (
    count_classes,
    count_compounds,
    count_groups,
    count_plates,
    count_sizes,
    count_totals,
)
from cellscreen.quality.pixel_checks import check_pixels
from cellscreen.quality.plate_wells import count_wells
from cellscreen.quality.reading_pool import Watch, unwatched
from cellscreen.quality.well_quality import quality_table


@dataclass(frozen=True)
class Inventory:
    """What was found; every frame can be printed as it is.

    Attributes:
        totals: counts of images, wells, plates, batches, and of simulated images.
        groups: a row for each cell line, time, condition and control type that occurs.
        plates: a row a plate: what it holds, and how much of it is missing.
        wells: by plate and well, of `plate_wells.count_wells`.
        sizes: a row for each channel, image size, type and bit depth that occurs.
        classes: a row for each culture and class, with the groups that folds are made of.
        compounds: a row for each cell line and batch of a screen.
        findings: errors first.
        quality: of `well_quality.quality_table`, if all images were decoded.
    """

    totals: dict[str, int]
    groups: pd.DataFrame
    plates: pd.DataFrame
    wells: pd.DataFrame
    sizes: pd.DataFrame
    classes: pd.DataFrame
    compounds: pd.DataFrame
    findings: tuple[Finding, ...]
    quality: pd.DataFrame | None = None

    @property
    def is_usable(self) -> bool:
        """Whether nothing is an error."""
        return all(finding.level != "error" for finding in self.findings)


def take_inventory(
    table: pd.DataFrame,
    label_column: str | None = None,
    group_by: str = "well",
    deep: bool = False,
    watch: Watch = unwatched,
    folder: Path | None = None,
) -> Inventory:
    """Looks at every image of a plate table and at the design behind them.

    Args:
        table: a plate table.
        label_column: the column of the classes; None: `condition`, leaving out a screen's wells.
        group_by: what is never in two folds; see `plates.groups.row_groups`.
        deep: also decode every image, check its values and measure its quality.
        watch: shows progress; see `pixel_checks.check_pixels`.
        folder: is searched for images that are in no row.

    Raises:
        ConfigError: `label_column` or `group_by` is no column of the table.
    """
    design = check_classes(table, label_column, group_by) + check_controls(table)
    design += check_missing(table) + check_spelling(table) + check_twice(table)
    design += check_unusable(table)
    if folder is not None:
        design += unlisted_images(folder, table)
    images, findings = read_headers(usable(table), watch)
    noted = _noted(table, findings)
    findings += check_headers(images)
    quality = None
    if deep:
        measured, found = check_pixels(images, watch)
        quality = quality_table(measured, noted)
        findings += found
    wells = count_wells(noted)
    return Inventory(
        totals=count_totals(table),
        groups=count_groups(table),
        plates=count_plates(table, wells),
        wells=wells,
        sizes=count_sizes(images),
        classes=count_classes(table, label_column, group_by),
        compounds=count_compounds(table),
        findings=tuple(sorted(findings + design, key=lambda found: LEVELS.index(found.level))),
        quality=quality,
    )


def _noted(table: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """The table with what headers said in the column `problem`, where an index noted nothing."""
    told = {finding.file: finding.text for finding in findings}
    noted = table[columns.PROBLEM].fillna("") if columns.PROBLEM in table else ""
    problems = table["path"].map(told).fillna("")
    return table.assign(**{columns.PROBLEM: problems.where(problems != "", noted)})
