import cv2
import numpy as np

from cellscreen.images.fingerprint import perceptual_hash
from cellscreen.pipelines import copies
from cellscreen.pipelines.copies import hash_tolerances, near_pairs


def field_of(seed, size=96):
    noise = np.random.default_rng(seed).normal(0, 1, (size, size)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 40, 200, 32).astype(np.uint8)


def as_hashes(digests):
    return np.array([int(digest, 16) for digest in digests], np.uint64)


def test_the_tolerance_grows_with_the_detail_of_a_hash():
    stripes, halves, board = 0xFF00FF00FF00FF00, 0xF0F0F0F0F0F0F0F0, 0xAA55AA55AA55AA55
    hashes = np.array([0, halves, stripes | 0, stripes ^ 0xF, board], np.uint64)
    assert hash_tolerances(hashes).tolist() == [0, 0, 6, 6, 6]
    assert hash_tolerances(np.array([0x00FF00FF00000000], np.uint64)).tolist() == [4]


def test_blocks_find_the_pairs_of_the_plain_double_loop(monkeypatch):
    hashes = as_hashes([perceptual_hash(field_of(i)) for i in range(40)])
    hashes[[7, 30]] = hashes[3] ^ np.uint64(0b101), hashes[12]
    monkeypatch.setattr(copies, "BLOCK", 64)
    tolerances = hash_tolerances(hashes)
    found = [
        pair
        for first, second in near_pairs(hashes, tolerances)
        for pair in zip(first.tolist(), second.tolist(), strict=True)
    ]
    plain = [
        (a, b)
        for a in range(40)
        for b in range(a + 1, 40)
        if (int(hashes[a]) ^ int(hashes[b])).bit_count() <= min(tolerances[[a, b]])
    ]
    assert found == plain == [(3, 7), (12, 30)]
