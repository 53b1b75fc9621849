"""What a well is, in one vocabulary: negcon, poscon, trt or empty.

Sources clash: `pert_type` trt/control beside `control_type` negcon/poscon_cp/poscon_diverse/
poscon_orf, `pert_type` negcon/poscon/empty alone, or only the compound's name. What a source does
not say is a rule that a user gives, never a guess; the source's own word stays in
`Metadata_control_word`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.plates.columns import CONTROL_TYPE, VOCABULARIES
from cellscreen.plates.values import MISSING

EMPTY_RULES = ("error", "DMSO", "empty")
CONTROL_WORD, PERT_TYPE = "Metadata_control_word", "Metadata_pert_type"
NAME, SAMPLE = "Metadata_pert_iname", "Metadata_broad_sample"
WORDS = {
    **{word: word for word in VOCABULARIES[CONTROL_TYPE]},
    **dict.fromkeys(("poscon_cp", "poscon_diverse", "poscon_orf", "positive_control"), "poscon"),
    **dict.fromkeys(("treatment", "treated"), "trt"),
    "negative_control": "negcon",
}
_VEHICLES = ("dmso", "vehicle", "solvent", "water", "pbs", "media", "medium", "mock")
DOUBTFUL = (*_VEHICLES, "untreated", "control", "ctrl", "blank", "empty", "none", "nothing")
_EMPTY = "set empty_broad_sample_is to DMSO or to empty"
_NAMES = "name it in negcon_names={0}, poscon_names={0} or empty_names={0}"
_WORD = "say what it means, like control_words={}=trt"


@dataclass(frozen=True)
class ControlRules:
    """What a plate map leaves unsaid.

    Attributes:
        empty_broad_sample_is: what a well without a perturbation is: "DMSO" (a negcon of that
            name), "empty", or "error" to stop and list the wells. It holds for an empty
            `broad_sample`, and in maps without that column for an empty name.
        except_maps: plate maps of another rule, as (pattern of the map's name, rule); the first
            that fits counts.
        negcon_names: names of perturbations that are negative controls, as ("DMSO", "vehicle").
        poscon_names: names of perturbations that are positive controls.
        empty_names: names that stand for wells without cells or compound.
        words: further words of a control column, as ("dose_series", "trt").

    Example:
        >>> ControlRules("DMSO", except_maps=(("*_orf_*", "empty"),)).rule_of("JUMP-1_orf_map")
        'empty'
    """

    empty_broad_sample_is: str = "error"
    except_maps: tuple[tuple[str, str], ...] = ()
    negcon_names: tuple[str, ...] = ()
    poscon_names: tuple[str, ...] = ()
    empty_names: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for rule in (self.empty_broad_sample_is, *(rule for _, rule in self.except_maps)):
            if rule not in EMPTY_RULES:
                raise ConfigError(
                    f"Expected empty_broad_sample_is to be {', '.join(EMPTY_RULES)}; got {rule!r}."
                )
        for word, control in self.words:
            if control not in VOCABULARIES[CONTROL_TYPE]:
                known = ", ".join(VOCABULARIES[CONTROL_TYPE])
                raise ConfigError(f"Expected the word {word!r} to mean {known}; got {control!r}.")
        named = [_bare(name) for names in self.names.values() for name in names]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ConfigError(f"Expected each name in one list of controls; got {twice} in two.")

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The names of perturbations of each control type."""
        return {
            "negcon": self.negcon_names,
            "poscon": self.poscon_names,
            "empty": self.empty_names,
        }

    def rule_of(self, map_name: str) -> str:
        """Returns what a well without a perturbation is in one plate map."""
        fitting = (rule for pattern, rule in self.except_maps if fnmatchcase(map_name, pattern))
        return next(fitting, self.empty_broad_sample_is)


def control_types(
    cells: pd.DataFrame, rules: ControlRules, map_name: str = ""
) -> tuple[pd.DataFrame, pd.Series]:
    """Returns `Metadata_control_type, _control_word, _pert_iname` of every well, and what is wrong.

    Args:
        cells: texts, a row a well; may have `Metadata_control_type`, `Metadata_pert_type`,
            `Metadata_pert_iname` and `Metadata_broad_sample`.
        rules: what the map leaves unsaid.
        map_name: the map's name, for `ControlRules.except_maps`.

    Returns:
        The three columns, and a text per row on what is wrong, "" where nothing is.
    """
    rule = rules.rule_of(map_name)
    words = {_bare(word): control for word, control in {**WORDS, **dict(rules.words)}.items()}
    named = {_bare(name): control for control, names in rules.names.items() for name in names}
    columns = [
        cells[name] if name in cells else pd.Series("", index=cells.index)
        for name in (CONTROL_TYPE, PERT_TYPE, NAME)
    ]
    sample = cells[SAMPLE] if SAMPLE in cells else columns[2]
    made = [
        _of_well(*texts, rule=rule, words=words, named=named)
        for texts in zip(*columns, sample, strict=True)
    ]
    out = pd.DataFrame(made, columns=["type", "name", "fault"], index=cells.index, dtype=object)
    table = pd.DataFrame(
        {CONTROL_TYPE: out["type"], CONTROL_WORD: columns[0], NAME: out["name"]}, dtype=object
    )
    return table, out["fault"]


def _of_well(
    control: str,
    pert_type: str,
    name: str,
    sample: str,
    *,
    rule: str,
    words: dict[str, str],
    named: dict[str, str],
) -> tuple[str, str, str]:
    """Returns control type, name and fault of one well."""
    said, fault = _said(control, pert_type, words)
    if said or fault:
        return said, name, fault
    if not _is_given(sample):
        if rule == "error":
            return (
                "",
                name,
                f"No perturbation is named, and no rule says what that means ({_EMPTY})",
            )
        return ("negcon", "DMSO", "") if rule == "DMSO" else ("empty", "", "")
    said = named.get(_bare(name), "")
    if not said and _bare(name) in DOUBTFUL:
        return "", name, f"No rule says what {name!r} is ({_NAMES.format(name)})"
    return said or "trt", name, ""


def _said(control: str, pert_type: str, words: dict[str, str]) -> tuple[str, str]:
    """Returns what the columns of controls say of a well, "" if nothing, and what is wrong."""
    given = [text for text in (control, pert_type) if _is_given(text)]
    if _bare(pert_type) == "control":
        given.remove(pert_type)
        if not given:
            return "", "pert_type is 'control', but control_type does not say which"
    unknown = [text for text in given if _bare(text) not in words]
    if unknown:
        return "", f"The control word {unknown[0]!r} is not known ({_WORD.format(unknown[0])})"
    meanings = {words[_bare(text)] for text in given}
    if len(meanings) > 1:
        return "", f"control_type {control!r} contradicts pert_type {pert_type!r}"
    return (meanings.pop() if meanings else ""), ""


def _is_given(text: str) -> bool:
    return text.casefold() not in MISSING


def _bare(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip().casefold())
