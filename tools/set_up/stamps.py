"""Stamps: what a folder was made from, written only once it is complete.

A set-up that is killed leaves no stamp, so the next one starts that folder anew.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

STAMP = '.set_up_stamp.json'


def write_stamp(folder: Path, facts: Mapping[str, str]) -> None:
    """Mark a folder as complete, made from `facts`; all of the stamp is written or none."""
    unfinished = folder / f'{STAMP}.new'
    unfinished.write_text(json.dumps(dict(facts), indent=2) + '\n')
    os.replace(unfinished, folder / STAMP)


def remove_stamp(folder: Path) -> None:
    """Mark a folder as incomplete, before the first change to it."""
    (folder / STAMP).unlink(missing_ok=True)


def reason_to_redo(folder: Path, facts: Mapping[str, str]) -> str | None:
    """Say why a folder has to be made again.

    Parameters
    ----------
    folder : Path
        The folder that may carry a stamp.
    facts : mapping of str to str
        What it would be made from now.

    Returns
    -------
    str or None
        The reason in a few words, None when the folder is up to date.
    """
    if not folder.exists():
        return 'not there yet'
    try:
        stamped = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return 'an earlier set-up did not finish'
    for key, value in facts.items():
        if stamped.get(key) != value:
            return f'{key} changed'
    return None
