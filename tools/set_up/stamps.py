"""Stamps: what a folder was made from, written only once it is complete.

A set-up that is killed leaves no stamp, so the next one starts that folder anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STAMP = '.set_up_stamp.json'


def write_stamp(folder: Path, facts: Mapping[str, str]) -> None:
    """Mark a folder as complete, made from `facts`; all of the stamp is written or none."""
    unfinished = folder / f'{STAMP}.new'
    unfinished.write_text(json.dumps(dict(facts), indent=2) + '\n')
    unfinished.replace(folder / STAMP)


def remove_stamp(folder: Path) -> None:
    """Mark a folder as incomplete, before the first change to it."""
    (folder / STAMP).unlink(missing_ok=True)


@dataclass(frozen=True)
class Redo:
    """Why a folder has to be made again.

    Parameters
    ----------
    reason : str
        In a few words.
    changed : frozenset of str
        The facts that changed; empty if the folder is missing or incomplete.
    """

    reason: str
    changed: frozenset[str] = frozenset()

    def is_only(self, *facts: str) -> bool:
        """Tell whether nothing but these facts changed."""
        return bool(self.changed) and self.changed <= set(facts)


def reason_to_redo(folder: Path, facts: Mapping[str, str]) -> Redo | None:
    """Say why a folder has to be made again.

    Parameters
    ----------
    folder : Path
        The folder that may carry a stamp.
    facts : mapping of str to str
        What it would be made from now.

    Returns
    -------
    Redo or None
        The reason, None when the folder is up to date.
    """
    if not folder.exists():
        return Redo('not there yet')
    try:
        stamped = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        stamped = None
    if not isinstance(stamped, dict):
        return Redo('an earlier set-up did not finish')
    changed = sorted(key for key, value in facts.items() if stamped.get(key) != value)
    return Redo(f'changed: {", ".join(changed)}', frozenset(changed)) if changed else None
