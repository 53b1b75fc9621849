import cv2
import numpy as np
import pytest

from cellscreen.images.fingerprint import perceptual_hash, sha256_of


def _differing_bits(first, second):
    return (int(first, 16) ^ int(second, 16)).bit_count()


@pytest.fixture
def field():
    noise = np.random.default_rng(0).integers(0, 256, (96, 128)).astype(np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 6), None, 0, 200, cv2.NORM_MINMAX)


def test_sha256_is_that_of_the_standard():
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(b"abc") == digest


def test_each_bit_says_whether_brightness_falls():
    rows = np.zeros((8, 9), np.uint8)
    rows[0] = range(9, 0, -1)
    rows[7, 8] = 1
    rows[7, 0] = 1
    assert perceptual_hash(rows) == "ff000000000000" + "80"


def test_copies_are_near_and_other_fields_far(field):
    own = perceptual_hash(field)
    assert len(own) == 16
    for copy in (field + 20, cv2.resize(field, None, fx=0.5, fy=0.5)):
        assert _differing_bits(own, perceptual_hash(copy)) <= 3
    for other in (field[::-1], 255 - field):
        assert _differing_bits(own, perceptual_hash(other)) > 16


def test_one_pixel_has_a_fingerprint():
    assert perceptual_hash(np.array([[7]], np.uint8)) == "0" * 16
