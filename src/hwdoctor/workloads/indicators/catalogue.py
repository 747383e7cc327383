"""The catalogue as data: what each indicator needs, gives, and from which bar on.

Names, groups, parameters, defaults, domains and outputs are TA-Lib 0.8's; AVWAP, the volume
weighted price since given anchors, is our own addition. `tests/workloads/indicators` holds every
field against TA-Lib. Nothing heavy may be imported here: the catalogue is listed in the docs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hwdoctor.workloads.indicators.averages import EMA, MATYPES, RMA, SMA, lookback

Values = Mapping[str, float]
COLUMNS = {
    "o": "open",
    "h": "high",
    "l": "low",
    "c": "close",
    "v": "volume",
    "p": "periods",
    "a": "anchors",
}
LONGEST = 100_000
"""TA-Lib's greatest period."""
REAL_MAX = 3e37
"""TA-Lib's greatest real parameter."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One keyword argument; an integer where its default is one."""

    name: str
    default: float
    least: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One entry."""

    name: str
    group: str
    inputs: tuple[str, ...]
    """Columns, in TA-Lib's order."""
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    lookback_of: Callable[[Values], int]
    sequential: bool
    """Whether it needs a recursion that no window, cumulative sum or linear filter expresses."""
    shares: tuple[str, ...]
    """Intermediates of `shared.Bars` that it asks for."""

    @property
    def defaults(self) -> dict[str, float]:
        """Default of every parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def lookback(self, values: Values | None = None) -> int:
        """First bar with a value, counted from 0."""
        return self.lookback_of({**self.defaults, **(values or {})})


DOMAINS: dict[str, tuple[float, float]] = {
    "nbdevup": (-REAL_MAX, REAL_MAX),
    "nbdevdn": (-REAL_MAX, REAL_MAX),
    "nbdev": (-REAL_MAX, REAL_MAX),
    "vfactor": (0.0, 1.0),
    "fastlimit": (0.01, 0.99),
    "slowlimit": (0.01, 0.99),
    "startvalue": (-REAL_MAX, REAL_MAX),
    "multiplier": (0.0, REAL_MAX),
    "percentile": (0.0, 100.0),
}


def _n(values: Values, name: str = "timeperiod") -> int:
    return int(values[name])


def _period(values: Values) -> int:
    return _n(values)


def _period_less_one(values: Values) -> int:
    return _n(values) - 1


def _fixed(bars: int) -> Callable[[Values], int]:
    return lambda values: bars  # noqa: ARG005 -- no parameter matters


def _of_average(matype: int) -> Callable[[Values], int]:
    return lambda values: lookback(_n(values), matype)


def _oscillator(values: Values) -> int:
    slow = max(_n(values, "fastperiod"), _n(values, "slowperiod"))
    return lookback(slow, _n(values, "matype"), EMA)


def _spread(values: Values) -> int:
    return max(_n(values, "fastperiod"), _n(values, "slowperiod")) - 1


def _smoothed_k(values: Values, default: int) -> int:
    return (
        _n(values, "fastk_period")
        - 1
        + lookback(_n(values, "slowk_period"), _n(values, "slowk_matype"), default)
        + lookback(_n(values, "slowd_period"), _n(values, "slowd_matype"), default)
    )


def _fast_k(values: Values) -> int:
    smoothed = lookback(_n(values, "fastd_period"), _n(values, "fastd_matype"))
    return _n(values, "fastk_period") - 1 + smoothed


def _entry(
    name: str,
    inputs: str,
    parameters: str,
    outputs: str,
    first: int | Callable[[Values], int],
    *shares: str,
    sequential: bool = False,
) -> Indicator:
    """One entry; parameters as `name=default`, with `:1` where a period may be one bar."""
    parsed = []
    for part in parameters.split():
        key, _, rest = part.partition("=")
        text, _, least = rest.partition(":")
        is_real = "." in text
        low, high = DOMAINS.get(key, (0.0, REAL_MAX) if is_real else (int(least or 2), LONGEST))
        if key.endswith("matype"):
            low, high = MATYPES
        default = float(text) if is_real else int(text)
        parsed.append(Parameter(name=key, default=default, least=low, most=high))
    return Indicator(
        name=name,
        group="",
        inputs=tuple(COLUMNS[letter] for letter in inputs),
        parameters=tuple(parsed),
        outputs=tuple(outputs.split()),
        lookback_of=first if callable(first) else _fixed(first),
        sequential=sequential,
        shares=shares,
    )


BANDS = "upperband middleband lowerband"

_OVERLAP = (
    _entry("ACCBANDS", "hlc", "timeperiod=20", BANDS, _period_less_one, "high_low_range"),
    _entry(
        "BBANDS",
        "c",
        "timeperiod=20 nbdevup=2.0 nbdevdn=2.0 matype=0",
        BANDS,
        lambda v: max(_n(v) - 1, lookback(_n(v), _n(v, "matype"))),
    ),
    _entry("DEMA", "c", "timeperiod=30:1", "real", lambda v: 2 * (_n(v) - 1)),
    _entry("DONCHIAN", "hl", "timeperiod=20", BANDS, _period_less_one, "highest", "lowest"),
    _entry("EMA", "c", "timeperiod=30:1", "real", _period_less_one, "ema"),
    _entry("HMA", "c", "timeperiod=20:1", "real", _of_average(9)),
    _entry("HT_TRENDLINE", "c", "", "real", 63, "cycle_average", "hilbert", sequential=True),
    _entry("KAMA", "c", "timeperiod=30:1", "real", _of_average(6), sequential=True),
    _entry(
        "KC",
        "hlc",
        "timeperiod=20 atrperiod=10:1 nbdev=2.0",
        BANDS,
        lambda v: max(_n(v) - 1, _n(v, "atrperiod")),
        *("true_range", "typical_price"),
    ),
    _entry("MAMA", "c", "fastlimit=0.5 slowlimit=0.05", "mama fama", 32, sequential=True),
    _entry(
        "MAVP",
        "cp",
        "minperiod=2:1 maxperiod=30 matype=0",
        "real",
        lambda v: lookback(_n(v, "maxperiod"), _n(v, "matype")),
    ),
    _entry("MIDPOINT", "c", "timeperiod=14", "real", _period_less_one),
    _entry("MIDPRICE", "hl", "timeperiod=14", "real", _period_less_one, "highest", "lowest"),
    _entry("RMA", "c", "timeperiod=30:1", "real", _period_less_one),
    _entry("SAR", "hl", "acceleration=0.02 maximum=0.2", "real", 1, sequential=True),
    _entry(
        "SAREXT",
        "hl",
        "startvalue=0.0 offsetonreverse=0.0 accelerationinitlong=0.02 accelerationlong=0.02 "
        "accelerationmaxlong=0.2 accelerationinitshort=0.02 accelerationshort=0.02 "
        "accelerationmaxshort=0.2",
        "real",
        1,
        sequential=True,
    ),
    _entry("SMA", "c", "timeperiod=30:1", "real", _period_less_one),
    _entry(
        "SUPERTREND",
        "hlc",
        "timeperiod=10 multiplier=3.0",
        "supertrend trend",
        _period,
        *("atr", "median_price", "true_range"),
        sequential=True,
    ),
    _entry("T3", "c", "timeperiod=5:1 vfactor=0.7", "real", lambda v: 6 * (_n(v) - 1)),
    _entry("TEMA", "c", "timeperiod=30:1", "real", lambda v: 3 * (_n(v) - 1)),
    _entry("TRIMA", "c", "timeperiod=30:1", "real", _period_less_one),
    _entry("VWMA", "cv", "timeperiod=30:1", "real", _period_less_one),
    _entry("WMA", "c", "timeperiod=30:1", "real", _period_less_one),
    _entry("ZLEMA", "c", "timeperiod=30:1", "real", _of_average(12)),
)

_DIRECTIONAL = ("directional_movement", "directional_sums", "true_range")
_K = "slowk_period=3:1 slowk_matype={0} slowd_period=3:1 slowd_matype={0}"
_MOMENTUM = (
    _entry(
        "AC",
        "hl",
        "fastperiod=5 slowperiod=34 signalperiod=5",
        "real",
        lambda v: _spread(v) + _n(v, "signalperiod") - 1,
        "median_price",
    ),
    _entry(
        "ADX",
        "hlc",
        "timeperiod=14",
        "real",
        lambda v: 2 * _n(v) - 1,
        *("directional_index", *_DIRECTIONAL),
    ),
    _entry(
        "ADXR",
        "hlc",
        "timeperiod=14",
        "real",
        lambda v: 3 * _n(v) - 2,
        *("directional_index", *_DIRECTIONAL),
    ),
    _entry("AO", "hl", "fastperiod=5 slowperiod=34", "real", _spread, "median_price"),
    _entry("APO", "c", "fastperiod=12 slowperiod=26 matype=1", "real", _oscillator),
    _entry("AROON", "hl", "timeperiod=14", "aroondown aroonup", _period, "since_extremes"),
    _entry("AROONOSC", "hl", "timeperiod=14", "real", _period, "since_extremes"),
    _entry("BOP", "ohlc", "", "real", 0, "high_low_range"),
    _entry("CCI", "hlc", "timeperiod=14", "real", _period_less_one, "typical_price"),
    _entry("CMO", "c", "timeperiod=14", "real", _period, "gains_and_losses"),
    _entry("CMOU", "c", "timeperiod=14", "real", _period),
    _entry(
        "COPPOCK",
        "c",
        "wmaperiod=10:1 roc1period=11:1 roc2period=14:1",
        "real",
        lambda v: max(_n(v, "roc1period"), _n(v, "roc2period")) + _n(v, "wmaperiod") - 1,
    ),
    _entry("DPO", "c", "timeperiod=20", "real", lambda v: max(_n(v) - 1, _n(v) // 2 + 1)),
    _entry("DX", "hlc", "timeperiod=14", "real", _period, *("directional_index", *_DIRECTIONAL)),
    _entry("ER", "c", "timeperiod=10", "real", _period),
    _entry("ERI", "hlc", "timeperiod=13:1", "bullpower bearpower", _period_less_one, "ema"),
    _entry("FOSC", "c", "timeperiod=5", "real", _period),
    _entry(
        "FRACTAL",
        "hl",
        "leftbars=2:1 rightbars=2:1",
        "swinghigh swinglow",
        lambda v: _n(v, "leftbars") + _n(v, "rightbars"),
    ),
    _entry("IMI", "oc", "timeperiod=14", "real", _period_less_one),
    _entry(
        "KDJ",
        "hlc",
        "fastk_period=9:1 " + _K.format(RMA),
        "k d j",
        lambda v: _smoothed_k(v, RMA),
        *("highest", "lowest"),
    ),
    _entry(
        "MACD",
        "c",
        "fastperiod=12 slowperiod=26 signalperiod=9:1",
        "macd macdsignal macdhist",
        lambda v: _spread(v) + _n(v, "signalperiod") - 1,
        "ema",
    ),
    _entry(
        "MACDFIX",
        "c",
        "signalperiod=9:1",
        "macd macdsignal macdhist",
        lambda v: 25 + _n(v, "signalperiod") - 1,
    ),
    _entry("MFI", "hlcv", "timeperiod=14", "real", _period, "typical_price"),
    _entry("MINUS_DI", "hlc", "timeperiod=14:1", "real", _period, *_DIRECTIONAL),
    _entry(
        "MINUS_DM",
        "hl",
        "timeperiod=14:1",
        "real",
        lambda v: max(_n(v) - 1, 1),
        "directional_movement",
    ),
    _entry("MOM", "c", "timeperiod=10:1", "real", _period),
    _entry("PLUS_DI", "hlc", "timeperiod=14:1", "real", _period, *_DIRECTIONAL),
    _entry(
        "PLUS_DM",
        "hl",
        "timeperiod=14:1",
        "real",
        lambda v: max(_n(v) - 1, 1),
        "directional_movement",
    ),
    _entry("PPO", "c", "fastperiod=12 slowperiod=26 matype=1", "real", _oscillator),
    _entry("QSTICK", "oc", "timeperiod=10:1", "real", _period_less_one),
    _entry("ROC", "c", "timeperiod=10:1", "real", _period),
    _entry("ROCP", "c", "timeperiod=10:1", "real", _period),
    _entry("ROCR", "c", "timeperiod=10:1", "real", _period),
    _entry("ROCR100", "c", "timeperiod=10:1", "real", _period),
    _entry("RSI", "c", "timeperiod=14", "real", _period, "gains_and_losses"),
    _entry(
        "SMI",
        "hlc",
        "timeperiod=13 fastperiod=2 slowperiod=25 signalperiod=9",
        "smi smisignal",
        lambda v: _n(v) + _n(v, "fastperiod") + _n(v, "slowperiod") + _n(v, "signalperiod") - 4,
        *("highest", "lowest"),
    ),
    _entry(
        "STOCH",
        "hlc",
        "fastk_period=5:1 " + _K.format(SMA),
        "slowk slowd",
        lambda v: _smoothed_k(v, SMA),
        *("highest", "lowest"),
    ),
    _entry(
        "STOCHF",
        "hlc",
        "fastk_period=5:1 fastd_period=3:1 fastd_matype=0",
        "fastk fastd",
        _fast_k,
        *("highest", "lowest"),
    ),
    _entry(
        "STOCHRSI",
        "c",
        "timeperiod=14 fastk_period=5:1 fastd_period=3:1 fastd_matype=0",
        "fastk fastd",
        lambda v: _n(v) + _fast_k(v),
        "gains_and_losses",
    ),
    _entry("TRIX", "c", "timeperiod=30:1", "real", lambda v: 3 * (_n(v) - 1) + 1, "ema"),
    _entry(
        "TSI",
        "c",
        "firstperiod=25 secondperiod=13",
        "real",
        lambda v: _n(v, "firstperiod") + _n(v, "secondperiod") - 1,
    ),
    _entry(
        "ULTOSC",
        "hlc",
        "timeperiod1=7:1 timeperiod2=14:1 timeperiod3=28:1",
        "real",
        lambda v: max(_n(v, f"timeperiod{which}") for which in (1, 2, 3)),
        "true_range",
    ),
    _entry("VHF", "c", "timeperiod=28", "real", _period),
    _entry("VORTEX", "hlc", "timeperiod=14:1", "plusvi minusvi", _period, "true_range"),
    _entry("WAD", "hlc", "", "real", 0),
    _entry("WILLR", "hlc", "timeperiod=14", "real", _period_less_one, "highest", "lowest"),
)

_VOLUME = (
    _entry("AD", "hlcv", "", "real", 0, "accumulation", "high_low_range", "money_flow_volume"),
    _entry(
        "ADOSC",
        "hlcv",
        "fastperiod=3 slowperiod=10",
        "real",
        _spread,
        *("accumulation", "high_low_range", "money_flow_volume"),
    ),
    _entry(
        "CMF",
        "hlcv",
        "timeperiod=20",
        "real",
        _period_less_one,
        *("high_low_range", "money_flow_volume"),
    ),
    _entry("EFI", "cv", "timeperiod=13:1", "real", _period),
    _entry("MARKETFI", "hlv", "", "real", 0, "high_low_range"),
    _entry("NVI", "cv", "", "real", 0),
    _entry("OBV", "cv", "", "real", 0),
    _entry("PVI", "cv", "", "real", 0),
    _entry("PVO", "v", "fastperiod=12 slowperiod=26 matype=1", "real", _oscillator),
    _entry("PVT", "cv", "", "real", 0),
    _entry("RVOL", "v", "timeperiod=20:1", "real", _period),
    _entry("VWAP", "hlcv", "", "real", 0, "typical_price"),
    _entry("AVWAP", "hlcva", "", "real", 0, "typical_price"),
)

_VOLATILITY = (
    _entry("ADR", "hl", "timeperiod=14:1", "real", _period_less_one, "high_low_range"),
    _entry("ATR", "hlc", "timeperiod=14:1", "real", _period, "atr", "true_range"),
    _entry(
        "CVI",
        "hl",
        "timeperiod=10 rocperiod=10:1",
        "real",
        lambda v: _n(v) - 1 + _n(v, "rocperiod"),
        *("ema", "high_low_range"),
    ),
    _entry(
        "MASSI",
        "hl",
        "fastperiod=9 slowperiod=25",
        "real",
        lambda v: 2 * (_n(v, "fastperiod") - 1) + _n(v, "slowperiod") - 1,
        *("ema", "high_low_range"),
    ),
    _entry("NATR", "hlc", "timeperiod=14:1", "real", _period, "atr", "true_range"),
    _entry(
        "RVI",
        "c",
        "timeperiod=14:1 stddevperiod=10",
        "real",
        lambda v: _n(v) + _n(v, "stddevperiod") - 2,
    ),
    _entry("TRANGE", "hlc", "", "real", 1, "true_range"),
)

_PRICE = (
    _entry("AVGDEV", "c", "timeperiod=14", "real", _period_less_one),
    _entry("AVGPRICE", "ohlc", "", "real", 0),
    _entry("HA", "ohlc", "", "haopen hahigh halow haclose", 0),
    _entry("MEDPRICE", "hl", "", "real", 0, "median_price"),
    _entry("TYPPRICE", "hlc", "", "real", 0, "typical_price"),
    _entry("WCLPRICE", "hlc", "", "real", 0),
)

_PHASE = ("dominant_phase", "hilbert")
_CYCLE = (
    _entry("HT_DCPERIOD", "c", "", "real", 32, "hilbert", sequential=True),
    _entry("HT_DCPHASE", "c", "", "real", 63, *_PHASE, sequential=True),
    _entry("HT_PHASOR", "c", "", "inphase quadrature", 32, "hilbert", sequential=True),
    _entry("HT_SINE", "c", "", "sine leadsine", 63, *_PHASE, sequential=True),
    _entry("HT_TRENDMODE", "c", "", "integer", 63, "cycle_average", *_PHASE, sequential=True),
)

_STATISTIC = (
    _entry("BETA", "hl", "timeperiod=5:1", "real", _period),
    _entry("CORREL", "hl", "timeperiod=30:1", "real", _period_less_one),
    _entry("LINEARREG", "c", "timeperiod=14", "real", _period_less_one),
    _entry("LINEARREG_ANGLE", "c", "timeperiod=14", "real", _period_less_one),
    _entry("LINEARREG_INTERCEPT", "c", "timeperiod=14", "real", _period_less_one),
    _entry("LINEARREG_SLOPE", "c", "timeperiod=14", "real", _period_less_one),
    _entry("PERCENTILE", "c", "timeperiod=30 percentile=50.0", "real", _period_less_one),
    _entry("PERCENTRANK", "c", "timeperiod=100", "real", _period),
    _entry("STDDEV", "c", "timeperiod=5 nbdev=1.0", "real", _period_less_one),
    _entry("TSF", "c", "timeperiod=14", "real", _period_less_one),
    _entry("VAR", "c", "timeperiod=5:1 nbdev=1.0", "real", _period_less_one),
)

GROUPS: dict[str, tuple[str, tuple[Indicator, ...]]] = {
    "overlap": ("Overlap Studies", _OVERLAP),
    "momentum": ("Momentum Indicators", _MOMENTUM),
    "volume": ("Volume Indicators", _VOLUME),
    "volatility": ("Volatility Indicators", _VOLATILITY),
    "price": ("Price Transform", _PRICE),
    "cycle": ("Cycle Indicators", _CYCLE),
    "statistic": ("Statistic Functions", _STATISTIC),
}
"""Module of the formulas to TA-Lib's name of the group and its entries."""

CATALOGUE: dict[str, Indicator] = {
    entry.name: replace(entry, group=group)
    for group, (_, entries) in GROUPS.items()
    for entry in entries
}
"""All indicators by name; `group` is the module of the formula."""
