"""One real CPJUMP1 site through segmentation, records and both nets; skips without the data.

Its five cells of CellProfiler's take the place of our features, through a mapping of columns.
"""

import dataclasses
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.models.cell_nets import build_cell_net
from cellscreen.models.hybrids import IMAGE_METADATA_HYBRID, MASK_FLOW_HYBRID
from cellscreen.models.tabular_branch import adapt_table, table_moments
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_pixels import CellPixels
from cellscreen.pipelines.cell_planes import plane_names
from cellscreen.pipelines.cells import CellInputs, cell_questions
from cellscreen.pipelines.records import prepared_plates
from cellscreen.training.cells.config import CellDataConfig, CellsConfig
from cellscreen.training.cells.fields import fields_of
from cellscreen.training.cells.parts import used_cells

DATA = Path(os.environ.get("CELLSCREEN_DATA", Path(__file__).parents[4] / "shared" / "data"))
ZIP = DATA / "cpjump1_site.zip"
PLATE, CHANNELS = "BR00117006", {2: "AGP", 3: "RNA", 5: "DNA"}
CLASSES = ("DMSO", "drug", "other")
# The published nets, at smaller crops than their own so that the test is quick.
SIZES = {"mask_flow": 96, "image_metadata": 64}

pytestmark = [
    pytest.mark.skipif(not ZIP.is_file(), reason=f"no {ZIP.name}: set CELLSCREEN_DATA"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The site's folder, with an images.csv."""
    root = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(ZIP) as archive:
        archive.extractall(root)
    folder = root / "cpjump1_site"
    rows = [
        {
            "path": f"images/orig/r01c01f01p01-ch{number}sk1fk1fl1.tiff",
            "plate": PLATE,
            "well": "A01",
            "site": 1,
            "channel": name,
            "bit_depth": 16,
        }
        for number, name in CHANNELS.items()
    ]
    pd.DataFrame(rows).to_csv(folder / "images.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def records(folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("records")
    words = [f"--images={folder}", f"--data_dir={root}", "--dataset=cpjump1", "--kind=cells"]
    assert commands.main(["build", *words, "--flows=from_labels"]) == 0
    return root


def on_rna(config, without=()):
    """A published net with features of whole cells grown on RNA."""
    names = [name.replace("_median", "_RNA") for name in config.table_features]
    return dataclasses.replace(
        config, table_features=tuple(name for name in names if name not in without)
    )


def config_of(root, net, name, **data):
    return CellsConfig(
        CellDataConfig(str(root), classes=CLASSES, **data),
        cell_input=CellInput(SIZES[name]),
        net_config=net,
    )


def answers(config, root, count):
    """What a fresh net of a config says of the first cells, and which cells are used."""
    used = used_cells(config, prepared_plates(root, "cpjump1", "cells"))
    planes = plane_names(config.net_config.branches, used.index.channels)
    net = build_cell_net(config.net_config, config.cell_input.cell_size, planes, len(CLASSES))
    adapt_table(net, *table_moments(used.table))
    pixels = CellPixels(used.index, config.net_config.branches, config.cell_input)
    questions = cell_questions(CellInputs(pixels, used.table), np.arange(len(used.table))[:count])
    inputs, _ = next(iter(questions.batch(count)))
    return net(inputs, training=False).numpy(), used


NETS = {"mask_flow": on_rna(MASK_FLOW_HYBRID), "image_metadata": on_rna(IMAGE_METADATA_HYBRID)}


@pytest.mark.parametrize("name", NETS)
def test_the_site_goes_through_segmentation_and_records_to_both_nets(records, name):
    found, used = answers(config_of(records, NETS[name], name), records, 4)
    assert 188 <= len(used.table) <= 210  # 188 nuclei are outlined; ours are 200
    assert used.counts["perimeter_0"] == 0
    assert found.shape == (4, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(found, axis=0)) == 4  # each cell has its own answer


def test_its_flows_are_told_to_be_from_labels(records):
    fields = fields_of(prepared_plates(records, "cpjump1", "cells"))
    assert fields.flows == "from labels, not Cellpose's"
    assert set(fields.channels) == {"AGP", "RNA", "DNA"}
    assert fields.compartments == ("Nuclei", "Cells", "Cytoplasm")


# CellProfiler has no ConvexArea; the box's sum is made of its four columns.
WITHOUT = ("Cells_AreaShape_ConvexArea",)


@pytest.mark.parametrize("name", NETS)
def test_cellprofilers_table_stands_in_for_ours(records, folder, tmp_path, name):
    columns = tmp_path / "columns.csv"
    columns.write_text("ours,theirs\nMetadata_Site,Image_Metadata_Site\n")
    table = folder / f"{PLATE}_shrunken.parquet"
    given = {"cell_table": str(table), "cell_table_columns": str(columns)}
    net = on_rna(NETS[name], WITHOUT)
    config = config_of(records, net, name, **given, cell_table_match="place")
    found, used = answers(config, records, 5)
    assert found.shape == (5, 3)
    assert used.counts["rows_without_image"] == 0
    assert used.counts["cells_without_row"] == used.counts["cells_found"] - 5
    theirs = pd.read_parquet(table)
    at = net.table_features.index("Cells_AreaShape_Eccentricity")
    expected = theirs["Cells_AreaShape_Eccentricity"].to_numpy(np.float32)
    np.testing.assert_array_equal(np.sort(used.table[:, at]), np.sort(expected))
    # CellProfiler's cells are the same ones: their middles lie within ours.
    x, y = (theirs[f"Nuclei_AreaShape_Center_{axis}"].to_numpy() for axis in "XY")
    order = np.argsort(used.table[:, at])[np.argsort(np.argsort(expected))]
    boxes = used.index.cells.iloc[order]
    assert ((boxes["left"] <= x) & (x <= boxes["right"])).all()
    assert ((boxes["top"] <= y) & (y <= boxes["bottom"])).all()
