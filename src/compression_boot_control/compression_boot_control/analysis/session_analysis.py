"""Computes every metric of a session, or says why it cannot be computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compression_boot_control.analysis.chamber_findings import put_chambers
from compression_boot_control.analysis.cycles import Cycle
from compression_boot_control.analysis.fills import Fill
from compression_boot_control.analysis.findings import Finding, Sheet
from compression_boot_control.analysis.metric_table import METRICS, Scope
from compression_boot_control.analysis.node_findings import put_alarms, put_nodes, put_paths
from compression_boot_control.analysis.session_data import SessionData
from compression_boot_control.analysis.session_findings import put_session
from compression_boot_control.analysis.session_work import References, Work
from compression_boot_control.core.signals import FloatArray


@dataclass(frozen=True)
class SessionAnalysis:
    """A session's metrics, and what a report draws.

    Attributes
    ----------
    data : SessionData
    findings : tuple of Finding
        Of all metrics, in the order of the table.
    cycles : tuple of Cycle
    fills : tuple of Fill
    limits : tuple of float
        Of each fill's group by the pump [s]; NaN if unknown.
    latencies : mapping of str to (M,) array
        By path [s].
    """

    data: SessionData
    findings: tuple[Finding, ...]
    cycles: tuple[Cycle, ...]
    fills: tuple[Fill, ...]
    limits: tuple[float, ...]
    latencies: Mapping[str, FloatArray]

    def value(self, metric: str, subject: str = '') -> float | None:
        """Value of a metric; None if it could not be computed."""
        for finding in self.findings:
            if finding.metric == metric and finding.subject == subject:
                return finding.value
        return None


def analyse_session(data: SessionData, references: References) -> SessionAnalysis:
    """Compute all metrics of a session.

    Parameters
    ----------
    data : SessionData
    references : References
        Garment file and protocol.
    """
    sheet = Sheet()
    trace = data.trace
    cycles: tuple[Cycle, ...] = ()
    fills: tuple[Fill, ...] = ()
    limits: tuple[float, ...] = ()
    if trace is None or not len(trace.time):
        reason = data.gaps.get('pressures', 'no pressures within the session')
        sheet.miss(Scope.SESSION, '', reason)
        sheet.miss(Scope.CHAMBER, '', reason)
    else:
        work = Work(data, trace, references)
        put_session(work, sheet)
        put_chambers(work, sheet)
        cycles, fills, limits = work.cycles, work.fills, work.limits
    latencies = put_paths(data, sheet)
    put_nodes(data, sheet)
    put_alarms(data, sheet)
    order = {metric.name: place for place, metric in enumerate(METRICS)}
    findings = sorted(sheet.findings, key=lambda finding: order[finding.metric])
    return SessionAnalysis(data, tuple(findings), cycles, fills, limits, latencies)
