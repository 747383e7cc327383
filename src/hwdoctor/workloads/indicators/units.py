"""In which unit an indicator is judged: what an error of one is measured against.

A MACD crosses zero; its error does not, it is made of prices. So an error is allowed a share of
the value itself and a far smaller one of the unit's size.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from hwdoctor.workloads.indicators.indicator import Indicator

SHARES = frozenset(
    {
        "BETA",
        "BOP",
        "CMF",
        "CORREL",
        "ER",
        "HT_SINE",
        "HT_TRENDMODE",
        "ROCP",
        "ROCR",
        "RVOL",
        "VHF",
        "VORTEX",
    }
)
"""Of size 1."""
PERCENT = frozenset(
    {
        "ADX",
        "ADXR",
        "AROON",
        "AROONOSC",
        "CCI",
        "CMO",
        "CMOU",
        "COPPOCK",
        "CVI",
        "DX",
        "FOSC",
        "FRACTAL",
        "HT_DCPERIOD",
        "HT_DCPHASE",
        "IMI",
        "KDJ",
        "MASSI",
        "MFI",
        "MINUS_DI",
        "NATR",
        "PERCENTRANK",
        "PLUS_DI",
        "PPO",
        "PVO",
        "ROC",
        "ROCR100",
        "RSI",
        "RVI",
        "SMI",
        "STOCH",
        "STOCHF",
        "STOCHRSI",
        "TRIX",
        "TSI",
        "ULTOSC",
        "WILLR",
    }
)
"""Of size 100."""
VOLUMES = frozenset({"AD", "ADOSC", "OBV", "PVT"})


def size(entry: Indicator, columns: Mapping[str, Any]) -> float:
    """The unit's size on these bars: 1, 100, or the largest price (or volume, or product)."""
    if entry.name in SHARES:
        return 1.0
    if entry.name in PERCENT:
        return 100.0
    price = max(_largest(columns[name]) for name in entry.inputs if name in _PRICES) or 1.0
    volume = _largest(columns["volume"]) if "volume" in columns else 1.0
    special = {
        "VAR": price * price,
        "EFI": price * volume,
        "MARKETFI": 1.0,
        "NVI": 1000.0,
        "PVI": 1000.0,
        # 180 / pi degrees per unit of slope.
        "LINEARREG_ANGLE": 57.3 * price,
        "MINUS_DM": 10.0 * price,
        "PLUS_DM": 10.0 * price,
        "HT_PHASOR": 10.0 * price,
    }
    return volume if entry.name in VOLUMES else special.get(entry.name, price)


_PRICES = ("open", "high", "low", "close")


def _largest(column: Any) -> float:
    finite = np.abs(column[np.isfinite(column)])
    return float(finite.max()) if finite.size else 0.0
