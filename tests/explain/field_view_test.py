import dataclasses

import numpy as np
import pandas as pd
import pytest
import tifffile

from cellscreen.errors import ImageError
from cellscreen.explain.composite import composite
from cellscreen.explain.field_view import PATCHED, field_view, patched_field, size_of_pixels


def images(folder, channels=("DNA", "ROS"), size=(32, 48), pixel_size=0.5):
    """The images of toy well A01: DNA 10, ROS 20."""
    rows = []
    for number, channel in enumerate(channels, 1):
        path = folder / f"{channel}.tif"
        tifffile.imwrite(path, np.full(size, 10 * number, np.uint8))
        rows.append(
            {
                "Metadata_Plate": "P1",
                "Metadata_Well": "A01",
                "Metadata_Site": "1",
                "Metadata_Plane": "",
                "Metadata_Timepoint": "",
                "channel": channel,
                "path": str(path),
                "bit_depth": 8,
                "pixel_size_um": pixel_size,
            }
        )
    return pd.DataFrame(rows)


def test_a_field_is_shown_as_its_images_are(toy_explanation, tmp_path):
    view = field_view(toy_explanation(images=images(tmp_path)), 0, 0)

    expected = composite(np.array([[[10, 20]]], np.uint8), ["DNA", "ROS"])[0, 0]
    assert view.picture.shape == (32, 48, 3)
    assert (view.picture == expected).all()
    assert (view.um_per_px, view.note) == (0.5, "")


def test_channels_are_taken_by_name_in_the_order_of_the_crops(toy_explanation, tmp_path):
    table = images(tmp_path, ("ROS", "Other", "DNA"))
    view = field_view(toy_explanation(images=table), 0, 0)

    expected = composite(np.array([[[30, 10]]], np.uint8), ["DNA", "ROS"])[0, 0]
    assert (view.picture == expected).all()


def test_the_scale_is_that_of_the_prepared_plate(toy_explanation, tmp_path):
    asked = toy_explanation(images=images(tmp_path))
    fields = asked.index.fields.assign(high=[[20, 20]] * 18)
    asked = dataclasses.replace(asked, index=dataclasses.replace(asked.index, fields=fields))

    expected = composite(np.array([[[128, 255]]], np.uint8), ["DNA", "ROS"])[0, 0]
    assert (field_view(asked, 0, 0).picture == expected).all()


def test_without_images_crops_stand_where_they_were_cut_out(toy_explanation):
    asked = toy_explanation()
    view = field_view(asked, 2, 2)
    affected = composite(asked.index.read_crops(2), ["DNA", "ROS"])[0, 0, 0]

    assert view.note == PATCHED
    assert view.um_per_px is None
    # The first cell's centre is at x 8, y 8: its crop of 8 px reaches from 4 to 11.
    assert view.picture[4, 4].tolist() == affected.tolist() == view.picture[11, 11].tolist()
    assert view.picture[3, 4].tolist() == view.picture[4, 12].tolist() == [0, 0, 0]


def test_crops_beyond_the_field_are_cut_off(toy_explanation):
    asked = toy_explanation()
    fields = asked.fields.copy()
    fields["centres"] = [np.zeros((8, 2))] * 18
    patched = patched_field(dataclasses.replace(asked, fields=fields), 0, 0)

    assert patched.shape == (32, 48, 3)
    assert patched[3, 3].any()
    assert not patched[4, 4].any()


def test_images_that_lack_a_channel_are_not_taken_and_the_page_says_so(toy_explanation, tmp_path):
    view = field_view(toy_explanation(images=images(tmp_path, ("DNA",))), 0, 0)

    assert view.note.startswith("No image of this field is of channel ROS.")


def test_a_field_without_images_is_patched(toy_explanation, tmp_path):
    assert field_view(toy_explanation(images=images(tmp_path)), 1, 1).note == PATCHED


def test_images_of_another_size_are_refused(toy_explanation, tmp_path):
    asked = toy_explanation(images=images(tmp_path, size=(16, 16)))
    with pytest.raises(ImageError, match=r"48×32 pixels; got 16×16.*plate P1, well A01"):
        field_view(asked, 0, 0)


def test_pixels_of_several_sizes_have_no_size(toy_explanation, tmp_path):
    table = images(tmp_path)
    table.loc[0, "pixel_size_um"] = 0.7

    assert size_of_pixels(toy_explanation(images=table)) is None
    assert size_of_pixels(toy_explanation()) is None
