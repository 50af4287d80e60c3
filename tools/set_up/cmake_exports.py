"""Adapts the CMake files of the ROS 2 wheels to the Python that uses them.

The wheels export the include folders of the machine that built them, which are not here.
"""

import re
from pathlib import Path

_FOREIGN_PYTHON = r'/opt/python/cp\d+-cp\d+t?'
_FOREIGN_NUMPY = re.compile(
    _FOREIGN_PYTHON + r'/lib/python3\.\d+/site-packages/numpy/(?:_core|core)/include'
)
_FOREIGN_INCLUDE = re.compile(_FOREIGN_PYTHON + r'/include/python3\.\d+')


def adapt_text(text: str, python_include: str, numpy_include: str) -> str:
    """Replace the include folders of the build machine in one CMake file.

    Parameters
    ----------
    text : str
        Content of the file.
    python_include, numpy_include : str
        The folders with Python.h and with numpy/ndarrayobject.h on this machine.

    Returns
    -------
    str
        The adapted content; the same when nothing is left to adapt.
    """
    # A function as replacement: a folder's name may hold a backslash, which `sub` would interpret.
    text = _FOREIGN_NUMPY.sub(lambda _: numpy_include, text)
    return _FOREIGN_INCLUDE.sub(lambda _: python_include, text)


def adapt_exports(environment: Path, python_include: str, numpy_include: str) -> int:
    """Adapt every CMake file below an environment; a second call changes nothing.

    Returns
    -------
    int
        How many files were changed.
    """
    changed = 0
    for file in sorted((environment / 'share').rglob('*.cmake')):
        before = file.read_text()
        after = adapt_text(before, python_include, numpy_include)
        if after != before:
            file.write_text(after)
            changed += 1
    return changed
