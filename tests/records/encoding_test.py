import dataclasses

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core import example_serializer

from cellscreen.errors import RecordError
from cellscreen.records.encoding import Encoder
from cellscreen.records.kinds import KINDS


def theirs(features, example):
    """TFDS' own bytes, features in protobuf's deterministic order."""
    serializer = example_serializer.ExampleSerializer(features.get_serialized_info())
    plain = {name: value.tobytes() if name == "crops" else value for name, value in example.items()}
    encoded = features.encode_example(plain)
    return serializer.get_tf_example(encoded).SerializeToString(deterministic=True)


@pytest.mark.parametrize("name", ["edges", "bags", "cells"])
def test_the_bytes_are_those_of_tfds(name, cell_table, cell_plate):
    kind = KINDS[name]
    encoder, features = Encoder(kind.features(), kind.pixels), kind.features()
    config = dataclasses.replace(cell_plate.CONFIG, feature_groups=("shape",))
    examples = [one for unit in kind.units(cell_table) for one in kind.examples(unit, config, {})]
    assert len(examples) == {"edges": 12, "bags": 6, "cells": 12}[name]
    assert list(encoder.encode(examples)) == [theirs(features, one) for one in examples]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 20000])
def test_pixels_of_any_length_come_back(size):
    features = tfds.features.FeaturesDict(
        {"crops": tfds.features.Tensor(shape=(), dtype=np.object_), "cells": np.int64}
    )
    pixels = np.arange(size, dtype="<u2")
    (made,) = Encoder(features, ("crops",)).encode([{"crops": pixels, "cells": size}])
    record = features.deserialize_example(made)
    assert record["crops"].numpy() == pixels.tobytes()
    assert record["cells"].numpy() == size


def test_an_array_that_is_a_view_is_stored_as_it_reads():
    features = tfds.features.FeaturesDict(
        {"crops": tfds.features.Tensor(shape=(), dtype=np.object_)}
    )
    turned = np.arange(6, dtype="<u2").reshape(2, 3).T
    (made,) = Encoder(features, ("crops",)).encode([{"crops": turned}])
    assert features.deserialize_example(made)["crops"].numpy() == turned.tobytes()


def test_what_examples_have_in_common_is_no_shortcut_for_what_differs():
    features = tfds.features.FeaturesDict({"key": tfds.features.Text(), "at": np.int64})
    key = "A01"
    made = Encoder(features, ()).encode([{"key": key, "at": 1}, {"key": key, "at": 2000}])
    read = [features.deserialize_example(one) for one in made]
    assert [(one["key"].numpy(), int(one["at"])) for one in read] == [(b"A01", 1), (b"A01", 2000)]


def test_other_features_than_the_schemas_are_told(cell_table):
    kind = KINDS["edges"]
    (example,) = kind.examples(kind.units(cell_table)[0], None, {})
    encoder = Encoder(kind.features(), kind.pixels)
    with pytest.raises(RecordError, match=r"features of the schema; these differ: height, width\."):
        list(encoder.encode([{k: v for k, v in example.items() if k not in ("height", "width")}]))
