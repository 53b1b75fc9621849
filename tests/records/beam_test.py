import dataclasses
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from cellscreen.errors import RecordError
from cellscreen.records import shard_writing
from cellscreen.records.build import build_plates
from cellscreen.records.manifest import read_manifest
from cellscreen.records.verify import verify_root

ROOT = Path(__file__).parents[2]
ONE = ("--runner=DirectRunner", "--direct_num_workers=1")
TWO = (
    "--runner=DirectRunner",
    "--direct_num_workers=2",
    "--direct_running_mode=multi_processing",
)


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("apache_beam").setLevel(logging.ERROR)


def shards(root, kind):
    folder = root / "P1/hcs" / kind / "1.0.0"
    return {
        name: listed.sha256
        for name, listed in read_manifest(folder).files.items()
        if listed.records is not None
    }


@pytest.mark.parametrize("kind", ["bags", "cells"])
def test_beam_writes_the_same_bytes(kind, cell_table, cell_plate, cell_records, tmp_path):
    config = cell_plate.CONFIG
    build_plates(cell_table, tmp_path, "hcs", kind, config=config, beam_options=ONE)
    assert shards(tmp_path, kind) == shards(cell_records, kind)
    assert not verify_root(tmp_path)[0].faults


@pytest.mark.parametrize("kind", ["bags", "cells"])
def test_beam_ends_shards_where_a_build_without_it_does(
    kind, cell_table, cell_plate, tmp_path, monkeypatch
):
    monkeypatch.setattr(shard_writing, "SHARD_BYTES", 5000)
    config = cell_plate.CONFIG
    for name, options in (("plain", ()), ("beam", ONE)):
        build_plates(cell_table, tmp_path / name, "hcs", kind, config=config, beam_options=options)
    assert shards(tmp_path / "beam", kind) == shards(tmp_path / "plain", kind)
    assert len(shards(tmp_path / "beam", kind)) > 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bags", "cells"])
def test_two_processes_write_the_same_bytes(kind, cell_table, cell_plate, cell_records, tmp_path):
    config = cell_plate.CONFIG
    build_plates(cell_table, tmp_path, "hcs", kind, config=config, beam_options=TWO)
    assert shards(tmp_path, kind) == shards(cell_records, kind)


@pytest.mark.slow
def test_the_tfds_command_builds_on_beam(cell_table, cell_records, tmp_path):
    options = ",".join(option.removeprefix("--") for option in TWO)
    command = [
        *(sys.executable, "-m", "tensorflow_datasets.scripts.cli.main", "build"),
        *("datasets/hcs", "--config=bags", f"--manual_dir={cell_records / 'P1/plate_table'}"),
        *(f"--data_dir={tmp_path / 'P1'}", f"--beam_pipeline_options={options}"),
    ]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    assert shards(tmp_path, "bags") == shards(cell_records, "bags")


def test_failures_of_workers_are_judged_at_the_end(cell_table, cell_plate, tmp_path):
    path = Path(cell_table["path"].iloc[0])
    broken = cell_table.copy()
    broken.loc[broken.index[2], "path"] = str(path.with_name("gone.png"))
    config = cell_plate.CONFIG
    with pytest.raises(RecordError, match=r"at most 0.0% .* 6 fields to fail; 1 did.*gone\.png"):
        build_plates(broken, tmp_path, "hcs", "bags", config=config, beam_options=ONE)
    forgiving = dataclasses.replace(config, max_failed=0.5)
    assert build_plates(broken, tmp_path, "hcs", "bags", config=forgiving, beam_options=ONE)


def test_a_plate_without_any_cell_is_told_on_beam_too(cell_table, cell_plate, tmp_path):
    empty = cell_table.query("Metadata_Well == 'A02' and Metadata_Site == '2'")
    config = cell_plate.CONFIG
    with pytest.raises(RecordError, match="None of the plate's 1 fields gave a record"):
        build_plates(empty, tmp_path, "hcs", "cells", config=config, beam_options=ONE)
