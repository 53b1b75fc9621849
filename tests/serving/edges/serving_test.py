import json
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from cellscreen import commands
from cellscreen.errors import ConfigError, ScoreError
from cellscreen.pipelines.folds import read_manifest
from cellscreen.plates.table import read_plate_table
from cellscreen.screening.scores import read_scores
from cellscreen.serving.common.model_files import model_id
from cellscreen.serving.edges.scoring import score_images
from cellscreen.serving.export import export_run
from cellscreen.serving.openers import open_model

HYPOXIC = "Score_hypoxia_hypoxia"


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    return export_run(run, tmp_path_factory.mktemp("model"))


@pytest.fixture
def new_images(cultures, tmp_path):
    """The cultures under another plate name and with one pixel changed: no net has seen them."""
    folder = shutil.copytree(cultures, tmp_path / "new")
    for path in folder.rglob("*.png"):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        image[0, 0] += 1
        cv2.imwrite(str(path), image)
    table = pd.read_csv(folder / "images.csv")
    table["plate"] = "new_" + table["plate"]
    table.to_csv(folder / "images.csv", index=False)
    return folder


def test_a_training_image_is_scored_by_the_net_that_held_it_out(cultures, run):
    scores = score_images(open_model(run), read_plate_table(cultures)).set_index("key")
    manifest = read_manifest(run / "folds.csv").set_index("key")
    assert (scores["fold"] == manifest.loc[scores.index, "fold"]).all()
    for fold in range(3):
        held_out = pd.read_csv(run / f"fold_{fold}/predictions.csv").set_index("key")
        np.testing.assert_allclose(
            scores.loc[held_out.index, HYPOXIC], held_out["p_hypoxia"], atol=1e-5
        )
    assert scores[f"{HYPOXIC}_sd"].isna().all()


def test_a_new_image_gets_the_mean_over_folds(new_images, run):
    scores = score_images(open_model(run), read_plate_table(new_images))
    assert scores["fold"].isna().all()
    assert (scores[f"{HYPOXIC}_sd"] > 0).all()


def test_a_training_image_under_another_name_is_still_out_of_fold(cultures, run):
    table = read_plate_table(cultures).assign(Metadata_Plate="other")
    scores = score_images(open_model(run), table)
    assert scores["fold"].notna().all()


@pytest.fixture
def other_sites(new_images):
    """New images under the names of other sites of the wells that were trained on."""
    table = read_plate_table(new_images)
    table["Metadata_Plate"] = table["Metadata_Plate"].str.removeprefix("new_")
    return table.assign(Metadata_Site="9" + table["Metadata_Site"].astype(str))


def test_a_new_image_of_a_known_well_is_scored_by_the_net_that_held_the_well_out(other_sites, run):
    scores = score_images(open_model(run), other_sites)
    manifest = read_manifest(run / "folds.csv")
    fold_of = dict(zip(manifest["group"], manifest["fold"], strict=True))
    wells = scores["Metadata_Plate"] + "/" + scores["Metadata_Well"]
    assert scores["fold"].tolist() == [fold_of[well] for well in wells]
    assert not scores["Metadata_model_saw_group"].any()


def test_a_new_image_of_a_well_that_is_always_trained_on_is_refused(other_sites, run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    manifest = pd.read_csv(copy / "folds.csv")
    manifest.loc[manifest["group"] == "AC16_normoxia/A01", "fold"] = -1
    manifest.to_csv(copy / "folds.csv", index=False)
    with pytest.raises(ScoreError, match=r"on others of this image's group.*well A01"):
        score_images(open_model(copy), other_sites)


def refolded(run, folder, fold_by):
    """A copy of a run whose folds were by something else, as its files say."""
    copy = shutil.copytree(run, folder)
    config = json.loads((copy / "config.json").read_text())
    config["folds_config"]["fold_by"] = fold_by
    (copy / "config.json").write_text(json.dumps(config))
    manifest = pd.read_csv(copy / "folds.csv")
    if fold_by == "site":
        manifest["fold"] = manifest["Metadata_Site"] % 2  # each well in two folds
        manifest["group"] = manifest["key"]
    else:
        manifest["group"] = manifest[f"Metadata_{fold_by}"]
    manifest.to_csv(copy / "folds.csv", index=False)
    return copy


def test_leaky_folds_by_site_give_new_sites_the_mean_and_say_so(other_sites, run, tmp_path, caplog):
    copy = refolded(run, tmp_path / "run", "site")
    scores = score_images(open_model(copy), other_sites)
    assert scores["fold"].isna().all()
    assert scores["Metadata_model_saw_group"].all()
    assert "24 of 24 images (such as AC16_normoxia/A01/91) are of groups" in caplog.text


def test_a_table_without_the_column_of_the_folds_is_warned_of_once(
    new_images, run, tmp_path, caplog
):
    copy = refolded(run, tmp_path / "run", "operator")
    table = read_plate_table(new_images).drop(columns="Metadata_operator")
    scores = score_images(open_model(copy), table)
    assert scores["fold"].isna().all()
    assert caplog.text.count("no column operator, by which the model's folds were made") == 1


def test_an_export_marks_images_of_a_wider_group_that_it_was_trained_on(
    new_images, run, tmp_path, caplog
):
    version = export_run(refolded(run, tmp_path / "run", "operator"), tmp_path / "model")
    assert (version / "assets.extra/trained_groups.txt").read_text() == "ann\n"
    table = read_plate_table(new_images)
    table.loc[3:, "Metadata_operator"] = "bob"
    scores = score_images(open_model(version), table)
    assert scores["Metadata_model_saw_group"].tolist() == [True] * 3 + [False] * 21
    assert "3 of 24 images" in caplog.text


def test_an_export_from_before_groups_were_written_still_scores(new_images, exported, tmp_path):
    old = shutil.copytree(exported, tmp_path / "1")
    (old / "assets.extra/trained_groups.txt").unlink()
    scores = score_images(open_model(old), read_plate_table(new_images))
    assert not scores["Metadata_model_saw_group"].any()


def test_another_image_under_a_known_key_is_refused(new_images, run):
    table = read_plate_table(new_images)
    table["Metadata_Plate"] = table["Metadata_Plate"].str.removeprefix("new_")
    with pytest.raises(ScoreError, match="knows AC16_normoxia/A01/1 as another image"):
        score_images(open_model(run), table)


def test_the_export_scores_like_the_pipeline(new_images, run, exported):
    table = read_plate_table(new_images)
    by_run = score_images(open_model(run), table)
    by_export = score_images(open_model(exported.parent), table)
    np.testing.assert_allclose(by_export[HYPOXIC], by_run[HYPOXIC], atol=1e-5)
    assert set(by_export["model_id"]) == {model_id(run)}


def test_the_export_refuses_what_it_was_trained_on(cultures, exported):
    table = read_plate_table(cultures)
    with pytest.raises(ScoreError, match=r"was trained on images of this well.*well A01"):
        score_images(open_model(exported), table)
    with pytest.raises(ScoreError, match=r"was trained on this image.*plate other, well A01"):
        score_images(open_model(exported), table.assign(Metadata_Plate="other"))


def test_all_signatures_agree(exported, cultures):
    loaded = tf.saved_model.load(str(exported))
    data = (cultures / "AC16_hypoxia/A01_1.png").read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), 0)
    colour = cv2.imencode(".png", np.stack([image] * 3, -1))[1].tobytes()
    deep = cv2.imencode(".png", image.astype(np.uint16) * 257)[1].tobytes()
    first = loaded.signatures["serving_default"](images=image[None, ..., None])
    assert float(first["p0"][0] + first["p1"][0]) == pytest.approx(1)
    wide = loaded.signatures["serve_uint16"](
        images=tf.constant(image.astype(np.uint16)[None, ..., None] * 257),
        low=tf.constant([0]),
        high=tf.constant([65535]),
    )
    several = loaded.signatures["serve_bytes"](
        data=tf.constant([data, colour, deep]),
        low=tf.constant([0, 0, 0]),
        high=tf.constant([255, 255, 65535]),
    )
    np.testing.assert_allclose(wide["p1"], first["p1"], atol=1e-6)
    np.testing.assert_allclose(several["p1"], [float(first["p1"][0])] * 3, atol=1e-6)


def test_any_size_and_any_batch_is_served(exported):
    serve = tf.saved_model.load(str(exported)).signatures["serving_default"]
    for shape in ((1, 64, 64, 1), (3, 80, 100, 1)):
        assert serve(images=tf.zeros(shape, tf.uint8))["p1"].shape == shape[:1]


def test_the_model_loads_in_plain_tensorflow(exported):
    code = (
        "import sys; sys.modules['keras'] = None; import tensorflow as tf;"
        f"m = tf.saved_model.load({str(exported)!r});"
        "p = m.signatures['serving_default'](images=tf.zeros((1, 64, 64, 1), tf.uint8));"
        "print(float(p['p1'][0]), 'cellscreen' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1:] == ["False"]


def test_the_export_says_what_it_is(exported, run):
    about = json.loads((exported / "assets.extra/cellscreen.json").read_text())
    assert exported.name == "1"
    assert about["classes"] == ["normoxia", "hypoxia"]
    assert about["edge_input"] == {"input_size": 32, "reduce_factor": 2}
    assert about["folds"] == "mean of all"
    assert len(about["preprocessing_hash"]) == 16


def test_versions_count_up_and_one_fold_can_be_exported(run, tmp_path):
    assert [export_run(run, tmp_path, fold).name for fold in (None, 0)] == ["1", "2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
    with pytest.raises(ConfigError, match="a fold of 0, 1, 2; got 3"):
        export_run(run, tmp_path, 3)


def test_what_is_no_model_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"Expected a run folder .* or an exported model"):
        open_model(tmp_path)


def test_an_unfinished_run_is_refused(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(copy / "fold_1")
    with pytest.raises(ConfigError, match="Fold 1 of this run has no finished model"):
        open_model(copy)


def test_the_verbs_score_and_export(cultures, run, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    arguments = [f"--model={run}", f"--images={cultures}", f"--output={output}"]
    assert commands.main(["score", *arguments, "--where=condition=hypoxia", "--level=well"]) == 0
    assert len(read_scores(output)) == 6
    assert commands.main(["export", f"--run={run}", f"--output={tmp_path / 'm'}"]) == 0
    assert "Exported the mean over folds" in capsys.readouterr().out


def test_the_verb_wants_images_for_an_edge_net(run, tmp_path, capsys):
    arguments = [f"--model={run}", "--data_dir=records", f"--output={tmp_path / 's.parquet'}"]
    assert commands.main(["score", *arguments]) == 2
    told = "Expected --images, and not --data_dir: the model is an edge net"
    assert told in capsys.readouterr().err
