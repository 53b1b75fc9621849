"""Long names of plate folders against barcodes: cut only where nothing is in doubt."""

import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.barcodes import match_barcodes


@pytest.mark.parametrize(
    ("plate", "barcode"),
    [
        ("BR1", "BR1"),
        ("BR1__2020-11-08-Measurement1", "BR1"),
        ("2020_BR1", "BR1"),
        ("BR10__x", None),
        ("xBR1", None),
        ("br1", None),
    ],
)
def test_barcode_inside_a_name(plate, barcode):
    assert match_barcodes([plate], ["BR1"]) == {plate: barcode}


def test_exact_name_goes_before_a_part():
    assert match_barcodes(["BR1-2"], ["BR1", "BR1-2"]) == {"BR1-2": "BR1-2"}


def test_longer_barcode_that_contains_a_shorter_one_is_in_doubt():
    with pytest.raises(
        PlateTableError, match=r"one barcode .* name; got BR1, BR1-2\. \[plate BR1-2"
    ):
        match_barcodes(["BR1-2-x"], ["BR1", "BR1-2"])


def test_barcodes_with_signs_of_patterns():
    assert match_barcodes(["P.1_x", "Pa1_x"], ["P.1"]) == {"P.1_x": "P.1", "Pa1_x": None}


def test_two_plates_of_one_barcode():
    with pytest.raises(
        PlateTableError, match=r"have the barcode BR1: BR1_a and BR1_b.*plate BR1_b"
    ):
        match_barcodes(["BR1_a", "BR1_b"], ["BR1"])
