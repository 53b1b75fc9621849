import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellscreen.plates.harmony_flatfield import flatfield_json

REAL = (
    "{Background: {Character: NonFlat, Mean: 443.79, NonFlatness: {Random: INF}, Profile: "
    "{Coefficients: [[1.2], [0.06, -8E-2]], Dims: [1080, 1080], Type: Polynomial}}, Channel: 1, "
    'ChannelName: "405ex, 570-630-em)", Version: Acapella:2013}'
)
WORDS = st.from_regex(r"[A-Za-z]{1,8}( [A-Za-z]{1,8})?", fullmatch=True).filter(
    lambda word: word.casefold() not in ("nan", "inf", "infinity")
)
VALUES = st.recursive(
    st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


def _written(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)


def test_a_profile_becomes_json():
    profile = json.loads(flatfield_json(REAL))
    assert profile["Background"]["Profile"]["Coefficients"] == [[1.2], [0.06, -0.08]]
    assert profile["Background"]["NonFlatness"]["Random"] is None
    assert profile["ChannelName"] == "405ex, 570-630-em)"
    assert profile["Version"] == "Acapella:2013"


@given(VALUES)
def test_what_is_written_is_read(value):
    assert json.loads(flatfield_json(_written(value))) == value


@given(st.text(alphabet='{}[]:,"\\ aN1', max_size=30))
def test_any_text_is_json_or_an_error(text):
    with contextlib.suppress(ValueError):
        json.loads(flatfield_json(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a value is missing"),
        ("{a: 1", "expected , or }"),
        ("{a}", "a key has no value"),
        ("{a: 1} b", "text after its end: 'b'"),
        ('{a: "b}', "does not close"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_what_does_not_follow_the_notation_is_told(text, message):
    with pytest.raises(ValueError, match=message):
        flatfield_json(text)
