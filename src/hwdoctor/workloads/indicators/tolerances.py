"""How far a kernel's indicators may be from the reference, and why.

float64 must be what the tests hold against TA-Lib: 1e-9 of the value and 1e-12 of its unit
besides (`units`). A value rounded to float32 on the way is ten to a hundred times outside.

float32 is judged in units: a MACD near zero has the rounding of the prices it is made of. The
errors named below are those of NumPy in float32 against the reference, at 30 x 100 000 bars of
`inputs`; limits leave a factor of about five for other orders of summation.
"""

from hwdoctor.workloads.base import Tolerance
from hwdoctor.workloads.indicators.catalogue import CATALOGUE

FLOAT64 = 1e-9
FLOAT64_LIMITS: dict[str, float] = {
    # A sine near zero has the error of its phase, of which 1e-9 of up to 315 degrees is allowed.
    # At the nearest of six million bars a kernel that is right in all else needs 9e-10.
    "HT_SINE": 1e-8,
}
FLOAT32 = 8e-6
"""Some sixty units in the last place; all that is not named below stays within 2e-6."""

FLOAT32_LIMITS: dict[str, float] = {
    # Sums over all bars: rounding grows with their number, and so does the sum, beyond its unit
    # (OBV 1.4e-4, AD 6e-5, ADOSC 3e-5 of the largest volume).
    "OBV": 1e-3,
    "AD": 1e-3,
    "ADOSC": 3e-4,
    "PVT": 3e-5,
    # Products over all bars (3.4e-5 and 1.5e-5 of 1000).
    "NVI": 2e-4,
    "PVI": 2e-4,
    # Divided by what is small beside the prices it is made of: the mean deviation (7e-5), the
    # variance of a change (1.6e-5), the product of two deviations (5.4e-6), the RSI's range over
    # five bars (1.8e-5), a smoothed range (5.2e-6).
    "CCI": 3e-4,
    "BETA": 1e-4,
    "CORREL": 4e-5,
    "STOCHRSI": 1e-4,
    "SMI": 4e-5,
    # Ehlers' filters feed a period of up to 50 bars back into themselves; of the phase and what
    # follows from it, a thousandth of the bars is off by 1e-4 and more.
    "HT_DCPERIOD": 2e-4,
    "HT_DCPHASE": 5e-4,
    "HT_SINE": 5e-4,
    "MAMA": 3e-5,
}

FLOAT32_OUTLIERS: dict[str, float] = {
    # A change of the typical price below eight units of rounding counts as none, and a unit is half
    # a billion times larger in float32: the money flow of such a bar, and of the 13 after it, is
    # another one. Five bars in a thousand; of 1 500 bars up to ten in a thousand.
    "MFI": 0.03,
    # The phase jumps by 360 degrees once a cycle, by 180 where a sum of prices changes its sign,
    # and a crossing of its sines turns the mode for half a cycle.
    "HT_DCPHASE": 0.005,
    "HT_SINE": 0.005,
    "HT_TRENDMODE": 0.005,
    # The window of the average is the period rounded to whole bars.
    "HT_TRENDLINE": 0.005,
    # The weight is cut off at one degree of turn, and jumps with the phase.
    "MAMA": 0.005,
    # Stops turn where the price crosses them; a turn that rounding moves by a bar is another
    # line until the next turn.
    "SAR": 0.002,
    "SAREXT": 0.002,
    "SUPERTREND": 0.002,
}


def of_outputs(names: tuple[str, ...]) -> dict[str, Tolerance]:
    """A tolerance for every output of some indicators, under the output's name in a task."""
    return {
        f"{name}_{output}": _of(name, output)
        for name in names
        for output in CATALOGUE[name].outputs
    }


def _of(name: str, output: str) -> Tolerance:
    share = FLOAT32_OUTLIERS.get(name)
    return Tolerance(
        limits={
            "float64": FLOAT64_LIMITS.get(name, FLOAT64),
            "float32": FLOAT32_LIMITS.get(name, FLOAT32),
        },
        unit="of its size",
        scale={"float64": f"value_and_unit_{name}_{output}", "float32": f"unit_{name}"},
        outliers={} if share is None else {"float32": share},
    )
