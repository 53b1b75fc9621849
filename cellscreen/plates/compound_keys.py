"""What two tables can name one compound by: InChIKey, its first block, a name, a PubChem CID."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

INCHIKEY, NAME, CID = "Metadata_InChIKey", "Metadata_pert_iname", "Metadata_pubchem_cid"
_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_BETWEEN = re.compile(r"[\s_\-\u2010-\u2015]+")


def inchikey(text: str) -> str:
    """Returns an InChIKey in capitals.

    Raises:
        ValueError: it is none.
    """
    key = text.strip().upper()
    if not _INCHIKEY.fullmatch(key):
        raise ValueError("an InChIKey, like RYYVLZVUVIJVGH-UHFFFAOYSA-N")
    return key


def first_block(text: str) -> str:
    """Returns the 14 letters of an InChIKey that stand for the molecule's skeleton.

    Raises:
        ValueError: it is neither an InChIKey nor its first block.

    Example:
        >>> first_block("RYYVLZVUVIJVGH-UHFFFAOYSA-N")
        'RYYVLZVUVIJVGH'
    """
    key = text.strip().upper()
    return key if re.fullmatch(r"[A-Z]{14}", key) else inchikey(key).split("-")[0]


def plain_name(text: str) -> str:
    """Returns a compound's name in one spelling: case, and spaces, hyphens and underscores.

    Example:
        >>> plain_name("Ascorbic-Acid") == plain_name("ascorbic  acid")
        True
    """
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()


def cid(text: str) -> str:
    """Returns the number of a PubChem compound.

    Raises:
        ValueError: it is none.
    """
    digits = re.sub(r"\.0$", "", text.strip())
    if not digits.isdecimal():
        raise ValueError("a PubChem CID, like 2519")
    return str(int(digits))


KEYS: dict[str, tuple[str, Callable[[str], str]]] = {
    "inchikey": (INCHIKEY, inchikey),
    "first_block": (INCHIKEY, first_block),
    "name": (NAME, plain_name),
    "pubchem_cid": (CID, cid),
}
