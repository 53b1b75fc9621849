import json
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf

from cellscreen import commands
from cellscreen.cells.crops import crop_cells
from cellscreen.errors import ConfigError, ScoreError
from cellscreen.fitting import run_folder
from cellscreen.images.scale import to_uint8
from cellscreen.pipelines.records import prepared_plates
from cellscreen.serving.bags.export import crop_hash
from cellscreen.serving.bags.scoring import score_bags
from cellscreen.serving.export import export_run
from cellscreen.serving.openers import open_model
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference

DRUG = "Score_toxicity_drug"
CENTRES = np.array([(20.2, 20.5), (60.5, 29.49), (40.0, 70.0), (2.0, 95.0)])
LOWS, HIGHS = [100, 150], [3100, 2950]


@pytest.fixture(scope="module")
def exported(bag_run, tmp_path_factory):
    return export_run(bag_run, tmp_path_factory.mktemp("bag_model"))


@pytest.fixture(scope="module")
def served(exported):
    return tf.saved_model.load(str(exported)).signatures


@pytest.fixture(scope="module")
def planes(bag_records):
    """The field P1/A01/1, `(channels, height, width)` uint16."""
    folder = bag_records.parent / "images" / "P1"
    return np.stack(
        [
            cv2.imread(str(folder / f"A01_1_{name}.png"), cv2.IMREAD_UNCHANGED)
            for name in ("DNA", "ER")
        ]
    )


def expected_of(bag_run, crops8, name="answer"):
    """The mean over both nets of their answers to all crops as one set."""
    nets = [run_folder.load_fold(bag_run, fold) for fold in (0, 1)]
    each = [SetInference(net, 3, InferenceConfig()).attend(crops8)[name] for net in nets]
    return np.mean(each, axis=0)


def scaled(raw, lows=LOWS, highs=HIGHS):
    parts = [to_uint8(raw[..., k], lows[k], highs[k]) for k in range(raw.shape[-1])]
    return np.stack(parts, axis=-1)


def test_a_field_is_answered_as_the_pipeline_does(served, bag_run, planes):
    raw = crop_cells(planes, CENTRES, 16).pixels
    found = served["serve_field"](
        field=tf.constant(np.moveaxis(planes, 0, -1)),
        centres=tf.constant(CENTRES, tf.float64),
        low=tf.constant(LOWS),
        high=tf.constant(HIGHS),
    )
    crops8 = scaled(raw)
    assert found["probabilities"].shape == (2,)
    np.testing.assert_allclose(found["probabilities"], expected_of(bag_run, crops8), atol=1e-5)
    attention = expected_of(bag_run, crops8, "attention")
    np.testing.assert_allclose(found["attention"], attention, atol=1e-5)
    assert float(tf.reduce_sum(found["attention"])) == pytest.approx(1, abs=1e-5)


def test_bags_of_different_sizes_and_scales_are_answered_as_the_pipeline_does(served, bag_run):
    generator = np.random.default_rng(0)
    raw = generator.integers(0, 4096, (3, 5, 16, 16, 2)).astype(np.uint16)
    real = [5, 2, 1]
    mask = np.arange(5) < np.array(real)[:, None]
    lows, highs = [[0, 0], [10, 200], [5, 0]], [[4095, 4095], [3000, 1000], [255, 4095]]
    found = served["serve_bags"](
        crops=tf.constant(raw),
        mask=tf.constant(mask),
        low=tf.constant(lows),
        high=tf.constant(highs),
    )
    for bag, count in enumerate(real):
        crops8 = scaled(raw[bag, :count], lows[bag], highs[bag])
        expected = expected_of(bag_run, crops8)
        np.testing.assert_allclose(found["probabilities"][bag], expected, atol=1e-5)
        attention = np.zeros(5)
        attention[:count] = expected_of(bag_run, crops8, "attention")
        np.testing.assert_allclose(found["attention"][bag], attention, atol=1e-5)


def test_signatures_of_8_bit_pixels_answer_alike(served, planes):
    field = np.moveaxis(planes >> 8, 0, -1)
    centres, low, high = tf.constant(CENTRES, tf.float64), tf.constant([0, 0]), tf.constant([20, 9])
    given = {"centres": centres, "low": low, "high": high}
    wide = served["serve_field"](field=tf.constant(field), **given)
    narrow = served["serve_field_uint8"](field=tf.constant(field.astype(np.uint8)), **given)
    np.testing.assert_allclose(narrow["probabilities"], wide["probabilities"], atol=1e-6)
    crops = np.moveaxis(crop_cells(planes >> 8, CENTRES, 16).planes, 1, -1)[None]
    mask = tf.ones((1, 4), tf.bool)
    given = {"mask": mask, "low": low[None], "high": high[None]}
    bags = served["serve_bags"](crops=tf.constant(crops), **given)
    bytes_ = served["serve_bags_uint8"](crops=tf.constant(crops.astype(np.uint8)), **given)
    np.testing.assert_allclose(bags["probabilities"][0], wide["probabilities"], atol=1e-5)
    np.testing.assert_allclose(bytes_["probabilities"], bags["probabilities"], atol=1e-6)


def test_many_cells_go_through_the_encoder_in_parts(served, bag_run):
    crops = np.random.default_rng(1).integers(0, 256, (1, 131, 16, 16, 2)).astype(np.uint8)
    scale = {"low": tf.constant([[0, 0]]), "high": tf.constant([[255, 255]])}
    mask = tf.ones((1, 131), tf.bool)
    found = served["serve_bags_uint8"](crops=tf.constant(crops), mask=mask, **scale)
    expected = expected_of(bag_run, crops[0])
    np.testing.assert_allclose(found["probabilities"][0], expected, atol=1e-5)


def test_a_field_without_cells_has_no_answer(served):
    found = served["serve_field"](
        field=tf.zeros((30, 20, 2), tf.uint16),
        centres=tf.zeros((0, 2), tf.float64),
        low=tf.constant([0, 0]),
        high=tf.constant([9, 9]),
    )
    assert np.isnan(found["probabilities"]).all()
    assert found["attention"].shape == (0,)


def test_a_bag_whose_crops_are_all_padding_is_refused(served):
    given = {
        "crops": tf.zeros((2, 3, 16, 16, 2), tf.uint16),
        "mask": tf.constant([[True, False, False], [False, False, False]]),
        "low": tf.zeros((2, 2), tf.int32),
        "high": tf.ones((2, 2), tf.int32),
    }
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected a real crop"):
        served["serve_bags"](**given)


def test_a_scale_that_cannot_be_is_refused(served):
    given = {
        "field": tf.zeros((30, 20, 2), tf.uint16),
        "centres": tf.zeros((1, 2), tf.float64),
        "low": tf.constant([0, 5]),
    }
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected 0 <= low < high"):
        served["serve_field"](high=tf.constant([9, 5]), **given)


def test_the_model_loads_in_plain_tensorflow(exported):
    code = (
        "import sys; sys.modules['keras'] = None; import tensorflow as tf;"
        f"m = tf.saved_model.load({str(exported)!r}).signatures;"
        "f = m['serve_field'](field=tf.ones((32, 40, 2), tf.uint16), low=tf.constant([0, 0]),"
        " high=tf.constant([9, 9]), centres=tf.constant([[3., 4.]], tf.float64));"
        "b = m['serving_default'](crops=tf.ones((1, 2, 16, 16, 2), tf.uint16),"
        " mask=tf.constant([[True, True]]), low=tf.constant([[0, 0]]), high=tf.constant([[9, 9]]));"
        "print(float(f['probabilities'][0]), float(b['probabilities'][0, 0]),"
        " 'cellscreen' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    field, bag, imported = done.stdout.split()
    assert 0 < float(field) < 1
    assert 0 < float(bag) < 1
    assert imported == "False"


def test_the_export_says_what_it_is(exported):
    about = json.loads((exported / "assets.extra/cellscreen.json").read_text())
    assert about["kind"] == "bags"
    assert about["channel_names"] == ["DNA", "ER"]
    assert about["crop_size"] == 16
    assert about["classes"] == ["DMSO", "drug"]
    assert about["outputs"] == {"probabilities": ["Score_toxicity_DMSO", DRUG]}
    assert about["bag_input"] == {"bag_crops": 3, "bag_unit": "well"}
    assert about["inference"]["sets"] == 6
    assert about["preprocessing_hash"] == crop_hash(16, ("DNA", "ER"))
    assert about["preprocessing_hash"] != crop_hash(16, ("ER", "DNA"))
    assert about["model_id"].startswith("small_transformer-mean-")


def test_the_export_scores_new_plates_as_the_run_does(exported, bag_run, build_bags, tmp_path):
    folders = prepared_plates(build_bags(tmp_path, ["P3"], brighter=2), "hcs", "bags")
    by_run = score_bags(open_model(bag_run), folders)
    by_export = score_bags(open_model(exported.parent), folders)
    for column in (DRUG, f"{DRUG}_sd"):
        np.testing.assert_allclose(by_export[column], by_run[column], atol=1e-5)
    assert by_export["fold"].isna().all()
    assert set(by_export["model_id"]) == set(by_run["model_id"])


def test_the_export_refuses_bags_it_was_trained_on_whole_or_in_part(exported, bag_records):
    folders = prepared_plates(bag_records, "hcs", "bags")
    for level in ("well", "image"):
        with pytest.raises(ScoreError, match=r"trained on images of this well.*well A01"):
            score_bags(open_model(exported), folders, level)


@pytest.mark.slow
def test_the_export_of_one_fold_scores_what_it_held_out(bag_run, bag_records, tmp_path):
    version = export_run(bag_run, tmp_path / "model", fold=1)
    folders = prepared_plates(bag_records, "hcs", "bags")
    by_export = score_bags(open_model(version), folders, where="Plate=P2")
    by_run = score_bags(open_model(bag_run), folders, where="Plate=P2")
    np.testing.assert_allclose(by_export[DRUG], by_run[DRUG], atol=1e-5)


def test_the_export_refuses_other_channels(exported, bag_records, tmp_path):
    version = shutil.copytree(exported, tmp_path / "1")
    path = version / "assets.extra/cellscreen.json"
    about = json.loads(path.read_text()) | {"channel_names": ["ER", "DNA"]}
    path.write_text(json.dumps(about))
    with pytest.raises(ConfigError, match=r"channels ER, DNA in this order.* 16 px and DNA, ER"):
        score_bags(open_model(version), prepared_plates(bag_records, "hcs", "bags"))


@pytest.mark.slow
def test_an_export_of_log_dose_answers_a_value(write_bag_run, bag_records, tmp_path):
    data = {"target": "log_dose", "label_column": ""}
    run = write_bag_run(tmp_path / "run", data, outputs=1, answer="value")
    assert commands.main(["export", f"--run={run}", f"--output={tmp_path / 'model'}"]) == 0
    loaded = tf.saved_model.load(str(tmp_path / "model" / "1"))
    assert set(loaded.signatures["serve_bags"].structured_outputs) == {"value", "attention"}
