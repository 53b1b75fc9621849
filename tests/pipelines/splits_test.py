"""What holds of every split, whatever the groups are."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.folds import (
    assign_folds,
    held_out_folds,
    held_out_rows,
    training_rows,
    validation_rows,
)
from cellscreen.pipelines.splits import TRAINING, holdout, kfold, validation_parts

SIZES = st.lists(st.integers(1, 12), min_size=6, max_size=14)
FEW = st.lists(st.integers(1, 3), min_size=3, max_size=6)
SEEDS = st.integers(0, 2**31 - 1)
SHARES = st.sampled_from([0.0, 0.1, 0.2, 0.34, 0.5])
QUICK = settings(max_examples=40, deadline=None)


def frame_of(sizes_by_class, mixed=0):
    """A well of so many sites for each size, and `mixed` wells of a site of every class."""
    wells = [(label, size) for label, sizes in enumerate(sizes_by_class) for size in sizes]
    rows = [
        (f"W{well:03d}", site, label)
        for well, (label, size) in enumerate(wells)
        for site in range(size)
    ]
    rows += [(f"X{well}", c, c) for well in range(mixed) for c in range(len(sizes_by_class))]
    frame = pd.DataFrame(rows, columns=["Metadata_Well", "Metadata_Site", "label"])
    frame["Metadata_Plate"] = "p"
    frame["key"] = frame["Metadata_Well"] + "/" + frame["Metadata_Site"].astype(str)
    return frame.assign(sha256=frame["key"])


def counts_of(sizes_by_class):
    frame = frame_of(sizes_by_class)
    return pd.crosstab(frame["Metadata_Well"], frame["label"])


def assert_honest(manifest, config):
    classes = set(manifest.loc[manifest["trained"], "label"])
    assert (manifest.groupby("group")["fold"].nunique() == 1).all()
    assert (manifest.groupby("group")["inner"].nunique() == 1).all()
    for fold in held_out_folds(manifest):
        parts = [training_rows(manifest, fold), held_out_rows(manifest, fold)]
        if config.validation_share:
            parts.append(validation_rows(manifest, fold))
        for number, part in enumerate(parts):
            labels = manifest.loc[part & manifest["trained"], "label"]
            assert set(labels) == classes or config.fold_mode == "leave_one_out"
            for other in parts[:number]:
                assert not set(manifest.loc[part, "group"]) & set(manifest.loc[other, "group"])
        used = np.logical_or.reduce(parts)
        assert used[manifest["trained"]].all()


@QUICK
@given(st.lists(SIZES, min_size=2, max_size=4), SHARES, SEEDS, st.integers(3, 6), st.integers(0, 3))
def test_k_folds_keep_groups_whole_and_every_class_in_every_part(sizes, share, seed, folds, mixed):
    frame = frame_of(sizes, mixed)
    config = FoldConfig(folds=folds, validation_share=share)
    manifest = assign_folds(frame, frame["label"], frame["label"] >= 0, config, seed)
    assert held_out_folds(manifest) == list(range(folds))
    assert_honest(manifest, config)


@QUICK
@given(st.lists(SIZES, min_size=2, max_size=4), SHARES, SEEDS, st.sampled_from([0.1, 0.25, 0.5]))
def test_a_holdout_misses_its_share_by_no_more_than_a_group(sizes, share, seed, held_out):
    frame = frame_of(sizes)
    config = FoldConfig(fold_mode="holdout", holdout_share=held_out, validation_share=share)
    manifest = assign_folds(frame, frame["label"], frame["label"] >= 0, config, seed)
    assert held_out_folds(manifest) == [0]
    assert_honest(manifest, config)
    for label, part in manifest.groupby("label"):
        largest = part.groupby("group").size().max()
        assert abs((part["fold"] == 0).sum() - held_out * len(part)) <= largest, label


@settings(max_examples=12, deadline=None)
@given(st.lists(FEW, min_size=2, max_size=3), SHARES, SEEDS)
def test_leave_one_out_holds_each_group_out_once(sizes, share, seed):
    frame = frame_of(sizes)
    config = FoldConfig(fold_mode="leave_one_out", validation_share=share)
    manifest = assign_folds(frame, frame["label"], frame["label"] >= 0, config, seed)
    assert manifest.groupby("fold")["group"].nunique().tolist() == [1] * sum(map(len, sizes))
    assert_honest(manifest, config)


@QUICK
@given(st.integers(2, 30), st.integers(2, 12), SEEDS)
def test_validation_gets_about_its_share_of_equal_groups(folds, parts, seed):
    counts = counts_of([[1] * 60, [2] * 90])
    fold_of = kfold(counts, folds, seed)
    inner = validation_parts(counts, fold_of, parts, seed)
    for fold in range(folds):
        training = fold_of != fold
        validating = training & (inner == fold % parts)
        for label in (0, 1):
            of_class = counts[label] > 0
            wanted = (training & of_class).sum() / parts
            missed = (validating & of_class).sum() - wanted
            assert -wanted / 2 - 1 <= missed <= 2


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_one_group_of_a_class_to_each_fold_still_validates(seed):
    counts = counts_of([[1] * 5, [3] * 5])
    fold_of = kfold(counts, 5, seed)
    inner = validation_parts(counts, fold_of, 10, seed)
    for fold in range(5):
        part = counts[(inner == fold) & (fold_of != fold)]
        assert (part > 0).sum().tolist() == [1, 1]


def test_a_holdout_of_one_large_and_many_small_groups_takes_what_comes_nearest():
    fold_of = holdout(counts_of([[100, 1, 1], [10, 10, 10, 10, 10]]), 0.2, 1, seed=0)
    assert (fold_of == 0).tolist().count(True) == 3
    assert fold_of.iloc[0] == TRAINING  # 100 of 102 would be far from a fifth
    assert (fold_of.iloc[3:] == 0).sum() == 1


def test_a_holdout_leaves_as_many_groups_as_are_asked_for():
    fold_of = holdout(counts_of([[1, 1, 1], [1, 1, 1]]), 0.9, 2, seed=0)
    assert (fold_of.iloc[:3] == 0).sum() == 1
    assert (fold_of.iloc[3:] == 0).sum() == 1
