"""An exponential without calls and branches, which compilers make vector instructions of.

``exp(x) = 2^n exp(r)`` with n the whole number nearest to ``x / ln 2``: exp(r) is a short sum for
the small r that remains, and 2^n is written into a number's exponent. The C library's exponential
is a call for each number, however many lie side by side.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from compression_boot_control.core import first_order

_PER_LOG2 = 1.0 / math.log(2.0)
_LOG2_HIGH = float.fromhex('0x1.62e42fee00000p-1')  # so few bits that n times it is exact
_LOG2_LOW = float.fromhex('0x1.a39ef35793c76p-33')
_WHOLE = 1.5 * 2.0**52
"""Added to a number, leaves the nearest whole one in its last bits."""
_ONE = 0x3FF0000000000000
"""Bits of the number 1."""
_LOWEST = -708.0
"""Below this the exponential is no normal number any more, and counts as that of this."""

_C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12, _C13 = (
    1.0 / math.factorial(k) for k in range(2, 14)
)


@intrinsic
def _bits(typing, number):
    def made(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.int64))

    return types.int64(types.float64), made


@intrinsic
def _number(typing, bits):
    def made(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), made


@register_jitable(forceinline=True)
def exponential(x):
    """Exponential of a number up to 0, to one or two units in its last place; NaN of NaN."""
    x = np.maximum(x, _LOWEST)
    shifted = x * _PER_LOG2 + _WHOLE
    n = shifted - _WHOLE
    r = (x - n * _LOG2_HIGH) - n * _LOG2_LOW
    tail = _C8 + r * (_C9 + r * (_C10 + r * (_C11 + r * (_C12 + r * _C13))))
    power = 1.0 + r * (
        1.0 + r * (_C2 + r * (_C3 + r * (_C4 + r * (_C5 + r * (_C6 + r * (_C7 + r * tail))))))
    )
    return power * _number((_bits(shifted) << 52) + _ONE)


@overload(first_order.covered_share, jit_options={'forceinline': True, 'error_model': 'numpy'})
def _covered_share(time, time_constant):
    if not (isinstance(time, types.Number) and isinstance(time_constant, types.Number)):
        return None

    def share(time, time_constant):
        return 1.0 - exponential(-time / time_constant)

    return share
