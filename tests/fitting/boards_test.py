import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.plugins.hparams import plugin_data_pb2

from cellscreen.fitting.boards import tiles, write_answers, write_hparams, write_inputs

CLASSES = ("normoxia", "hypoxia")
ANSWERS = pd.DataFrame(
    {
        "label": [0, 1, 1, -1],
        "p_normoxia": [0.9, 0.2, 0.6, 0.5],
        "p_hypoxia": [0.1, 0.8, 0.4, 0.5],
    }
)


def values(folder):
    """The last value of every tag in the event files of a folder."""
    found = {}
    for path in sorted(folder.glob("events*")):
        for event in event_file_loader.EventFileLoader(str(path)).Load():
            found |= {value.tag: value for value in event.summary.value}
    return found


def pictures(value):
    return [tf.io.decode_png(png).numpy() for png in value.tensor.string_val[2:]]


def scalar(value):
    return tf.make_ndarray(value.tensor).item()


def settings(found):
    content = found["_hparams_/session_start_info"].metadata.plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    return {
        name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()
    }, start.group_name


def fitted(folder, answers=ANSWERS):
    """What is written when a fit begins, and after it ended."""
    inputs = {"raw": np.full((2, 4, 4, 1), 0.25, np.float32), "augmented": np.zeros((1, 4, 4, 5))}
    write_inputs(folder, inputs)
    begun = values(folder)
    write_answers(folder, CLASSES, answers, {"net": "plain", "classes": CLASSES}, epoch=3)
    return begun, values(folder)


def test_inputs_are_there_from_the_start_and_answers_at_the_end(tmp_path):
    begun, ended = fitted(tmp_path)
    assert set(begun) == {"inputs/raw", "inputs/augmented"}
    raw = pictures(begun["inputs/raw"])
    assert [picture.shape for picture in raw] == [(4, 4, 1)] * 2
    assert raw[0][0, 0, 0] == pytest.approx(0.25 * 255, abs=1)
    assert pictures(begun["inputs/augmented"])[0].shape == (4, 20, 1)
    for name in ("confusion_matrix", "roc", "precision_recall", "reliability"):
        assert pictures(ended[f"held_out/{name}"])[0].shape == (320, 320, 3)


def test_figures_of_labelled_answers_go_to_the_hparams_tab(tmp_path):
    _, ended = fitted(tmp_path)
    assert scalar(ended["final/accuracy"]) == pytest.approx(2 / 3)
    assert settings(ended)[0] == {"net": "plain", "classes": "normoxia, hypoxia"}


def test_undefined_figures_are_left_out(tmp_path):
    _, ended = fitted(tmp_path, ANSWERS[ANSWERS["label"] == 0])
    assert scalar(ended["final/accuracy"]) == 1
    assert "final/auroc" not in ended


def test_answers_that_are_no_numbers_draw_nothing(tmp_path):
    _, ended = fitted(tmp_path, ANSWERS.assign(p_hypoxia=np.nan))
    assert not [tag for tag in ended if tag.startswith(("held_out", "final"))]


def test_a_fit_without_held_out_images_writes_no_answers(tmp_path):
    begun, ended = fitted(tmp_path, ANSWERS[:0])
    assert set(ended) == set(begun)


def test_settings_of_any_kind_become_flat_and_equal_ones_one_group(tmp_path):
    given = {"epochs": 3, "rate": 0.5, "where": "", "mixup": True, "steps": [1, 2], "seed": None}
    for name in ("a", "b"):
        write_hparams(tmp_path / name, given, {"f1": 0.5})
    found, group = settings(values(tmp_path / "a"))
    assert found == given | {"steps": "1, 2", "seed": ""}
    assert group == settings(values(tmp_path / "b"))[1]
    write_hparams(tmp_path / "c", given | {"epochs": 4}, {})
    assert group != settings(values(tmp_path / "c"))[1]


def test_channels_stand_side_by_side():
    images = np.arange(8).reshape(1, 2, 2, 2)
    assert tiles(images)[0, :, :, 0].tolist() == [[0, 2, 1, 3], [4, 6, 5, 7]]
    assert tiles(images[..., :1]).shape == (1, 2, 2, 1)
