"""Analyses all sessions of a bag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from compression_boot_control.analysis.bag_stream import BagStream
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.session_analysis import SessionAnalysis, analyse_session
from compression_boot_control.analysis.session_data import SessionData
from compression_boot_control.analysis.session_messages import session_data
from compression_boot_control.analysis.session_split import split_sessions, wanted_fields
from compression_boot_control.analysis.session_work import References
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.session_errors import ProtocolError
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol
from compression_boot_control.yaml_file import FileError

LEGS = ('both', 'left', 'right')


@dataclass(frozen=True)
class AnalysisOptions:
    """What a person says of a bag that the bag does not say.

    Attributes
    ----------
    namespace : str or None
        Of the garment, needed if the bag has several.
    garment, protocol : str
        Name or file; empty: those that the bag names.
    """

    namespace: str | None = None
    garment: str = ''
    protocol: str = ''


@dataclass(frozen=True)
class BagFacts:
    """What a bag says of itself.

    Attributes
    ----------
    path : Path
    duration_s : float
        From the first message to the last.
    counts : mapping of str to int
        Messages by topic.
    provenance : mapping of str to str
    recovered : bool
        The bag is damaged, and what is here is what could be read.
    notes : tuple of str
        One line for each thing that a person should know.
    """

    path: Path
    duration_s: float
    counts: Mapping[str, int]
    provenance: Mapping[str, str]
    recovered: bool
    notes: tuple[str, ...]


def analyse_bag(
    path: str | Path,
    options: AnalysisOptions,
    on_session: Callable[[SessionAnalysis], None],
) -> BagFacts:
    """Analyse a bag session by session: memory holds one of them at a time.

    Parameters
    ----------
    path : str or Path
    options : AnalysisOptions
    on_session : callable
        Gets each session's analysis, in the order of the bag.

    Raises
    ------
    BagError
        The bag cannot be read, or there is nothing in it that this program knows.
    FileError
        The garment or the protocol that was asked for cannot be read.
    """
    stream = BagStream(path, wanted_fields())
    if options.garment:
        load_garment(options.garment)  # what was asked for must be there
    if options.protocol:
        load_protocol(options.protocol)
    count = 0
    for data in _sessions(stream, options):
        on_session(analyse_session(data, references(data, stream.provenance, options)))
        count += 1
        del data  # or it would be held while the next one is read
    if not count:
        known = ', '.join(sorted(stream.topics)) or 'none'
        raise BagError(
            f'{path} has no message that boots analyze knows; its topics: {known}. '
            'Record /boots/pressures and /boots/setpoints at least'
        )
    start, end = stream.start_ns, stream.end_ns
    return BagFacts(
        path=Path(path),
        duration_s=0.0 if start is None or end is None else (end - start) / 1e9,
        counts={name: topic.message_count for name, topic in stream.topics.items()},
        provenance=dict(stream.provenance),
        recovered=stream.recovered,
        notes=tuple(stream.notes),
    )


def analysed_sessions(
    path: str | Path, options: AnalysisOptions | None = None
) -> tuple[BagFacts, list[SessionAnalysis]]:
    """Analyse a bag and keep all its sessions; see `analyse_bag`."""
    found: list[SessionAnalysis] = []
    facts = analyse_bag(path, options or AnalysisOptions(), found.append)
    return facts, found


def _sessions(stream: BagStream, options: AnalysisOptions) -> Iterator[SessionData]:
    # unlike a loop, map lets go of a record once it has been made into arrays
    return map(partial(session_data, stream=stream), split_sessions(stream, options.namespace))


def references(
    data: SessionData, provenance: Mapping[str, str], options: AnalysisOptions
) -> References:
    """Garment and protocol of a session: those that were asked for, else those that it names."""
    named = data.pneumatics.garment if data.pneumatics else provenance.get('garment', '')
    garment, garment_reason = _garment(options.garment or named, data)
    protocols = (options.protocol,) if options.protocol else data.protocols
    if not protocols:
        return References(garment, garment_reason, (), 'the bag names no protocol: use --protocol')
    if len(protocols) > 1:
        return References(garment, garment_reason, (), 'several protocols ran in one session')
    if garment is None:
        return References(None, garment_reason, (), garment_reason)
    plans, reason = _plans(protocols[0], options.garment or named)
    return References(garment, garment_reason, plans, reason)


def _garment(name: str, data: SessionData) -> tuple[Garment | None, str]:
    if not name:
        return None, 'the bag names no garment: use --garment'
    try:
        garment = _loaded_garment(name)
    except FileError:
        return None, f'the garment {name} is not in the library: name its file with --garment'
    if set(garment.chamber_names) != set(data.chamber_names):
        return None, (
            f'the garment {name} has other chambers than the bag: name the right file with '
            '--garment'
        )
    return garment, ''


@cache
def _loaded_garment(name: str) -> Garment:
    return load_garment(name)


@cache
def _plans(protocol: str, garment_name: str) -> tuple[tuple[Plan, ...], str]:
    """Plans of a protocol for both legs and each, or why there is none."""
    garment = _loaded_garment(garment_name)
    try:
        loaded = load_protocol(protocol, zone_order=garment.zone_order)
        return tuple(compile_protocol(loaded, garment, leg=leg) for leg in LEGS), ''
    except FileError:
        return (), f'the protocol {protocol} is not in the library: name its file with --protocol'
    except ProtocolError as error:
        return (), f'the protocol {protocol} cannot run on {garment_name}: {error.message}'
