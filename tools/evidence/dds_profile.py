"""Fast DDS profiles for tests: the project's own, but sooner to forget, or for two hosts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compression_boot_control.resources import config_directory

LEASE = 2
"""Time after which a process that was killed is forgotten [s].

With the 20 s of the default, a node that is started again after a kill would find itself beside
its own ghost, which is a second sender, and the boots would stay vented for that long. Between two
hosts it stays: where only one side forgets the other, Fast DDS does not bring them together again.
"""


def _replaced(text: str, tag: str, entry: str, addresses: Sequence[str]) -> str:
    """Put an entry for each address into an element, in place of what was there."""
    begin, end = text.index(f'<{tag}>') + len(tag) + 2, text.index(f'</{tag}>')
    return text[:begin] + ''.join(entry.format(address) for address in addresses) + text[end:]


def write_profile(folder: Path, addresses: Sequence[str] = ()) -> dict[str, str]:
    """Write a profile; the variables that make a process use it.

    Parameters
    ----------
    folder : Path
        Where it is written.
    addresses : sequence of str
        Of all hosts; none: the loopback alone.
    """
    text = (config_directory() / 'fastdds_loopback.xml').read_text()
    if addresses:
        # the loopback would be announced to the other host, where it leads elsewhere
        text = _replaced(text, 'interfaceWhiteList', '<address>{}</address>', addresses)
        peer = '<locator><udpv4><address>{}</address></udpv4></locator>'
        text = _replaced(text, 'initialPeersList', peer, addresses)
    else:
        lease = f'<leaseDuration><sec>{LEASE}</sec></leaseDuration>'
        text = text.replace('<discovery_config>', f'<discovery_config>{lease}')
    file = folder / 'fastdds.xml'
    file.write_text(text)
    return {
        'FASTRTPS_DEFAULT_PROFILES_FILE': str(file),
        'FASTDDS_DEFAULT_PROFILES_FILE': str(file),
        'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SYSTEM_DEFAULT',
    }
