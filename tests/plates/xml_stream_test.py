"""XML that is well, cut, empty, mislabelled or malicious."""

import tracemalloc

import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.xml_stream import elements, local_name, root_of

BOMB = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><r><i>&b;</i></r>'
FETCH = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r><i>&x;</i></r>'
REMOTE = '<!DOCTYPE r SYSTEM "http://example.org/r.dtd"><r><i/></r>'


def _write(tmp_path, data):
    path = tmp_path / "a.xml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def _texts(path, *names):
    return [element.text for element in elements(path, names)]


@pytest.mark.parametrize(
    "text",
    [
        "<r><i>1</i><j>x</j><i>2</i></r>",
        '<r xmlns="http://example.org/V5"><i>1</i><i>2</i></r>',
        '<v:r xmlns:v="V7/other"><v:k><v:i>1</v:i></v:k><v:i>2</v:i></v:r>',
    ],
)
def test_elements_are_found_by_local_name(tmp_path, text):
    path = _write(tmp_path, text)
    assert _texts(path, "i") == ["1", "2"]
    assert local_name(root_of(path).tag) == "r"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_no_harm(tmp_path, encoding):
    declared = "utf-16" if encoding == "utf-16" else "utf-8"
    text = f'<?xml version="1.0" encoding="{declared}"?><r><i>µ</i></r>'
    assert _texts(_write(tmp_path, text.encode(encoding)), "i") == ["µ"]


def test_an_element_within_another_comes_first_and_stays(tmp_path):
    path = _write(tmp_path, "<r><i><k>in</k></i></r>")
    seen = [(e.tag, [child.text for child in e]) for e in elements(path, ("i", "k"))]
    assert seen == [("k", []), ("i", ["in"])]


@pytest.mark.parametrize("text", [BOMB, FETCH, REMOTE])
def test_document_types_are_refused(tmp_path, text):
    with pytest.raises(PlateTableError, match=r"without a document type or entities.*do not trust"):
        _texts(_write(tmp_path, text), "i")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"got an empty file\. \[file .*a\.xml\]"),
        (b"<r>\n<i>1</i>\n<i>2</", r"Expected whole XML; got: .*\[file .*a\.xml, line 3\]"),
        (b"<r><i>1</j></r>", "Expected whole XML; got: mismatched tag"),
        (b"no xml at all", "Expected whole XML; got: syntax error"),
        ('<?xml version="1.0" encoding="utf-8"?>\n<r>µ</r>'.encode("latin-1"), "line 2"),
        (
            b'<?xml version="1.0" encoding="klingon"?><r/>',
            "its encoding cannot be read: unknown encoding: klingon",
        ),
        (b"\0\0\0\0", "Expected whole XML"),
    ],
)
def test_what_is_no_whole_xml_is_told(tmp_path, data, message):
    with pytest.raises(PlateTableError, match=message):
        _texts(_write(tmp_path, data), "i")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(PlateTableError, match="cannot be read: No such file"):
        _texts(tmp_path / "none.xml", "i")


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(images):
        body = "<i><k>some text of an image</k></i><other><k/></other>\n" * images
        path = _write(tmp_path, f"<r><images>{body}</images></r>")
        tracemalloc.start()
        count = sum(1 for _ in elements(path, ("i",)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == images
        return most

    peak(10)
    assert peak(20_000) < 1.5 * peak(4_000)
