"""The page of an explanation: what a net of bags looks at, and whether that matters."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from cellscreen import atomic
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.report.mid_attention import attention_section
from cellscreen.report.mid_deletion import deletion_section, enrichment_section
from cellscreen.report.mid_dose import dose_section
from cellscreen.report.mid_embeddings import embeddings_section
from cellscreen.report.mid_false import false_section
from cellscreen.report.mid_response import response_section
from cellscreen.report.page import Banner, render_page
from cellscreen.report.section import Section

LOGGER = logging.getLogger(__name__)
PAGE = "index.html"
SectionMaker = Callable[[ExplainInput], Section]
# A section is a function `(asked: ExplainInput) -> Section` that writes its tables and pictures
# into `asked.output`.
SECTIONS: tuple[SectionMaker, ...] = (
    dose_section,
    attention_section,
    deletion_section,
    enrichment_section,
    embeddings_section,
    response_section,
    false_section,
)


def write_explanation(asked: ExplainInput, sections: Sequence[SectionMaker] = SECTIONS) -> Path:
    """Makes all sections, writes their tables and pictures and one self-contained HTML page.

    Args:
        asked: what is explained.
        sections: in the order of the page.

    Returns:
        The page.

    Example:
        >>> write_explanation(read_explain_input("runs/mid", "explained"))  # doctest: +SKIP
        PosixPath('explained/index.html')
    """
    made = []
    for make in sections:
        made.append(make(asked))
        LOGGER.info("%s: %s", made[-1].title, made[-1].left_out or "done")
    page = asked.output / PAGE
    title = f"Explanation of {asked.run}"
    atomic.write_text(page, render_page(title, made, explanation_banners(asked)))
    return page


def explanation_banners(asked: ExplainInput) -> list[Banner]:
    """What no reader may miss: simulated images, folds that leak."""
    found = []
    if asked.simulated:
        found.append(
            Banner(
                "simulated",
                "SIMULATED DATA",
                "The images are simulated. They say nothing about real cells or compounds.",
            )
        )
    if asked.leaky:
        found.append(
            Banner(
                "leaky",
                "LEAKY SPLIT",
                "Images of one well are in training and held out at once. These figures flatter "
                "and must not be compared with honest ones.",
            )
        )
    return found
