"""Robust distances by hand, and the flags that rules make of them."""

import numpy as np
import pandas as pd
import pytest

from cellscreen.quality.outliers import flag_images, robust_z

USUAL = {
    "focus_slope": -1.5,
    "focus_laplacian": 100.0,
    "saturation": 0.0,
    "background": 200.0,
    "intensity": 500.0,
    "cells": 100.0,
    "debris": 0.01,
    "empty": False,
    "unreadable": "",
}


def _plate(count=24, **odd):
    """Images of a channel with a little spread; `odd` is of the first one."""
    images = pd.DataFrame([USUAL] * count)
    wobble = np.tile([-1.0, 0.0, 1.0], count)[:count]
    images["focus_slope"] += 0.05 * wobble
    images["focus_laplacian"] *= 1 + 0.1 * wobble
    images["cells"] += 10 * wobble
    images["background"] += 4 * wobble
    images = images.assign(
        Metadata_Plate="P", channel="DNA", Metadata_Plane="", Metadata_Timepoint=""
    )
    for name, value in odd.items():
        images.loc[0, name] = value
    return images


def _flags(**odd):
    flagged = flag_images(_plate(**odd))
    assert (flagged["flags"][1:] == "").all()
    return flagged["flags"][0]


def test_distance_by_hand():
    values = pd.Series([1.0, 2, 3, 4, 5, 6, 7, 8, 40])
    groups = pd.DataFrame({"plate": "P"}, index=values.index)
    # Median 5, MAD 2: 40 is 35 / (1.4826 * 2) away.
    assert robust_z(values, groups, 0.1)[8] == pytest.approx(35 / 2.9652)
    assert robust_z(values, groups, 7.0)[8] == pytest.approx(5)
    assert robust_z(values, groups, 0.1, floor_share=2.0)[8] == pytest.approx(3.5)


def test_groups_are_their_own_measure_and_small_ones_have_none():
    values = pd.Series([0.0] * 8 + [9.0] * 8 + [5.0] * 7 + [np.nan])
    groups = pd.DataFrame({"plate": ["P"] * 8 + ["Q"] * 8 + ["R"] * 8})
    distances = robust_z(values, groups, 1.0)
    assert (distances[:16] == 0).all()
    assert distances[16:].isna().all()


def test_usual_images_have_no_flag():
    assert _flags() == ""


@pytest.mark.parametrize(
    ("odd", "flag"),
    [
        ({"cells": 20}, "few_cells"),
        ({"cells": 400}, "many_cells"),
        ({"debris": 0.3}, "debris"),
        ({"background": 400}, "background"),
        ({"background": 20}, "background"),
        ({"saturation": 0.006}, "saturated"),
        ({"focus_slope": -2.5, "focus_laplacian": 5.0}, "out_of_plane"),
        ({"empty": True, "cells": 0}, "empty"),
        ({"background": 400, "debris": 0.3}, "debris;background"),
    ],
)
def test_odd_image_is_flagged_and_no_other(odd, flag):
    assert _flags(**odd) == flag


def test_one_focus_measure_alone_is_not_out_of_plane():
    assert _flags(focus_slope=-2.5) == ""
    assert _flags(focus_laplacian=5.0) == ""


def test_saturation_of_the_whole_plate_is_seen():
    images = _plate().assign(saturation=0.02)
    assert (flag_images(images)["flags"] == "saturated").all()
    assert flag_images(images)["reasons"][0] == "2 % of the pixels are at the ceiling."


def test_reasons_tell_value_usual_value_and_distance():
    reason = flag_images(_plate(debris=0.31))["reasons"][0]
    assert reason == "debris 0.31, usually 0.01 (z +15.0)."


def test_unreadable_images_have_no_other_flag():
    images = _plate(unreadable="Expected an image; the file has 0 bytes.")
    images.loc[0, list(USUAL)[:7]] = np.nan
    flagged = flag_images(images)
    assert flagged["flags"][0] == "unreadable"
    assert flagged["reasons"][0] == "Expected an image; the file has 0 bytes."


def test_measures_that_are_undefined_flag_nothing():
    images = _plate().assign(cells=np.nan, debris=np.nan, saturation=np.nan)
    assert (flag_images(images)["flags"] == "").all()


def test_planes_are_compared_with_their_own_kind():
    near, far = _plate(), _plate().assign(Metadata_Plane="2")
    far[["focus_slope", "focus_laplacian"]] = far[["focus_slope", "focus_laplacian"]].add([-2, -80])
    both = pd.concat([near, far], ignore_index=True)
    assert (flag_images(both)["flags"] == "").all()
