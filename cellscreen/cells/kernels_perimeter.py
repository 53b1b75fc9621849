"""Compiled: the perimeter of objects given as row runs, 64 pixels at a time."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

# Plain integers would turn uint64 into float64 (NumPy's promotion, which Numba follows).
_ONE, _LAST, _ALL = np.uint64(1), np.uint64(63), np.uint64(2**64 - 1)
_TWO, _FOUR, _BYTE_SUM = np.uint64(2), np.uint64(4), np.uint64(56)
_ODD, _PAIRS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_NIBBLES, _BYTES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_ROOT, _HALF = math.sqrt(2), (1 + math.sqrt(2)) / 2


@njit(nogil=True, cache=True)
def measure_perimeters(
    begin: int, end: int, runs: np.ndarray, first: np.ndarray, boxes: np.ndarray, out: np.ndarray
) -> None:
    """Writes the length of the line through the border pixels' centres to `out`.

    A border pixel has one of four neighbours outside. Its share of the length depends on how many
    of its neighbours are border pixels, `s` beside it and `d` diagonally: scikit-image's weights,
    after Benkrid and Crookes, Design and FPGA implementation of a perimeter estimator (2000).
    """
    rows = words = 1
    for k in range(begin, end):
        rows = max(rows, boxes[k, 2] - boxes[k, 0] + 2)
        words = max(words, _words_of(boxes[k, 3] - boxes[k, 1]))
    mask = np.empty((rows, words), np.uint64)
    border = np.empty((rows, words), np.uint64)
    for k in range(begin, end):
        out[k] = _perimeter(runs[first[k] : first[k + 1]], boxes[k], mask, border)


@njit(nogil=True, cache=True)
def _words_of(width: int) -> int:
    """Words of a row of that many pixels, with an empty one at each side."""
    return (width + 63) // 64 + 2


@njit(nogil=True, cache=True)
def _perimeter(runs: np.ndarray, box: np.ndarray, mask: np.ndarray, border: np.ndarray) -> float:
    """The perimeter of one object; `mask` and `border` are scratch, the box and a row around."""
    height, words = box[2] - box[0] + 2, _words_of(box[3] - box[1])
    mask[:height, :words] = np.uint64(0)
    border[:height, :words] = np.uint64(0)
    for run in range(len(runs)):
        _set_bits(mask[runs[run, 0] - box[0] + 1], runs[run, 1] - box[1], runs[run, 2] - box[1])
    for y in range(1, height - 1):
        for word in range(1, words - 1):
            inside = _left(mask[y], word) & _right(mask[y], word)
            inside &= mask[y - 1, word] & mask[y + 1, word]
            border[y, word] = mask[y, word] & ~inside
    return _length(border, height, words)


@njit(nogil=True, cache=True)
def _set_bits(row: np.ndarray, start: int, stop: int) -> None:
    """Sets the bits from `start` to `stop`, the first pixel being the lowest bit of word 1."""
    while start < stop:
        word, bit = start // 64, start % 64
        length = min(stop - start, 64 - bit)
        bits = _ALL >> np.uint64(64 - length)
        row[word + 1] |= bits << np.uint64(bit)
        start += length


@njit(nogil=True, cache=True)
def _left(row: np.ndarray, word: int) -> np.uint64:
    return (row[word] << _ONE) | (row[word - 1] >> _LAST)


@njit(nogil=True, cache=True)
def _right(row: np.ndarray, word: int) -> np.uint64:
    return (row[word] >> _ONE) | (row[word + 1] << _LAST)


@njit(nogil=True, cache=True)
def _length(border: np.ndarray, height: int, words: int) -> float:
    straight = slanted = mixed = 0
    for y in range(1, height - 1):
        above, row, below = border[y - 1], border[y], border[y + 1]
        for word in range(1, words - 1):
            if row[word] == 0:
                continue
            s0, s1, s2 = _count_four(above[word], below[word], _left(row, word), _right(row, word))
            d0, d1, d2 = _count_four(
                _left(above, word), _right(above, word), _left(below, word), _right(below, word)
            )
            two_or_three = s1 & ~s2
            one = s0 & ~s1
            none = ~(s0 | s1 | s2)
            straight += _set_bits_in(row[word] & two_or_three & ~d2 & ~(d1 & d0))
            slanted += _set_bits_in(row[word] & ((none & d1 & ~d0) | (one & d1 & d0)))
            mixed += _set_bits_in(row[word] & one & (d0 ^ d1))
    return straight + slanted * _ROOT + mixed * _HALF


@njit(nogil=True, cache=True)
def _count_four(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """Bit for bit, how many of four are set: the ones, twos and fours of the count."""
    both, others = a & b, c & d
    one, other = a ^ b, c ^ d
    return one ^ other, both ^ others ^ (one & other), both & others


@njit(nogil=True, cache=True)
def _set_bits_in(word: np.uint64) -> int:
    word = word - ((word >> _ONE) & _ODD)
    word = (word & _PAIRS) + ((word >> _TWO) & _PAIRS)
    word = (word + (word >> _FOUR)) & _NIBBLES
    return int((word * _BYTES) >> _BYTE_SUM)
