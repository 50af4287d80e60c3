"""The nodes that make a system, described once; the starters read this and repeat nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from compression_boot_control.resources import config_directory

ParameterValue = bool | int | float | str

EXECUTABLES = (
    'sequence_planner',
    'chamber_control',
    'pressure_sensing',
    'safety_supervisor',
    'manifold',
    'session_recorder',
)
"""All nodes, in the order in which they are brought down: who wants pressure goes first."""

VIEWS = 'leg_markers'
"""Node that shows the legs; beside a system, if somebody wants it."""

ONLOOKERS = frozenset({VIEWS})
"""Nodes that only show something: a system that has lost one is whole."""

PLAYER = 'bag_player'
"""Node that plays a bag to others."""

REPLAYED = ('chamber_control', 'pressure_sensing', 'safety_supervisor')
"""Nodes to which a bag is played: all that decide, and none that could move a valve."""

DEVICE_TEST = 'device_test'
"""The node that tests the hardware; it runs alone, in the place of a system."""

TUNER = 'tuner'
"""Node of the experiment of `boots tune`, in the place of all that sense, plan and control."""

TUNED = (TUNER, 'safety_supervisor', 'manifold')
"""Nodes of the experiment, in the order in which they are brought down."""

STARTER_PID = 'COMPRESSION_BOOTS_STARTER_PID'
"""Environment variable by which a starter tells its nodes whose end is theirs too."""


def loopback_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables to add so that DDS stays on this machine, where nobody has chosen otherwise.

    `env.sh` sets the same; this is for nodes that are started from elsewhere, such as an overlay of
    a ROS 2 installation. Whoever opens the system sets a profile or a discovery range of their own.

    Parameters
    ----------
    environment : mapping of str to str
        Such as ``os.environ``.
    """
    chosen = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'ROS_AUTOMATIC_DISCOVERY_RANGE')
    if any(name in environment for name in chosen):
        return {}
    if environment.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp') != 'rmw_fastrtps_cpp':
        return {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    profile = str(config_directory() / 'fastdds_loopback.xml')
    return {
        'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
        'FASTRTPS_DEFAULT_PROFILES_FILE': profile,
        'FASTDDS_DEFAULT_PROFILES_FILE': profile,
        # with LOCALHOST, rmw_fastrtps would add transports of its own to the profile's
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SYSTEM_DEFAULT',
    }


@dataclass(frozen=True)
class SystemOptions:
    """What a person chooses when bringing a system up.

    Attributes
    ----------
    backend : str
        Hardware: sim, modbus-tcp or modbus-rtu.
    hardware, host, port : str
        Its profile, and where it is; empty: the usual ones of the backend.
    calibration : str
        File with the calibrations of its sensors; empty: none.
    garment : str
        Name or file.
    namespace : str
        Of all topics, services and nodes.
    record : bool
        Record from the start.
    directory : str
        Folder in which bags are made.
    bag : str
        Folder of the first bag; empty: named by date and time.
    speed : float
        Simulated boots: time runs at most this much faster than real.
    seed : int
        Simulated boots: draw of legs and noise.
    sample_period : float
        Simulated boots: time from one sample to the next [s]; a longer one is less work.
    log_level : str
        debug, info, warn, error or fatal.
    views : bool
        Show the legs as markers.
    parameters : mapping of str to mapping
        Of the nodes, by node and name, besides those that these options decide.
    provenance : mapping of str to str
        What goes into the bag besides these options.
    """

    backend: str = 'sim'
    hardware: str = ''
    host: str = ''
    port: str = ''
    calibration: str = ''
    garment: str = 'five_zone'
    namespace: str = 'boots'
    record: bool = True
    directory: str = 'bags'
    bag: str = ''
    speed: float = 1.0
    seed: int = 0
    sample_period: float = 0.01
    log_level: str = 'info'
    views: bool = False
    parameters: Mapping[str, Mapping[str, ParameterValue]] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def simulated_time(self) -> bool:
        """Whether the nodes follow the simulated boots' clock."""
        return self.backend == 'sim' and self.speed != 1.0


@dataclass(frozen=True)
class NodeDescription:
    """One node of a system.

    Attributes
    ----------
    executable : str
        One of `EXECUTABLES`; the node's name too.
    namespace, log_level : str
    parameters : mapping
    remappings : tuple of (str, str)
    """

    executable: str
    namespace: str
    log_level: str
    parameters: Mapping[str, ParameterValue]
    remappings: tuple[tuple[str, str], ...]

    @property
    def is_onlooker(self) -> bool:
        """Whether the system goes on without it."""
        return self.executable in ONLOOKERS

    def arguments(self) -> list[str]:
        """ROS arguments for a command line."""
        words = ['--ros-args', '-r', f'__ns:={self.namespace}', '--log-level', self.log_level]
        for source, target in self.remappings:
            words += ['-r', f'{source}:={target}']
        for name, value in self.parameters.items():
            words += ['-p', f'{name}:={json.dumps(value)}']
        return words


def describe_system(options: SystemOptions) -> tuple[NodeDescription, ...]:
    """Describe the nodes of a system, in the order of `EXECUTABLES`."""
    # every node imports this module, and only starters need that one
    from compression_boot_control.analysis.provenance import without_home

    own: dict[str, dict[str, ParameterValue]] = {
        'manifold': _hardware(options) | {'speed': float(options.speed)},
        'session_recorder': {
            'record': options.record,
            'directory': options.directory,
            'bag': options.bag,
        },
    }
    garment: dict[str, ParameterValue] = {'garment': options.garment}
    for executable in EXECUTABLES:
        parameters = own.setdefault(executable, {})
        if executable != 'session_recorder':
            parameters.update(garment)
        if executable != 'manifold':
            # the manifold makes the simulated time, the others follow it
            parameters['use_sim_time'] = options.simulated_time
    executables = EXECUTABLES
    if options.views:
        executables = (*EXECUTABLES, VIEWS)
        own[VIEWS] = {'use_sim_time': options.simulated_time}
    for executable in executables:
        own[executable].update(options.parameters.get(executable, {}))
    namespace = f'/{options.namespace.strip("/")}'
    provenance = dict(options.provenance) | {
        'garment': options.garment,
        'backend': options.backend,
        'seed': str(options.seed),
        'speed': str(options.speed),
        'parameters': json.dumps(own, sort_keys=True),
    }
    # a bag goes to others: the home folder has the user's name
    provenance = {name: without_home(text) for name, text in provenance.items()}
    own['session_recorder']['provenance'] = json.dumps(provenance)
    # two garments in one domain must not share a simulated clock
    remappings = (('/clock', f'{namespace}/clock'),)
    return tuple(
        NodeDescription(executable, namespace, options.log_level, own[executable], remappings)
        for executable in executables
    )


def describe_replay(options: SystemOptions, bag: str, rate: float) -> tuple[NodeDescription, ...]:
    """Describe the nodes to which a bag is played, and the one that plays it.

    Parameters
    ----------
    options : SystemOptions
        Its garment, namespace, recording and views count.
    bag : str
        Folder of the bag that is played.
    rate : float
        How much faster than it was.
    """
    wanted = {PLAYER, *REPLAYED}
    simulated = replace(options, backend='sim', speed=2.0)
    nodes = {node.executable: node for node in describe_system(simulated)}
    if options.record:
        wanted.add('session_recorder')
    if options.views:
        wanted.add(VIEWS)
    like = nodes['chamber_control']
    nodes[PLAYER] = replace(like, executable=PLAYER, parameters={'bag': bag, 'rate': float(rate)})
    return tuple(node for name, node in nodes.items() if name in wanted)


def describe_tuning(options: SystemOptions) -> tuple[NodeDescription, ...]:
    """Describe the nodes of the experiment of `boots tune`.

    Parameters
    ----------
    options : SystemOptions
        Their parameters and views do not count.
    """
    nodes = {node.executable: node for node in describe_system(options)}
    # as the node in whose place it stands, it needs the garment and the system's time
    nodes[TUNER] = replace(nodes['chamber_control'], executable=TUNER)
    wanted = (*TUNED, 'session_recorder') if options.record else TUNED
    return tuple(nodes[name] for name in wanted)


def describe_device_test(options: SystemOptions) -> NodeDescription:
    """Describe the node that tests the hardware that the options name."""
    parameters = _hardware(options) | {'garment': options.garment}
    namespace = f'/{options.namespace.strip("/")}'
    return NodeDescription(DEVICE_TEST, namespace, options.log_level, parameters, ())


def _hardware(options: SystemOptions) -> dict[str, ParameterValue]:
    """Parameters of a node that opens the hardware, beside the garment."""
    return {
        'backend': options.backend,
        'hardware': options.hardware,
        'host': options.host,
        'port': options.port,
        'calibration': options.calibration,
        'seed': options.seed,
        'sample_period': float(options.sample_period),
    }
