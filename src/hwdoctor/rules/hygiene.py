"""Measuring conditions: what would make a benchmark of this moment a lie."""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules.judgement import Judgement, advise, fail, measured
from hwdoctor.rules.needs import Gap, system
from hwdoctor.rules.rule import rule

NOMINAL = ("nominal", "none", "normal", "ok")


def _power_mode_known(facts: Facts) -> Gap | None:
    unknown = facts.power.low_power_mode is None
    return Gap("the power mode is not known", False) if unknown else None


def _thermal_known(facts: Facts) -> Gap | None:
    return Gap("the thermal state is not known", False) if facts.power.thermal is None else None


def _supply_or_load_known(facts: Facts) -> Gap | None:
    load = facts.load_average is not None and facts.cpu.budget.cores is not None
    if load or facts.power.source is not None:
        return None
    return Gap("neither the power supply nor the load is known", False)


@rule(
    "BEN1001",
    "low-power-mode",
    category="hygiene",
    severity="warning",
    needs=(_power_mode_known,),
    fine="low power mode is off",
    sources=("https://github.com/tlkh/tf-metal-experiments/issues/4",),
)
def low_power_mode(facts: Facts) -> Iterator[Judgement]:
    """Low power mode is on.

    Symptom: about 60 % of the speed, steadily.
    Cause: the system lowers the clocks of processor and GPU.
    Remedy: turn it off in the battery settings, or `sudo pmset -a lowpowermode 0`.
    """
    if facts.power.low_power_mode:
        yield fail(
            "low power mode is on",
            remedy=[advise("sudo pmset -a lowpowermode 0")],
        )


def _displays_known(facts: Facts) -> Gap | None:
    unknown = facts.host.external_displays is None
    return Gap("how many displays are driven is not known", False) if unknown else None


@rule(
    "BEN1005",
    "external-display",
    category="hygiene",
    severity="info",
    needs=(system("Darwin"), _displays_known),
    fine="no external display is driven",
    sources=("https://github.com/jax-ml/jax/issues/24163",),
)
def external_display(facts: Facts) -> Iterator[Judgement]:
    """The GPU drives an external display beside its work.

    Symptom: with jax-metal on an M3 Max less than half the speed with a display plugged in, and
        another speed again at 60 instead of 120 Hz.
    Cause: the window server shares the GPU and decides how it is clocked; how much this costs
        other frameworks is not known.
    Remedy: unplug it for a measurement that is to be compared, or measure always with it.
    """
    count = facts.host.external_displays
    if count:
        yield fail(
            f"{count} external display{'s' if count > 1 else ''} driven by the same GPU",
            severity="warning" if "jax-metal" in (facts.packages or {}) else "info",
            observed=str(count),
            remedy=[advise("unplug it before measuring, or compare only what was measured so")],
        )


@rule(
    "BEN1006",
    "machine-is-busy",
    category="hygiene",
    severity="warning",
    needs=(_supply_or_load_known,),
    fine="the machine runs on mains and is not busy",
    sources=("https://man7.org/linux/man-pages/man5/proc_loadavg.5.html",),
)
def machine_is_busy(facts: Facts) -> Iterator[Judgement]:
    """Other programs use the cores, or the machine runs on battery.

    Symptom: timings that are too long and scatter.
    Cause: more runnable processes than cores to use; clocks are lowered on battery.
    Remedy: wait until it is idle, plug it in, and measure again.
    """
    load, cores = facts.load_average, facts.cpu.budget.cores
    if load is not None and cores is not None and load >= max(cores, 1.0):
        yield fail(
            f"{load:.1f} processes were running on average, for {cores:g} cores",
            expected=f"below {max(cores, 1.0):g}",
            observed=f"{load:.2f}",
            evidence=[measured(f"load average over one minute {load:.2f}")],
            remedy=[advise("wait until the machine is idle before measuring")],
        )
    if facts.power.source == "battery":
        yield fail("runs on battery", remedy=[advise("plug it in before measuring")])


@rule(
    "BEN1011",
    "thermally-limited",
    category="hygiene",
    severity="warning",
    needs=(_thermal_known,),
    fine="no thermal limit is in force",
    sources=("https://developer.apple.com/documentation/foundation/processinfo/thermalstate",),
)
def thermally_limited(facts: Facts) -> Iterator[Judgement]:
    """The machine is hot and has lowered its clocks.

    Symptom: every run is slower than the one before.
    Cause: the system reports a thermal limit.
    Remedy: let it cool down; alternate what is compared, with pauses.
    """
    thermal = facts.power.thermal
    if thermal is not None and thermal.lower() not in NOMINAL:
        yield fail(
            f"the system reports thermal pressure: {thermal}",
            expected="nominal",
            observed=thermal,
            remedy=[advise("let the machine cool down before measuring")],
        )
