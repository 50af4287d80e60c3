"""Latency through the graph of nodes, jitter of each, and what was missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.core.signals import FloatArray, IntArray

EARLY = 0.8
"""A message that comes earlier than this part of the usual interval was sent for another reason."""

COARSE = 0.3
"""A clock that stands still in more than this part of the intervals is too coarse to measure by."""


def answer_latency(
    sample_sequence: IntArray,
    sample_time_ns: NDArray[np.int64],
    answered: IntArray,
    answer_time_ns: NDArray[np.int64],
) -> FloatArray:
    """Time from each sample to the first message that answers it [s].

    ``t_answer[k] - t_sample[s[k]]``, matched by sequence numbers, never by position. Answers to
    samples that the bag does not hold, and to none (0), are left out.

    Parameters
    ----------
    sample_sequence, sample_time_ns : (T,) array
    answered, answer_time_ns : (M,) array
        Sequence of the sample that each message answers, and its time.
    """
    if not len(sample_sequence) or not len(answered):
        return np.empty(0)
    order = np.argsort(sample_sequence, kind='stable')
    known, times = sample_sequence[order], sample_time_ns[order]
    place = np.searchsorted(known, answered)
    inside = np.minimum(place, len(known) - 1)
    matched = (known[inside] == answered) & (answered > 0)
    _, first = np.unique(answered[matched], return_index=True)
    latency = (answer_time_ns[matched] - times[inside[matched]])[first]
    return np.asarray(latency / 1e9)


def applied_latency(
    permit_sequence: IntArray,
    permit_time_ns: NDArray[np.int64],
    reported: IntArray,
    report_time_ns: NDArray[np.int64],
) -> FloatArray:
    """Time from each permit to the first sample that reports it, or a later one, as applied [s].

    ``t_sample[min k: n[k] >= j] - t_permit[j]``, for permits that a sample reports by number.

    Parameters
    ----------
    permit_sequence, permit_time_ns : (M,) array
    reported, report_time_ns : (T,) array
        Number of the permit that is in force, and time of the sample.
    """
    fresh = np.flatnonzero(np.diff(reported, prepend=-1) > 0)
    return answer_latency(permit_sequence, permit_time_ns, reported[fresh], report_time_ns[fresh])


def is_coarse(time_ns: NDArray[np.int64]) -> bool:
    """Whether a clock stands still between messages so often that it cannot time them."""
    return len(time_ns) > 1 and float((np.diff(time_ns) == 0).mean()) > COARSE


@dataclass(frozen=True)
class Regularity:
    """How regularly a node speaks.

    Attributes
    ----------
    rate : float
        Messages a second, by the median interval [1/s].
    jitter_rms, jitter_p99 : float
        Root of the mean square, and 99th percentile, of ``|dt - median(dt)|`` [s].
    worst_gap : float
        Longest interval [s].
    """

    rate: float
    jitter_rms: float
    jitter_p99: float
    worst_gap: float


def regularity(time: FloatArray) -> Regularity | None:
    """Regularity of messages; None with fewer than three.

    Messages that come early because something changed, `EARLY`, do not count, and neither does the
    interval after them.

    Parameters
    ----------
    time : (M,) array
        [s]
    """
    step = np.diff(time)
    if len(step) < 2:
        return None
    usual = float(np.median(step))
    early = step < EARLY * usual
    counted = ~early
    counted[1:] &= ~early[:-1]
    off = np.abs(step[counted] - usual) if counted.any() else np.abs(step - usual)
    return Regularity(
        rate=1.0 / usual if usual > 0.0 else float('nan'),
        jitter_rms=float(np.sqrt(np.mean(off**2))),
        jitter_p99=float(np.percentile(off, 99.0)),
        worst_gap=float(step.max()),
    )


def missed(sequence: IntArray) -> int:
    """Numbers that are missing, ``sum of max(n[k] - n[k-1] - 1, 0)``.

    A number that falls is a sender that was started again, and counts for nothing.
    """
    step = np.diff(sequence)
    return int(np.maximum(step - 1, 0).sum())
