"""Cycle indicators: Ehlers' Hilbert transform; see `hilbert` for the formulas and sources."""

from hwdoctor.workloads.indicators import hilbert
from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars, Series

FROM_12, FROM_37 = 32 - 12, 63 - 37
"""Bars between the discriminator's first and the indicator's."""


def ht_dcperiod(bars: Bars) -> Array:
    """Period of the dominant cycle in bars."""
    return bars.p.since(bars.hilbert(12)[4], FROM_12)


def ht_dcphase(bars: Bars) -> Array:
    """Phase of the dominant cycle in degrees."""
    return bars.p.since(bars.dominant_phase(), FROM_37)


def ht_phasor(bars: Bars) -> Series:
    """In-phase and quadrature parts of the detrended price."""
    _, inphase, quadrature, _, _ = bars.hilbert(12)
    return bars.p.since(inphase, FROM_12), bars.p.since(quadrature, FROM_12)


def ht_sine(bars: Bars) -> Series:
    """Sine of the phase, and of the phase 45 degrees on."""
    p = bars.p
    angle = p.since(bars.dominant_phase(), FROM_37)
    return p.xp.sin(angle / hilbert.DEGREES), p.xp.sin((angle + 45.0) / hilbert.DEGREES)


def ht_trendmode(bars: Bars) -> Array:
    """1 in a trend, 0 in a cycle."""
    mode = hilbert.trend_mode(bars.p, bars.hilbert(37), bars.dominant_phase(), bars.cycle_average())
    return bars.p.since(mode, FROM_37)
