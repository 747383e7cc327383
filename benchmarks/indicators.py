"""The indicators: the whole catalogue, each of its families, and two pipelines that use them."""

from hwdoctor.measure import asv


class Catalogue(asv.Suite, workload="indicators", task="catalogue"):
    """All 111 and the anchored VWAP."""


class Overlap(asv.Suite, workload="indicators", task="overlap"):
    """Moving averages, bands and trailing stops."""


class Momentum(asv.Suite, workload="indicators", task="momentum"):
    """Oscillators."""


class Volume(asv.Suite, workload="indicators", task="volume"):
    """What weighs prices by volume."""


class Volatility(asv.Suite, workload="indicators", task="volatility"):
    """True ranges."""


class Price(asv.Suite, workload="indicators", task="price"):
    """Elementwise averages of a bar, Heikin-Ashi."""


class Cycle(asv.Suite, workload="indicators", task="cycle"):
    """Ehlers' dominant cycle: recursions that no window expresses."""


class Statistic(asv.Suite, workload="indicators", task="statistic"):
    """Regressions, correlation, percentiles."""


class PipelineOnDevice(asv.Suite, workload="indicators", task="pipeline_on_device"):
    """Indicators and a training step on them, all of it on the device."""


class PipelineThroughHost(asv.Suite, workload="indicators", task="pipeline_through_host"):
    """The same with the indicators brought to the host and back in between."""
