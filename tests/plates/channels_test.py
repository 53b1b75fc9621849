import logging
from pathlib import Path

import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.channels import rename_channels
from cellscreen.plates.problems import Problems

TABLE = pd.DataFrame({"channel": ["HOECHST 33342", "Alexa 568", "HOECHST 33342"]})


def _renamed(channels):
    problems = Problems(Path("plate"), fix="Mend the map.")
    table = rename_channels(TABLE, channels, problems)
    problems.raise_any()
    return table["channel"].tolist()


@pytest.mark.parametrize(
    "channels",
    [
        {"HOECHST 33342": "OrigDNA", "Alexa 568": "OrigAGP"},
        {"HOECHST 33342": "DNA", "Alexa 568": "AGP"},
        {"hoechst33342": "OrigDNA", "ALEXA568": "OrigAGP"},
        {
            "channels": {"HOECHST 33342": "OrigDNA", "Alexa 568": "OrigAGP"},
            "metadata": {"Row": "R"},
        },
    ],
)
def test_names_become_the_labs_own(channels):
    assert _renamed(channels) == ["DNA", "AGP", "DNA"]


def test_without_a_map_names_stay():
    assert rename_channels(TABLE, None, Problems(Path("plate"))) is TABLE


def test_only_a_prefix_is_taken_off():
    assert _renamed({"HOECHST 33342": "Original", "Alexa 568": "AOrigB"})[:2] == [
        "Original",
        "AOrigB",
    ]


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ({"HOECHST 33342": "OrigDNA"}, "Expected a name for each channel.*lacks 'Alexa 568'"),
        (
            {"HOECHST 33342": "DNA", "Alexa 568": "OrigDNA"},
            "the map calls 'HOECHST 33342' and 'Alexa 568' 'DNA'",
        ),
        ({"channels": None}, "Expected a map of channel names; got None"),
        ({}, r"Expected a map of channel names; got \{\}"),
    ],
)
def test_a_map_that_does_not_fit_is_told(channels, message):
    with pytest.raises(PlateTableError, match=message):
        _renamed(channels)


def test_a_channel_that_the_plate_lacks_is_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        _renamed({"HOECHST 33342": "DNA", "Alexa 568": "AGP", "Alexa 647": "OrigMito"})
    assert "plate: no channel Mito" in caplog.text
