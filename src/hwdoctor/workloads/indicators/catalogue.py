"""The catalogue as data: what each indicator needs, gives, and from which bar on.

Names, groups, parameters, defaults, domains and outputs are TA-Lib 0.8's; AVWAP, the volume
weighted price since given anchors, is our own addition. `tests/workloads/indicators` holds every
field against TA-Lib. Nothing heavy may be imported here: the catalogue is listed in the docs.
"""

from dataclasses import replace

from hwdoctor.workloads.indicators.averages import RMA, SMA, lookback
from hwdoctor.workloads.indicators.indicator import (
    Indicator,
    declared,
    fast_k,
    of_average,
    oscillator,
    period,
    period_less_one,
    smoothed_k,
    spread,
    whole,
)

BANDS = "upperband middleband lowerband"

_OVERLAP = (
    declared("ACCBANDS", "hlc", "timeperiod=20", BANDS, period_less_one, "high_low_range"),
    declared(
        "BBANDS",
        "c",
        "timeperiod=20 nbdevup=2.0 nbdevdn=2.0 matype=0",
        BANDS,
        lambda v: max(whole(v) - 1, lookback(whole(v), whole(v, "matype"))),
    ),
    declared("DEMA", "c", "timeperiod=30:1", "real", lambda v: 2 * (whole(v) - 1)),
    declared("DONCHIAN", "hl", "timeperiod=20", BANDS, period_less_one, "highest", "lowest"),
    declared("EMA", "c", "timeperiod=30:1", "real", period_less_one, "ema"),
    declared("HMA", "c", "timeperiod=20:1", "real", of_average(9)),
    declared("HT_TRENDLINE", "c", "", "real", 63, "cycle_average", "hilbert", sequential=True),
    declared("KAMA", "c", "timeperiod=30:1", "real", of_average(6), sequential=True),
    declared(
        "KC",
        "hlc",
        "timeperiod=20 atrperiod=10:1 nbdev=2.0",
        BANDS,
        lambda v: max(whole(v) - 1, whole(v, "atrperiod")),
        *("true_range", "typical_price"),
    ),
    declared("MAMA", "c", "fastlimit=0.5 slowlimit=0.05", "mama fama", 32, sequential=True),
    declared(
        "MAVP",
        "cp",
        "minperiod=2:1 maxperiod=30 matype=0",
        "real",
        lambda v: lookback(whole(v, "maxperiod"), whole(v, "matype")),
    ),
    declared("MIDPOINT", "c", "timeperiod=14", "real", period_less_one),
    declared("MIDPRICE", "hl", "timeperiod=14", "real", period_less_one, "highest", "lowest"),
    declared("RMA", "c", "timeperiod=30:1", "real", period_less_one),
    declared("SAR", "hl", "acceleration=0.02 maximum=0.2", "real", 1, sequential=True),
    declared(
        "SAREXT",
        "hl",
        "startvalue=0.0 offsetonreverse=0.0 accelerationinitlong=0.02 accelerationlong=0.02 "
        "accelerationmaxlong=0.2 accelerationinitshort=0.02 accelerationshort=0.02 "
        "accelerationmaxshort=0.2",
        "real",
        1,
        sequential=True,
    ),
    declared("SMA", "c", "timeperiod=30:1", "real", period_less_one),
    declared(
        "SUPERTREND",
        "hlc",
        "timeperiod=10 multiplier=3.0",
        "supertrend trend",
        period,
        *("atr", "median_price", "true_range"),
        sequential=True,
    ),
    declared("T3", "c", "timeperiod=5:1 vfactor=0.7", "real", lambda v: 6 * (whole(v) - 1)),
    declared("TEMA", "c", "timeperiod=30:1", "real", lambda v: 3 * (whole(v) - 1)),
    declared("TRIMA", "c", "timeperiod=30:1", "real", period_less_one),
    declared("VWMA", "cv", "timeperiod=30:1", "real", period_less_one),
    declared("WMA", "c", "timeperiod=30:1", "real", period_less_one),
    declared("ZLEMA", "c", "timeperiod=30:1", "real", of_average(12)),
)

_DIRECTIONAL = ("directional_movement", "directional_sums", "true_range")
_K = "slowk_period=3:1 slowk_matype={0} slowd_period=3:1 slowd_matype={0}"
_MOMENTUM = (
    declared(
        "AC",
        "hl",
        "fastperiod=5 slowperiod=34 signalperiod=5",
        "real",
        lambda v: spread(v) + whole(v, "signalperiod") - 1,
        "median_price",
    ),
    declared(
        "ADX",
        "hlc",
        "timeperiod=14",
        "real",
        lambda v: 2 * whole(v) - 1,
        *("directional_index", *_DIRECTIONAL),
    ),
    declared(
        "ADXR",
        "hlc",
        "timeperiod=14",
        "real",
        lambda v: 3 * whole(v) - 2,
        *("directional_index", *_DIRECTIONAL),
    ),
    declared("AO", "hl", "fastperiod=5 slowperiod=34", "real", spread, "median_price"),
    declared("APO", "c", "fastperiod=12 slowperiod=26 matype=1", "real", oscillator),
    declared("AROON", "hl", "timeperiod=14", "aroondown aroonup", period, "since_extremes"),
    declared("AROONOSC", "hl", "timeperiod=14", "real", period, "since_extremes"),
    declared("BOP", "ohlc", "", "real", 0, "high_low_range"),
    declared("CCI", "hlc", "timeperiod=14", "real", period_less_one, "typical_price"),
    declared("CMO", "c", "timeperiod=14", "real", period, "gains_and_losses"),
    declared("CMOU", "c", "timeperiod=14", "real", period),
    declared(
        "COPPOCK",
        "c",
        "wmaperiod=10:1 roc1period=11:1 roc2period=14:1",
        "real",
        lambda v: max(whole(v, "roc1period"), whole(v, "roc2period")) + whole(v, "wmaperiod") - 1,
    ),
    declared("DPO", "c", "timeperiod=20", "real", lambda v: max(whole(v) - 1, whole(v) // 2 + 1)),
    declared("DX", "hlc", "timeperiod=14", "real", period, *("directional_index", *_DIRECTIONAL)),
    declared("ER", "c", "timeperiod=10", "real", period),
    declared("ERI", "hlc", "timeperiod=13:1", "bullpower bearpower", period_less_one, "ema"),
    declared("FOSC", "c", "timeperiod=5", "real", period),
    declared(
        "FRACTAL",
        "hl",
        "leftbars=2:1 rightbars=2:1",
        "swinghigh swinglow",
        lambda v: whole(v, "leftbars") + whole(v, "rightbars"),
    ),
    declared("IMI", "oc", "timeperiod=14", "real", period_less_one),
    declared(
        "KDJ",
        "hlc",
        "fastk_period=9:1 " + _K.format(RMA),
        "k d j",
        lambda v: smoothed_k(v, RMA),
        *("highest", "lowest"),
    ),
    declared(
        "MACD",
        "c",
        "fastperiod=12 slowperiod=26 signalperiod=9:1",
        "macd macdsignal macdhist",
        lambda v: spread(v) + whole(v, "signalperiod") - 1,
        "ema",
    ),
    declared(
        "MACDFIX",
        "c",
        "signalperiod=9:1",
        "macd macdsignal macdhist",
        lambda v: 25 + whole(v, "signalperiod") - 1,
    ),
    declared("MFI", "hlcv", "timeperiod=14", "real", period, "typical_price"),
    declared("MINUS_DI", "hlc", "timeperiod=14:1", "real", period, *_DIRECTIONAL),
    declared(
        "MINUS_DM",
        "hl",
        "timeperiod=14:1",
        "real",
        lambda v: max(whole(v) - 1, 1),
        "directional_movement",
    ),
    declared("MOM", "c", "timeperiod=10:1", "real", period),
    declared("PLUS_DI", "hlc", "timeperiod=14:1", "real", period, *_DIRECTIONAL),
    declared(
        "PLUS_DM",
        "hl",
        "timeperiod=14:1",
        "real",
        lambda v: max(whole(v) - 1, 1),
        "directional_movement",
    ),
    declared("PPO", "c", "fastperiod=12 slowperiod=26 matype=1", "real", oscillator),
    declared("QSTICK", "oc", "timeperiod=10:1", "real", period_less_one),
    declared("ROC", "c", "timeperiod=10:1", "real", period),
    declared("ROCP", "c", "timeperiod=10:1", "real", period),
    declared("ROCR", "c", "timeperiod=10:1", "real", period),
    declared("ROCR100", "c", "timeperiod=10:1", "real", period),
    declared("RSI", "c", "timeperiod=14", "real", period, "gains_and_losses"),
    declared(
        "SMI",
        "hlc",
        "timeperiod=13 fastperiod=2 slowperiod=25 signalperiod=9",
        "smi smisignal",
        lambda v: (
            whole(v)
            + whole(v, "fastperiod")
            + whole(v, "slowperiod")
            + whole(v, "signalperiod")
            - 4
        ),
        *("highest", "lowest"),
    ),
    declared(
        "STOCH",
        "hlc",
        "fastk_period=5:1 " + _K.format(SMA),
        "slowk slowd",
        lambda v: smoothed_k(v, SMA),
        *("highest", "lowest"),
    ),
    declared(
        "STOCHF",
        "hlc",
        "fastk_period=5:1 fastd_period=3:1 fastd_matype=0",
        "fastk fastd",
        fast_k,
        *("highest", "lowest"),
    ),
    declared(
        "STOCHRSI",
        "c",
        "timeperiod=14 fastk_period=5:1 fastd_period=3:1 fastd_matype=0",
        "fastk fastd",
        lambda v: whole(v) + fast_k(v),
        "gains_and_losses",
    ),
    declared("TRIX", "c", "timeperiod=30:1", "real", lambda v: 3 * (whole(v) - 1) + 1, "ema"),
    declared(
        "TSI",
        "c",
        "firstperiod=25 secondperiod=13",
        "real",
        lambda v: whole(v, "firstperiod") + whole(v, "secondperiod") - 1,
    ),
    declared(
        "ULTOSC",
        "hlc",
        "timeperiod1=7:1 timeperiod2=14:1 timeperiod3=28:1",
        "real",
        lambda v: max(whole(v, f"timeperiod{which}") for which in (1, 2, 3)),
        "true_range",
    ),
    declared("VHF", "c", "timeperiod=28", "real", period),
    declared("VORTEX", "hlc", "timeperiod=14:1", "plusvi minusvi", period, "true_range"),
    declared("WAD", "hlc", "", "real", 0),
    declared("WILLR", "hlc", "timeperiod=14", "real", period_less_one, "highest", "lowest"),
)

_VOLUME = (
    declared("AD", "hlcv", "", "real", 0, "accumulation", "high_low_range", "money_flow_volume"),
    declared(
        "ADOSC",
        "hlcv",
        "fastperiod=3 slowperiod=10",
        "real",
        spread,
        *("accumulation", "high_low_range", "money_flow_volume"),
    ),
    declared(
        "CMF",
        "hlcv",
        "timeperiod=20",
        "real",
        period_less_one,
        *("high_low_range", "money_flow_volume"),
    ),
    declared("EFI", "cv", "timeperiod=13:1", "real", period),
    declared("MARKETFI", "hlv", "", "real", 0, "high_low_range"),
    declared("NVI", "cv", "", "real", 0),
    declared("OBV", "cv", "", "real", 0),
    declared("PVI", "cv", "", "real", 0),
    declared("PVO", "v", "fastperiod=12 slowperiod=26 matype=1", "real", oscillator),
    declared("PVT", "cv", "", "real", 0),
    declared("RVOL", "v", "timeperiod=20:1", "real", period),
    declared("VWAP", "hlcv", "", "real", 0, "typical_price"),
    declared("AVWAP", "hlcva", "", "real", 0, "typical_price"),
)

_VOLATILITY = (
    declared("ADR", "hl", "timeperiod=14:1", "real", period_less_one, "high_low_range"),
    declared("ATR", "hlc", "timeperiod=14:1", "real", period, "atr", "true_range"),
    declared(
        "CVI",
        "hl",
        "timeperiod=10 rocperiod=10:1",
        "real",
        lambda v: whole(v) - 1 + whole(v, "rocperiod"),
        *("ema", "high_low_range"),
    ),
    declared(
        "MASSI",
        "hl",
        "fastperiod=9 slowperiod=25",
        "real",
        lambda v: 2 * (whole(v, "fastperiod") - 1) + whole(v, "slowperiod") - 1,
        *("ema", "high_low_range"),
    ),
    declared("NATR", "hlc", "timeperiod=14:1", "real", period, "atr", "true_range"),
    declared(
        "RVI",
        "c",
        "timeperiod=14:1 stddevperiod=10",
        "real",
        lambda v: whole(v) + whole(v, "stddevperiod") - 2,
    ),
    declared("TRANGE", "hlc", "", "real", 1, "true_range"),
)

_PRICE = (
    declared("AVGDEV", "c", "timeperiod=14", "real", period_less_one),
    declared("AVGPRICE", "ohlc", "", "real", 0),
    declared("HA", "ohlc", "", "haopen hahigh halow haclose", 0),
    declared("MEDPRICE", "hl", "", "real", 0, "median_price"),
    declared("TYPPRICE", "hlc", "", "real", 0, "typical_price"),
    declared("WCLPRICE", "hlc", "", "real", 0),
)

_PHASE = ("dominant_phase", "hilbert")
_CYCLE = (
    declared("HT_DCPERIOD", "c", "", "real", 32, "hilbert", sequential=True),
    declared("HT_DCPHASE", "c", "", "real", 63, *_PHASE, sequential=True),
    declared("HT_PHASOR", "c", "", "inphase quadrature", 32, "hilbert", sequential=True),
    declared("HT_SINE", "c", "", "sine leadsine", 63, *_PHASE, sequential=True),
    declared("HT_TRENDMODE", "c", "", "integer", 63, "cycle_average", *_PHASE, sequential=True),
)

_STATISTIC = (
    declared("BETA", "hl", "timeperiod=5:1", "real", period),
    declared("CORREL", "hl", "timeperiod=30:1", "real", period_less_one),
    declared("LINEARREG", "c", "timeperiod=14", "real", period_less_one),
    declared("LINEARREG_ANGLE", "c", "timeperiod=14", "real", period_less_one),
    declared("LINEARREG_INTERCEPT", "c", "timeperiod=14", "real", period_less_one),
    declared("LINEARREG_SLOPE", "c", "timeperiod=14", "real", period_less_one),
    declared("PERCENTILE", "c", "timeperiod=30 percentile=50.0", "real", period_less_one),
    declared("PERCENTRANK", "c", "timeperiod=100", "real", period),
    declared("STDDEV", "c", "timeperiod=5 nbdev=1.0", "real", period_less_one),
    declared("TSF", "c", "timeperiod=14", "real", period_less_one),
    declared("VAR", "c", "timeperiod=5:1 nbdev=1.0", "real", period_less_one),
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
