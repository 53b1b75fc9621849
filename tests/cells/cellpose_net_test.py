"""The real Cellpose 3: a small net is trained, then run through `segment` and `build`.

Skips where Cellpose is not installed; `make test-cellpose` installs it and runs these.
"""

import dataclasses
import json

import cv2
import numpy as np
import pandas as pd
import pytest

from cellscreen.cells.matching import match_objects
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.cells.segmentation import segment
from cellscreen.errors import ConfigError

HOW = "Cellpose 3 and torch are not installed: `make test-cellpose`, docs/decisions/cellpose.md"
torch = pytest.importorskip("torch", reason=HOW)
pytest.importorskip("cellpose", reason=HOW)

CHANNELS = ("Mito", "AGP", "RNA")


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """The weights of the usual net, trained for half a minute on four fields of four discs."""
    from cellpose import models, train

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine its threads wait for one another
    torch.manual_seed(0)
    images, labels = zip(*[_field(seed, 2) for seed in range(4)], strict=True)
    model = models.CellposeModel(gpu=False, pretrained_model=False)
    path = train.train_seg(
        model.net,
        train_data=list(images),
        train_labels=list(labels),
        channels=[0, 0],
        n_epochs=40,
        batch_size=4,
        bsize=64,
        min_train_masks=1,
        save_path=str(tmp_path_factory.mktemp("net")),  # must exist
        model_name="small",
    )[0]
    yield str(path)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def found(net):
    """A new field, its true labels, and what the net finds by paper 002's settings."""
    image, given = _field(9, 3)
    return image, given, segment(image, SegmentConfig(method="cellpose", weights=net))


@pytest.mark.slow
def test_most_discs_are_found(found):
    image, given, cells = found
    assert cells.labels.shape == image.shape
    assert cells.labels.max() == cells.counts.kept == len(cells.centres)
    assert match_objects(cells.labels, given).matched >= 6  # of 9
    assert list(cells.compartments) == ["Cells"]


@pytest.mark.slow
def test_flows_lead_to_the_middle_and_the_third_plane_is_high_in_cells(found):
    image, given, cells = found
    assert cells.flows.shape == (3, *image.shape)
    assert cells.flows.dtype == np.float32
    assert np.isfinite(cells.flows).all()
    inside, ground = cells.flows[2][given > 0], cells.flows[2][given == 0]
    assert np.median(inside) > 0 > np.median(ground)
    for number in range(1, 10):
        ys, xs = np.nonzero(given == number)
        flow = cells.flows[:2, ys, xs]
        assert (flow * [ys.mean() - ys, xs.mean() - xs]).sum() > 0
    assert 2 < np.hypot(*cells.flows[:2])[given > 0].mean() < 8  # trained towards a length of 5


@pytest.mark.slow
def test_no_diameter_is_that_of_the_cells_it_was_trained_on(net, found):
    trained_on = float(torch.load(net, weights_only=True)["diam_labels"])
    assert trained_on == pytest.approx(20, abs=2)
    stated = SegmentConfig(method="cellpose", weights=net, diameter_px=trained_on)
    np.testing.assert_array_equal(segment(found[0], stated).labels, found[2].labels)
    larger = dataclasses.replace(stated, diameter_px=2 * trained_on)
    assert (segment(found[0], larger).flows != found[2].flows).any()


@pytest.mark.slow
def test_a_field_of_ground_has_flows_and_may_have_no_cell(net):
    config = SegmentConfig(method="cellpose", weights=net, cellprob_threshold=0.0)
    empty = segment(np.full((64, 64), 20, np.uint8), config)
    assert empty.flows.shape == (3, 64, 64)
    assert empty.centres.shape == (empty.counts.kept, 2)


@pytest.mark.slow
def test_records_of_paper_002_hold_mask_flow_and_features(net, tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    from cellscreen.datasets.cpjump1.cpjump1_dataset_builder import PAPER_002
    from cellscreen.plates.table import read_plate_table
    from cellscreen.records.build import build_plates

    table = read_plate_table(_write_site(tmp_path / "images"))
    config = dataclasses.replace(
        PAPER_002, segment=dataclasses.replace(PAPER_002.segment, weights=net)
    )
    (folder,) = build_plates(table, tmp_path / "records", "cpjump1", "paper_002", config=config)
    opened = tfds.builder_from_directory(folder)
    records = list(opened.as_dataset(split="fields").as_numpy_iterator())
    assert len(records) >= 6
    middle = np.floor(np.median(_planes(), axis=0) + 0.5).astype(np.uint8)
    whole = segment(middle, config.segment)
    for number, record in enumerate(records, 1):
        left, top, right, bottom = record["box"]
        window = np.s_[top:bottom, left:right]
        mask = np.frombuffer(record["mask"], "u1").reshape(bottom - top, right - left)
        np.testing.assert_array_equal(mask == 1, whole.labels[window] == number)
        flow = np.frombuffer(record["flow"], "<f4").reshape(*mask.shape, record["flow_planes"])
        np.testing.assert_array_equal(flow, np.moveaxis(whole.flows[:, *window], 0, -1))
        assert json.loads(record["metadata_json"])["Metadata_CoreFileName"] == "r01c01f01"
    assert "Cells_AreaShape_Area" in opened.info.metadata["feature_names"]


@pytest.mark.parametrize("content", [b"no weights", b""])
def test_a_file_that_is_no_weights_is_told(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(ConfigError, match="Expected weights of a Cellpose 3 net"):
        segment(np.zeros((9, 9), np.uint8), _config(tmp_path / "w"))


def test_weights_of_another_net_are_told(tmp_path):
    torch.save({"output.weight": torch.zeros(3)}, tmp_path / "w")
    with pytest.raises(ConfigError, match=r"Expected weights of a Cellpose 3 net;.*those of 4 do"):
        segment(np.zeros((9, 9), np.uint8), _config(tmp_path / "w"))


def test_a_path_that_does_not_exist_is_an_error_where_cellpose_would_take_its_own(tmp_path):
    with pytest.raises(ConfigError, match=r"there is none.*no other weights are taken"):
        segment(np.zeros((9, 9), np.uint8), _config(tmp_path / "mine.pt"))


def _config(weights):
    return SegmentConfig(method="cellpose", weights=str(weights))


def _field(seed, side):
    """A field of `side`² discs, 32 pixels apart, and their labels."""
    random = np.random.default_rng(seed)
    shape = (32 * side, 32 * side)
    image, labels = np.full(shape, 20, np.uint8), np.zeros(shape, np.int32)
    for number in range(side**2):
        centre = [int(16 + 32 * place + random.integers(-3, 4)) for place in divmod(number, side)]
        radius = int(random.integers(9, 12))
        cv2.circle(image, centre, radius, 180, -1)
        cv2.circle(labels, centre, radius, number + 1, -1)
    return image, labels


def _planes():
    """Three channels of one field, whose median is none of them."""
    image, _ = _field(9, 3)
    return np.stack([image // 2, image, np.roll(image, 1, axis=0)])


def _write_site(folder):
    """A site of three channels, called as CPJUMP1's."""
    folder.mkdir()
    names = [f"r01c01f01p01-ch{number}sk1fk1fl1.tiff" for number in (1, 2, 3)]
    for name, plane in zip(names, _planes(), strict=True):
        cv2.imwrite(str(folder / name), plane)
    table = pd.DataFrame({"path": names, "channel": CHANNELS})
    table.assign(plate="BR1", well="A01", site=1).to_csv(folder / "images.csv", index=False)
    return folder
