"""A build that is killed, and the same command again."""

import os
import pickle
import signal
import subprocess
import sys
import time

import pytest

from cellscreen.records.build import build_plates
from cellscreen.records.manifest import read_manifest
from cellscreen.records.verify import verify_root

SLOW_BUILD = """
import pickle, sys, time
from pathlib import Path
from cellscreen.records import build, kinds
with open(sys.argv[1], "rb") as file:
    table, config = pickle.load(file)
usual = kinds.find_cells
def slowly(*given):
    time.sleep(1)
    return usual(*given)
kinds.find_cells = slowly
build.build_plates(table, Path(sys.argv[2]), "hcs", "bags", config=config)
"""


@pytest.mark.slow
def test_a_killed_build_goes_on_and_has_nothing_twice(
    cell_table, cell_records, cell_plate, tmp_path
):
    given, root = tmp_path / "given.pickle", tmp_path / "records"
    given.write_bytes(pickle.dumps((cell_table, cell_plate.CONFIG)))
    words = [sys.executable, "-c", SLOW_BUILD, str(given), str(root)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not list(root.glob("P1/hcs/bags/incomplete.*")):
            assert process.poll() is None, "the build ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGKILL)
    assert verify_root(root)[0].faults
    (folder,) = build_plates(cell_table, root, "hcs", "bags", config=cell_plate.CONFIG)
    assert not any(one.faults for one in verify_root(root))
    assert [path.name for path in folder.parent.iterdir()] == ["1.0.0"]
    undisturbed = read_manifest(cell_records / "P1/hcs/bags/1.0.0")
    assert read_manifest(folder).files.keys() == undisturbed.files.keys()
    assert shards(read_manifest(folder)) == shards(undisturbed)
    assert read_manifest(folder).records == 6


def shards(manifest):
    """The checksums of the shards."""
    return {
        name: listed.sha256 for name, listed in manifest.files.items() if listed.records is not None
    }
