"""Tiny made tables: cells of two plates with controls, and the folds of a run on them."""

import numpy as np
import pandas as pd
import pytest


def cell_table(effect=3.0, compounds=12, wells_each=4, cells=5, plates=2, seed=0):
    """Cells of wells with `compounds` compounds, every second of them toxic, and 6 DMSO a plate.

    `effect` is what a toxic compound adds to one feature; the plates differ by a constant.
    """
    random = np.random.default_rng(seed)
    wells = [
        (f"P{place % plates}", f"C{number:02d}", "trt", number % 2)
        for place in range(wells_each)
        for number in range(compounds)
    ]
    wells += [(f"P{p}", "DMSO", "negcon", 0) for p in range(plates) for _ in range(6)]
    rows, taken = [], {}
    for plate, name, control, toxic in wells:
        taken[plate] = taken.get(plate, -1) + 1
        well = f"{'ABCDEFGHIJKLMNOP'[taken[plate] // 12]}{taken[plate] % 12 + 1:02d}"
        shift = 100 * int(plate[1:]) + effect * toxic * (control == "trt")
        for number in range(cells):
            rows.append(
                {
                    "Metadata_Plate": plate,
                    "Metadata_Well": well,
                    "Metadata_Site": "1",
                    "Metadata_key": f"{plate}/{well}/1",
                    "Metadata_pert_iname": name,
                    "Metadata_concentration_um": 10.0,
                    "Metadata_control_type": control,
                    "Metadata_ObjectNumber": number,
                    "Nuclei_AreaShape_Area": random.normal(),
                    "Nuclei_AreaShape_Center_X": 50.0 * toxic,
                    "Nuclei_Intensity_MeanIntensity_MMP": shift + random.normal(),
                    "Nuclei_Intensity_MeanIntensity_DNA": random.normal(),
                }
            )
    return pd.DataFrame(rows)


def manifest_of(cells, folds=3):
    """A row a well, folds by compound; DMSO has no label."""
    wells = cells.drop_duplicates("Metadata_key").reset_index(drop=True)
    number = wells["Metadata_pert_iname"].str.extract(r"C(\d+)")[0]
    frame = wells[[name for name in wells if name.startswith("Metadata_")]]
    frame = frame.drop(columns=["Metadata_key", "Metadata_ObjectNumber", "Metadata_Site"])
    label = number.map(lambda text: int(text) % 2, na_action="ignore").fillna(-1).astype(int)
    fold = number.map(lambda text: int(text) // 2 % folds, na_action="ignore").fillna(0).astype(int)
    return pd.DataFrame(
        {
            "key": frame["Metadata_Plate"] + "/" + frame["Metadata_Well"],
            "group": frame["Metadata_pert_iname"],
            "fold": fold,
            "inner": -1,
            "label": label,
            "trained": label >= 0,
            "checksum": wells["Metadata_key"],
        }
    ).join(frame)


def answers_of(scores, labels, groups=None):
    """Out-of-fold answers with a probability a row for the second class."""
    keys = [f"P/{number}" for number in range(len(scores))]
    scores = np.asarray(scores, float)
    return pd.DataFrame(
        {
            "key": keys,
            "group": groups or keys,
            "fold": 0,
            "label": labels,
            "p_nontoxic": 1 - scores,
            "p_toxic": scores,
        }
    )


@pytest.fixture
def make_cells():
    return cell_table


@pytest.fixture
def make_manifest():
    return manifest_of


@pytest.fixture
def make_answers():
    return answers_of


class MadeBags:
    """Bags in memory, as `BagIndex`: a well's crops are as bright as its compound says."""

    crop_size, channels = 16, ("DNA", "ROS")

    def __init__(self, manifest, bright, cells=6):
        self.bags = manifest[["key"]].assign(cells=cells)
        self._levels = [60 + 120 * bool(toxic) for toxic in bright]

    def read_crops(self, bag, at=None):
        random = np.random.default_rng(bag)
        cells = int(self.bags["cells"].iloc[bag])
        crops = random.integers(0, 60, (cells, 16, 16, 2), np.uint8)
        crops[:, 4:12, 4:12, 1] += np.uint8(self._levels[bag])
        return crops if at is None else crops[at]


@pytest.fixture
def made_bags():
    return MadeBags
