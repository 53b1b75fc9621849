import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.explain.composite import BLUE, channel_colours, composite, scale_bar


def test_nuclei_are_blue_wherever_they_stand():
    assert channel_colours(["ROS", "Hoechst 33342", "MMP"])[1] == BLUE
    assert len(set(channel_colours(["ROS", "Hoechst 33342", "MMP"]))) == 3


def test_only_one_channel_is_blue():
    assert channel_colours(["DNA", "nuclei mask"]).count(BLUE) == 1


def test_channels_add_up_and_are_clipped():
    pixels = np.array([[[200, 0], [200, 255]]], np.uint8)
    shown = composite(pixels, ["DNA", "ROS"])

    assert shown[0, 0].tolist() == [50, 90, 200]
    assert shown[0, 1].tolist() == [76, 255, 251]


def test_a_single_channel_is_gray():
    assert composite(np.array([[[9]]], np.uint8), ["Phase"]).tolist() == [[[9, 9, 9]]]


def test_other_names_than_channels_are_refused():
    with pytest.raises(ConfigError, match="Expected 2 channels, as there are names; got 3"):
        composite(np.zeros((1, 1, 3), np.uint8), ["DNA", "ROS"])


@pytest.mark.parametrize(
    ("width", "size", "expected"),
    [
        (1000, 0.3, (50 / 0.3, "50 µm")),
        (96, 0.65, (10 / 0.65, "10 µm")),
        (8, 0.1, (2, "0.2 µm")),
        (96, None, (20, "20 px")),
        (96, float("nan"), (20, "20 px")),
        (80, None, (20, "20 px")),
    ],
)
def test_a_bar_is_round_and_at_most_a_quarter_of_the_width(width, size, expected):
    length, text = scale_bar(width, size)

    assert (length, text) == (pytest.approx(expected[0]), expected[1])
    assert length <= width / 4 + 1e-6
