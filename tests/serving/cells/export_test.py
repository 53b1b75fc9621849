"""An exported net of cells answers as the pipeline does, from crops and from a raw field."""

import dataclasses
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from cellscreen.cells.label_flows import flows_of_labels
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_nets import build_cell_net
from cellscreen.models.tabular_branch import adapt_table
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_pixels import net_crops
from cellscreen.pipelines.cell_planes import plane_names
from cellscreen.plates.table import read_plate_table
from cellscreen.records.cells import cells_examples, decode_cell, feature_names
from cellscreen.records.field_cells import find_cells
from cellscreen.records.planes import read_planes
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.serving.cells.export import describe_cells, write_cell_model
from cellscreen.training.cells.config import CellDataConfig, CellsConfig

SIZE, OUTPUTS = 12, 3
CHANNELS = ("DNA", "ER")
MEASURED = ("Nuclei_AreaShape_Solidity", "Nuclei_Intensity_MeanIntensity_ER")
GIVEN = "Nuclei_Intensity_MedianIntensity_DNA"
INPUT = CellInput(SIZE, "pad")
NETS = {
    "mask and flow": CellNetConfig(
        branches=("mask", "flow"), table_features=(MEASURED[0], GIVEN, MEASURED[1]), cell_width=4
    ),
    "intensity": CellNetConfig(
        branches=("intensity",), table_features=MEASURED, cell_backbone="plain", cell_width=4
    ),
    "table": CellNetConfig(branches=(), table_features=MEASURED),
    "mask": CellNetConfig(branches=("mask",), cell_width=4),
}


@pytest.fixture(scope="module")
def field(tmp_path_factory, cell_plate):
    """Planes, labels, cells, names of features and boxes of P1/B01/1, as records have them."""
    folder = cell_plate.write_cell_plate(tmp_path_factory.mktemp("plate"))
    table = read_plate_table(folder).query("Metadata_Well == 'B01' and Metadata_Site == '1'")
    planes = read_planes(rows_of(table))
    config = dataclasses.replace(
        cell_plate.CONFIG, flows="from_labels", feature_groups=("shape", "levels", "spread")
    )
    found = find_cells(planes, config.segment)
    labels = found.labels.copy()
    for number, (left, top, right, _) in enumerate(found.boxes, 1):
        cut = labels[top : top + 2 * number, left:right]  # discs are alike: cut each at its own row
        cut[:-1][cut[:-1] == number] = 0
        cut[:, : right - left - 7][cut[:, : right - left - 7] == number] = 0
    found = dataclasses.replace(found, compartments={"Nuclei": labels})
    names = feature_names(planes, found, config.feature_groups)
    examples = list(cells_examples(planes, found, config))
    cells = [decode_cell(example) for example in examples]
    return planes, labels, cells, names, [example["box"].tolist() for example in examples]


def tiny(config, seed):
    keras.utils.set_random_seed(seed)
    net = build_cell_net(config, SIZE, plane_names(config.branches, CHANNELS), OUTPUTS)
    generator = np.random.default_rng(seed)
    for weight in net.trainable_variables:
        weight.assign(weight + generator.normal(0, 0.2, weight.shape).astype(np.float32))
    if config.table_features:
        count = len(config.table_features)
        adapt_table(net, np.linspace(0.9, 900, count), np.linspace(0.01, 9e4, count))
    return net


def config_of(net_config, **data):
    return CellsConfig(
        CellDataConfig("records", classes=("a", "b", "c"), **data),
        cell_input=INPUT,
        net_config=net_config,
    )


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    said = {"channels": CHANNELS, "compartments": ["Nuclei"], "flows": "from labels"}
    (folder / "fields.json").write_text(json.dumps(said))
    return folder


@pytest.fixture(scope="module", params=NETS)
def exported(request, workdir, tmp_path_factory):
    """The name of a net, two of it, and the model that was exported."""
    config = NETS[request.param]
    nets = [tiny(config, seed) for seed in (0, 1)]
    folder = tmp_path_factory.mktemp("model")
    write_cell_model(nets, config_of(config), workdir, folder)
    return config, nets, tf.saved_model.load(str(folder)).signatures


def pipeline_inputs(config, cells, names):
    """What the pipeline gives a net of the field's cells."""
    crops = [net_crops(cell, config.branches, INPUT, CHANNELS) for cell in cells]
    inputs = {name: tf.stack([one[name] for one in crops]) for name in config.branches}
    places = [names.index(name) for name in config.table_features]
    if places:
        inputs["table"] = tf.stack([tf.gather(cell.measured, places) for cell in cells])
    return inputs


def raw_inputs(config, field, signature):
    planes, labels, cells, names, _ = field
    given = {
        "field": tf.constant(np.moveaxis(planes.pixels, 0, -1)),
        "low": tf.constant(planes.lows, tf.int32),
        "high": tf.constant(planes.highs, tf.int32),
        "labels": tf.constant(labels * 5),
        "flows": tf.constant(np.moveaxis(flows_of_labels(labels), 0, -1)),
        "table": tf.stack([cell.measured[names.index(GIVEN)][None] for cell in cells]),
    }
    return {name: given[name] for name in signature.structured_input_signature[1]}


def test_crops_and_features_are_answered_as_by_the_nets(exported, field):
    config, nets, served = exported
    inputs = pipeline_inputs(config, *field[2:4])
    expected = np.mean([net(inputs, training=False) for net in nets], axis=0)
    found = served["serve_cells"](**inputs)["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert len(np.unique(np.round(expected, 4), axis=0)) > 1  # or cells could be exchanged
    again = served["serving_default"](**inputs)["probabilities"]
    np.testing.assert_array_equal(again, found)


def test_a_raw_field_is_answered_as_the_pipeline_does(exported, field):
    config, nets, served = exported
    inputs = pipeline_inputs(config, *field[2:4])
    expected = np.mean([net(inputs, training=False) for net in nets], axis=0)
    found = served["serve_field"](**raw_inputs(config, field, served["serve_field"]))
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)
    assert found["object_ids"].numpy().tolist() == [5, 10, 15, 20]
    assert found["boxes"].numpy().tolist() == field[4]
    if config.table_features:
        np.testing.assert_allclose(found["table"], inputs["table"], rtol=1e-6)


def test_what_a_net_does_not_take_is_no_input(exported):
    config, _, served = exported
    names = set(served["serve_field"].structured_input_signature[1])
    assert ("flows" in names) == ("flow" in config.branches)
    assert ("table" in names) == (GIVEN in config.table_features)
    assert names >= {"field", "low", "high", "labels"}


def test_a_field_without_cells_has_no_answer(exported, field):
    config, _, served = exported
    given = raw_inputs(config, field, served["serve_field"])
    given["labels"] = tf.zeros_like(given["labels"])
    if "table" in given:
        given["table"] = given["table"][:0]
    found = served["serve_field"](**given)
    assert found["probabilities"].shape == (0, OUTPUTS)
    assert found["object_ids"].shape == (0,)


@pytest.fixture(scope="module")
def mask_and_flow(workdir, tmp_path_factory):
    config = NETS["mask and flow"]
    folder = tmp_path_factory.mktemp("model")
    write_cell_model([tiny(config, 0)], config_of(config), workdir, folder)
    return folder


@pytest.fixture(scope="module")
def served(mask_and_flow):
    return tf.saved_model.load(str(mask_and_flow)).signatures


def test_8_bit_fields_are_answered_alike(served, field):
    given = raw_inputs(NETS["mask and flow"], field, served["serve_field"])
    given["field"] //= 16
    given |= {"low": tf.constant([0, 0]), "high": tf.constant([255, 200])}
    wide = served["serve_field"](**given)
    given["field"] = tf.cast(given["field"], tf.uint8)
    narrow = served["serve_field_uint8"](**given)
    np.testing.assert_allclose(narrow["probabilities"], wide["probabilities"], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "change", "text"),
    [
        ("labels", lambda x: x[1:], "Expected labels as high and wide as the field"),
        ("flows", lambda x: x[:, :-1], "Expected flows as high and wide as the field"),
        ("flows", lambda x: x[..., :2], "Expected a flow of 3 or 4 planes"),
        ("table", lambda x: x[1:], "Expected a row of the table for each cell"),
    ],
)
def test_what_does_not_fit_the_field_is_refused(served, field, name, change, text):
    given = raw_inputs(NETS["mask and flow"], field, served["serve_field"])
    given[name] = change(given[name])
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        served["serve_field"](**given)


def test_the_model_loads_in_plain_tensorflow(mask_and_flow):
    code = (
        "import sys; sys.modules['keras'] = None; import tensorflow as tf;"
        f"m = tf.saved_model.load({str(mask_and_flow)!r}).signatures;"
        "f = m['serve_field'](field=tf.ones((9, 8, 2), tf.uint16), low=tf.constant([0, 0]),"
        " high=tf.constant([9, 9]), labels=tf.eye(9, 8, dtype=tf.int32) * 4,"
        " flows=tf.zeros((9, 8, 3)), table=tf.constant([[3.]]));"
        "print(f['probabilities'].shape, 'cellscreen' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["(1,", "3)", "False"]


def test_what_is_told_of_the_model(workdir):
    config = NETS["mask and flow"]
    about = describe_cells([tiny(config, 0)], config_of(config), workdir)
    assert about["kind"] == "cells"
    assert about["outputs"] == {"probabilities": [f"Score_compound_{name}" for name in "abc"]}
    assert about["channel_names"] == ["DNA", "ER"]
    assert about["fields"]["flows"] == "from labels"
    assert about["measured_features"] == list(MEASURED)
    assert about["given_features"] == [GIVEN]
    assert about["planes"]["mask"] == ["own", "other", "outline", "depth"]
    assert about["config"]["cell_input"]["cell_fit"] == "pad"
    other = config_of(config, cell_table="cellprofiler.parquet")
    assert describe_cells([tiny(config, 0)], other, workdir)["measured_features"] == []
