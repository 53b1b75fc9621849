"""Cellpose's weights, versions and arguments; a stand-in takes the place of its net.

`cellpose_net_test.py` runs the real one.
"""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from cellscreen.cells import cellpose
from cellscreen.cells.place import Place
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.cells.segmentation import segment
from cellscreen.errors import ConfigError


def _config(weights):
    return SegmentConfig(method="cellpose", weights=str(weights))


def test_weights_that_do_not_exist_are_an_error_and_no_others_are_taken(tmp_path):
    text = r"Expected a file of Cellpose weights; there is none\. \[file .*mine\.pt\] Correct"
    with pytest.raises(ConfigError, match=text):
        cellpose.weights_path(str(tmp_path / "mine.pt"))


@pytest.mark.parametrize(
    ("name", "file"), [("cyto3", "cyto3"), ("nuclei", "nucleitorch_0"), ("cyto2", "cyto2torch_0")]
)
def test_a_model_by_name_lies_in_cellposes_folder_or_is_told(tmp_path, monkeypatch, name, file):
    monkeypatch.setenv("CELLPOSE_LOCAL_MODELS_PATH", str(tmp_path))
    text = rf"{name} are not on this machine.*Fetch https://www.cellpose.org/models/{file}, put it"
    with pytest.raises(ConfigError, match=text):
        cellpose.weights_path(name)
    (tmp_path / file).write_bytes(b"x")
    assert cellpose.weights_path(name) == tmp_path / file


def test_without_cellpose_it_is_said_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "w").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "cellpose.models", None)
    with pytest.raises(ConfigError, match=r"needs Cellpose 3 and torch\. Install it as docs"):
        segment(np.zeros((9, 9), np.uint8), _config(tmp_path / "w"))


def test_cellpose_4_is_told(tmp_path, monkeypatch):
    (tmp_path / "w").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "cellpose", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "cellpose.models", SimpleNamespace())
    monkeypatch.setattr(cellpose.importlib.metadata, "version", lambda name: "4.2.1.1")
    with pytest.raises(ConfigError, match=r"Expected Cellpose 3; 4\.2\.1\.1 is installed"):
        segment(np.zeros((9, 9), np.uint8), _config(tmp_path / "w"))


def _standing_in(monkeypatch, stored, evaluated, made=None):
    """Puts a model that records its arguments in Cellpose's place."""

    class CellposeModel:
        def __init__(self, **given):
            (made if made is not None else []).append(given)
            self.net = SimpleNamespace(state_dict=lambda: {"a": 1, "b": 1, "diam_mean": 1})

        def eval(self, image, **given):
            evaluated.append(given)
            masks = np.zeros(image.shape, np.uint16)
            masks[2:6, 2:6] = 1
            flows = [None, np.ones((2, *image.shape)), np.full(image.shape, 3.0)]
            return masks, flows, None

    torch = SimpleNamespace(load=lambda path, **given: stored)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "cellpose", SimpleNamespace())
    models = SimpleNamespace(CellposeModel=CellposeModel)
    monkeypatch.setitem(sys.modules, "cellpose.models", models)
    monkeypatch.setattr(cellpose.importlib.metadata, "version", lambda name: "3.1.1.3")


def test_settings_of_paper_002_are_handed_on_and_flows_kept(tmp_path, monkeypatch):
    evaluated = []
    _standing_in(monkeypatch, {"a": 1, "b": 1}, evaluated)
    (tmp_path / "w").write_bytes(b"x")
    found = segment(np.zeros((9, 8), np.uint8), _config(tmp_path / "w"))
    assert evaluated[0]["flow_threshold"] == 0.7
    assert evaluated[0]["cellprob_threshold"] == -5
    assert evaluated[0]["diameter"] is None
    assert list(found.compartments) == ["Cells"]
    assert found.centres.tolist() == [[3.5, 3.5]]
    assert found.flows.shape == (3, 9, 8)
    assert found.flows[2, 0, 0] == 3


def test_weights_that_fit_only_in_part_are_told(tmp_path, monkeypatch):
    _standing_in(monkeypatch, {"a": 1}, [])
    (tmp_path / "w").write_bytes(b"xy")
    with pytest.raises(ConfigError, match=r"weights of a Cellpose 3 net; it lacks 1 layers, b the"):
        segment(np.zeros((9, 9), np.uint8), _config(tmp_path / "w"))


def test_the_net_is_loaded_once_and_anew_when_its_file_has_changed(tmp_path, monkeypatch):
    made = []
    _standing_in(monkeypatch, {"a": 1, "b": 1}, [], made)
    file = tmp_path / "w"
    file.write_bytes(b"x")
    for _ in range(3):
        segment(np.zeros((9, 8), np.uint8), _config(file))
    assert [given["pretrained_model"] for given in made] == [str(file)]
    file.write_bytes(b"other")
    segment(np.zeros((9, 8), np.uint8), _config(file))
    assert len(made) == 2


def test_a_diameter_in_um_reaches_cellpose_in_pixels(tmp_path, monkeypatch):
    evaluated = []
    _standing_in(monkeypatch, {"a": 1, "b": 1}, evaluated)
    (tmp_path / "w").write_bytes(b"x")
    config = SegmentConfig(method="cellpose", weights=str(tmp_path / "w"), diameter_um=12)
    segment(np.zeros((9, 8), np.uint8), config, Place(pixel_size_um=0.6))
    assert evaluated[0]["diameter"] == 20
