import cv2
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from cellscreen.images.fingerprint import perceptual_hash
from cellscreen.pipelines import leaks
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.folds import assign_folds
from cellscreen.pipelines.leaks import leak_warnings


def field_of(seed, size=96):
    noise = np.random.default_rng(seed).normal(0, 1, (size, size)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 40, 200, 32).astype(np.uint8)


def frame_of(plates=("p", "q"), rows="ABCD", columns=6, seed=0):
    wells = [
        (plate, f"{row}{column:02d}")
        for plate in plates
        for row in rows
        for column in range(1, columns + 1)
    ]
    frame = pd.DataFrame(wells, columns=["Metadata_Plate", "Metadata_Well"])
    frame["key"] = frame["Metadata_Plate"] + "/" + frame["Metadata_Well"] + "/1"
    frame["Metadata_batch"] = "b1"
    frame["sha256"] = frame["key"]
    frame["perceptual_hash"] = [perceptual_hash(field_of(seed + i)) for i in range(len(frame))]
    return frame


def at_random(frame):
    return pd.Series(np.random.default_rng(4).permutation(len(frame)) % 2, index=frame.index)


def manifest_of(frame, labels, trained=None, **fields):
    trained = pd.Series(True, index=frame.index) if trained is None else trained
    return assign_folds(frame, labels, trained, FoldConfig(**{"folds": 3} | fields), seed=0)


def warnings_of(frame, labels, fold_by="well", trained=None, **fields):
    return leak_warnings(manifest_of(frame, labels, trained, fold_by=fold_by, **fields), frame)


def test_clean_data_give_no_warning():
    frame = frame_of()
    for fold_by in ("well", "position"):
        assert warnings_of(frame, at_random(frame), fold_by) == []


def test_a_changed_copy_under_another_name_is_found():
    frame, image = frame_of(), field_of(0)
    manifest = manifest_of(frame, at_random(frame))
    other = manifest.index[manifest["fold"] != manifest.loc[0, "fold"]][-1]
    jpeg = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 75])[1], 0)
    pixel = image.copy()
    pixel[50, 50] = 255
    for copy in (jpeg, pixel, cv2.convertScaleAbs(image, alpha=1.2, beta=10)):
        changed = frame.copy()
        changed.loc[other, "perceptual_hash"] = perceptual_hash(copy)
        (warning,) = warnings_of(changed, at_random(frame))
        assert warning.startswith("Leak: images in different folds look like copies of one")
        assert "(pairs found: 1)" in warning
        assert "p/A01/1 (fold " in warning
        assert frame.loc[other, "key"] in warning


def test_a_copy_within_a_fold_or_among_untrained_images_is_no_leak():
    frame = frame_of()
    manifest = manifest_of(frame, at_random(frame))
    same = manifest.index[manifest["fold"] == manifest.loc[0, "fold"]][-1]
    inside = frame.copy()
    inside.loc[same, "perceptual_hash"] = frame.loc[0, "perceptual_hash"]
    assert warnings_of(inside, at_random(frame)) == []
    trained = frame["Metadata_Plate"] == "p"
    outside = frame.copy()
    outside.loc[~trained, "perceptual_hash"] = frame["perceptual_hash"].iloc[-1]
    assert warnings_of(outside, at_random(frame), trained=trained) == []


def test_a_copy_across_training_and_validation_is_told_more_weakly():
    frame = frame_of()
    manifest = manifest_of(frame, at_random(frame), validation_share=0.5)
    near = manifest["fold"] == manifest.loc[0, "fold"]
    for found, part in enumerate((manifest["inner"].eq, manifest["inner"].ne)):
        other = manifest.index[near & part(manifest.loc[0, "inner"])][-1]
        changed = frame.copy()
        changed.loc[other, "perceptual_hash"] = frame.loc[0, "perceptual_hash"]
        told = warnings_of(changed, at_random(frame), validation_share=0.5)
        assert len(told) == found
    assert told[0].startswith("Images for training and for validation within a fold look like")
    assert f"(pairs found: 1): p/A01/1 and {frame.loc[other, 'key']}. Held-out" in told[0]


def test_a_copy_within_the_held_out_part_of_a_holdout_is_no_leak():
    frame = frame_of()
    asked = {"fold_mode": "holdout", "holdout_share": 0.5, "validation_share": 0.5}
    manifest = manifest_of(frame, at_random(frame), **asked)
    first, *_, last = manifest.index[manifest["fold"] == 0]
    frame.loc[last, "perceptual_hash"] = frame.loc[first, "perceptual_hash"]
    assert warnings_of(frame, at_random(frame), **asked) == []


def test_images_of_illumination_alone_are_not_called_copies():
    frame = frame_of()
    slope = np.tile(np.arange(96, 0, -1, np.uint8), (96, 1))
    frame["perceptual_hash"] = perceptual_hash(slope)
    (warning,) = warnings_of(frame, at_random(frame))
    assert warning.startswith("Copies across folds cannot be seen in 48 of 48 images")


def test_a_label_predicted_by_position_is_found():
    frame = frame_of()
    labels = (frame["Metadata_Well"].str[1:].astype(int) > 3).astype(int)
    (warning,) = warnings_of(frame, labels)
    assert "The well position alone predicts" in warning
    assert "accuracy 1.000 (majority class 0.500), AUROC 1.000" in warning


def test_a_label_mostly_given_by_the_batch_is_found():
    frame = frame_of()
    labels = at_random(frame)
    frame["Metadata_batch"] = "b" + labels.where(frame.index % 8 > 0, 1 - labels).astype(str)
    (warning,) = warnings_of(frame, labels)
    assert "The batch alone predicts" in warning
    assert "accuracy 0.875" in warning


def test_plates_of_one_class_each_are_named():
    frame = frame_of()
    (warning,) = warnings_of(frame, (frame["Metadata_Plate"] == "q").astype(int))
    assert warning.startswith("Every plate holds one class only (2 plates, such as p, q)")


def test_plates_nearly_of_one_class_are_found_by_purity_where_folds_are_plates():
    frame = frame_of(plates=("p", "q", "r", "s", "t", "u"), rows="AB")
    labels = frame["Metadata_Plate"].isin(["q", "s", "u"]).astype(int)
    labels = labels.where(frame["Metadata_Well"] != "A01", 1 - labels)
    warnings = warnings_of(frame, labels, "plate")
    assert any(w.startswith("The plate gives the label of 0.917 of the images") for w in warnings)
    assert warnings_of(frame, at_random(frame), "plate") == []


def test_dishes_without_position_that_are_each_a_plate_give_no_warning():
    frame = frame_of()
    frame["Metadata_Plate"] = frame["Metadata_Plate"] + frame["Metadata_Well"]
    frame["Metadata_Well"] = "dish-01"
    assert warnings_of(frame, at_random(frame)) == []


def test_a_copy_of_a_training_image_in_the_holdout_is_found():
    frame = frame_of()
    manifest = manifest_of(frame, at_random(frame), fold_mode="holdout")
    inside, outside = (manifest.index[manifest["fold"] == fold][0] for fold in (-1, 0))
    frame.loc[outside, "perceptual_hash"] = frame.loc[inside, "perceptual_hash"]
    (warning,) = leak_warnings(manifest, frame)
    assert f"{frame.loc[inside, 'key']} (training)" in warning
    assert f"{frame.loc[outside, 'key']} (fold 0)" in warning


def test_a_copy_that_no_net_is_both_trained_and_tested_on_is_no_leak():
    frame = frame_of()
    manifest = manifest_of(frame, at_random(frame), fold_mode="holdout")
    inside, outside = (manifest.index[manifest["fold"] == fold][0] for fold in (-1, 0))
    frame.loc[outside, "perceptual_hash"] = frame.loc[inside, "perceptual_hash"]
    assert leak_warnings(manifest.assign(trained=manifest.index != inside), frame) == []


def test_a_label_predicted_by_position_is_found_in_a_holdout():
    frame = frame_of()
    labels = (frame["Metadata_Well"].str[1:].astype(int) > 3).astype(int)
    warnings = warnings_of(frame, labels, fold_mode="holdout", holdout_share=0.3)
    assert len(warnings) == 1
    assert "The well position alone predicts the label of held-out images" in warnings[0]
    clean = at_random(frame)
    assert warnings_of(frame, clean, fold_mode="holdout", holdout_share=0.3) == []


def test_many_folds_are_held_out_several_at_a_time(monkeypatch):
    frame, fits = frame_of(), []
    labels = (frame["Metadata_Well"].str[1:].astype(int) > 3).astype(int)
    fit = LogisticRegression.fit
    monkeypatch.setattr(LogisticRegression, "fit", lambda *a, **k: fits.append(1) or fit(*a, **k))
    warnings = warnings_of(frame, labels, fold_mode="leave_one_out")
    assert [w[:32] for w in warnings] == ["The well position alone predicts"]
    assert len(fits) == 2 * leaks.MOST_FITS  # of the plate, then of the position; not 2 x 48
