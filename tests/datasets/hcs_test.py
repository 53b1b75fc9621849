"""TFDS' own tests of a builder, on a small simulated plate."""

import tempfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.datasets.hcs.hcs_dataset_builder import Builder
from cellscreen.records.record_config import CropConfig, RecordConfig, write_record_config
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_writing import simulate_plates

pytest.importorskip("dill", reason="tfds.testing needs dill")
PLATE = HcsConfig(
    compounds=2, doses=1, replicates=1, plate_wells=96, control_wells=1, poscon_wells=1,
    size_px=160, rendered_fields=1, unfocused=0.0,
)  # fmt: skip
CONFIG = RecordConfig(
    segment=SegmentConfig(nuclei_channel="DNA", diameter_px=20.0),
    crops=CropConfig(crop_size=32),
    feature_groups=("shape",),
)


class SmallPlate:
    """What all builder tests need; TFDS' class comes second, in the tests themselves."""

    DATASET_CLASS = Builder
    OVERLAPPING_SPLITS = ()
    SKIP_CHECKSUMS = True

    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.EXAMPLE_DIR = Path(cls._folder.name) / "plate"
        simulate_plates(PLATE, cls.EXAMPLE_DIR, "images_csv", workers=1)
        for kind in ("bags", "cells"):
            write_record_config(CONFIG, cls.EXAMPLE_DIR, kind)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls._folder.cleanup()


class EdgesTest(SmallPlate, tfds.testing.DatasetBuilderTestCase):
    BUILDER_CONFIG_NAMES_TO_TEST = ("edges",)
    SPLITS = {"fields": 12}  # noqa: RUF012 as TFDS wants it: 4 fields of 3 channels


class BagsTest(SmallPlate, tfds.testing.DatasetBuilderTestCase):
    BUILDER_CONFIG_NAMES_TO_TEST = ("bags",)
    SPLITS = {"fields": 4}  # noqa: RUF012 as TFDS wants it
