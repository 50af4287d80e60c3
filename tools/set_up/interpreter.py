"""Which Python will do; in syntax that any Python 3 parses."""

OLDEST = (3, 11)
NEWEST_WITH_WHEELS = (3, 13)  # the newest that the ROS 2 wheels are built for


def complaint_about_python(version: 'tuple[int, int]', ros_is_sourced: bool) -> 'str | None':
    """Say in one line why a Python does not do.

    Parameters
    ----------
    version : tuple of two int
        Major and minor version.
    ros_is_sourced : bool
        Whether ROS 2 comes from an installation, which then decides the newest version.

    Returns
    -------
    str or None
        Cause and cure, None if the version will do.
    """
    too_new = version > NEWEST_WITH_WHEELS and not ros_is_sourced
    if version >= OLDEST and not too_new:
        return None
    return (
        'Python %s found; needs %s to %s: install one (Debian, Ubuntu: sudo apt install '
        'python3-full python3-dev) or name one, as in: make PYTHON=python3.12 build'
    ) % (_dotted(version), _dotted(OLDEST), _dotted(NEWEST_WITH_WHEELS))


def _dotted(version: 'tuple[int, int]') -> str:
    return '.'.join(str(number) for number in version)
