"""The steps of a study that no verb does: comparators, and what attention is worth."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from cellscreen.comparators.study_config import MID, StudyConfig
from cellscreen.comparators.study_folder import StudyFolder

PAGE, TEXT = "index.html", "study.md"
_MOST_APART_PX = 8.0


def train_beside(folder: StudyFolder, config: StudyConfig, share: float, seed: int) -> None:
    """Trains the comparators of one fraction on the folds of MID's run of a seed.

    The crop net is the dearest of them, and is trained beside the first seed only.
    """
    from cellscreen.comparators.beside_run import comparator_answers
    from cellscreen.comparators.config import CROP_NET

    chosen = config.comparators_config
    if seed != int(config.seeds[0]):
        names = tuple(name for name in chosen.comparators if name != CROP_NET)
        if not names:
            return
        chosen = dataclasses.replace(chosen, comparators=names)
    comparator_answers(folder.run(share, MID, seed), folder.comparators(share, seed), chosen)


def explain_attention(folder: StudyFolder, config: StudyConfig, share: float) -> None:
    """Writes deletion.csv and enrichment.csv of MID's first run at one fraction."""
    from cellscreen.explain.attention_table import attention_table
    from cellscreen.explain.deletion import chosen_bags, deletion_summary, deletion_table
    from cellscreen.explain.enrichment import enrichment_summary, enrichment_table
    from cellscreen.explain.explain_config import ExplainConfig
    from cellscreen.explain.explained_run import read_explain_input
    from cellscreen.explain.true_cells import join_truth
    from cellscreen.fitting.run_folder import write_csv

    output, images = folder.explained(share), folder.images(share)
    asked = read_explain_input(
        folder.run(share, MID, int(config.seeds[0])),
        output,
        truth=images,
        config=ExplainConfig(deletion_bags=config.explained_bags),
    )
    attention = attention_table(asked, chosen_bags(asked, asked.held_out))
    deletion = deletion_summary(deletion_table(asked, attention), config.study_draws)
    cells = join_truth(attention, asked.fields, images, _MOST_APART_PX)
    enrichment = enrichment_summary(enrichment_table(cells), draws=config.study_draws)
    write_csv(enrichment, output / "enrichment.csv")
    write_csv(deletion, output / "deletion.csv")


def write_results(root: Path, config: StudyConfig) -> list[str]:
    """Writes tables, page and Markdown of what is finished; returns the findings."""
    from cellscreen.comparators.study_tables import read_study
    from cellscreen.comparators.study_words import findings, loses
    from cellscreen.report.study_page import write_study
    from cellscreen.report.study_text import write_study_text

    tables = read_study(root, config)
    tables.write(root)
    write_study(tables, root / PAGE)
    write_study_text(tables, root / TEXT)
    return [*findings(tables), *loses(tables), *tables.unfinished]
