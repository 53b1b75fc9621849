"""What prepared plates offer to keep apart: sites, plates, layouts."""

from __future__ import annotations

from dataclasses import dataclass

from cellscreen.comparators.honesty_config import LAYOUT, PLATE, SITE, HonestyConfig
from cellscreen.pipelines.cell_index import index_cells
from cellscreen.pipelines.cell_table import feature_names
from cellscreen.pipelines.records import prepared_plates
from cellscreen.pipelines.selection import select


@dataclass(frozen=True)
class Design:
    """How often the parts of an experiment were repeated.

    Attributes:
        sites: fields of the well that has most.
        plates: plates.
        layouts: plate maps; 1 where the records do not name them.
        simulated: whether any field is.
    """

    sites: int
    plates: int
    layouts: int
    simulated: bool

    def lacks(self, split: str) -> str:
        """Why a split cannot be had; empty where it can.

        Example:
            >>> Design(sites=1, plates=3, layouts=1, simulated=True).lacks("layout")
            'layout: all plates have one plate map, which confounds compound and position.'
        """
        if split == SITE and self.sites < 2:
            return "site: every well has one field, so that a split by site is one by well."
        if split == PLATE and self.plates < 2:
            return "plate: there is one plate."
        if split == LAYOUT and self.layouts < 2:
            return "layout: all plates have one plate map, which confounds compound and position."
        return ""


def read_design(config: HonestyConfig) -> Design:
    """Reads what the plates of a study offer.

    Raises:
        RecordError: there are no prepared plates, or they are damaged.

    Example:
        >>> read_design(config).layouts  # doctest: +SKIP
        2
    """
    data = config.cells.data
    folders = prepared_plates(data.data_dir, data.dataset, data.records)
    fields = index_cells(folders, feature_names(folders)[:1]).fields
    fields = fields[select(fields, data.where)]
    column = f"Metadata_{config.layout_column.removeprefix('Metadata_')}"
    wells = fields.groupby(["Metadata_Plate", "Metadata_Well"])["Metadata_Site"]
    said = fields["Metadata_simulated"].astype(str).str.lower()
    return Design(
        sites=int(wells.nunique().max()),
        plates=int(fields["Metadata_Plate"].nunique()),
        layouts=int(fields[column].nunique()) if column in fields else 1,
        simulated=bool((said == "true").any()),
    )
