"""Where the stand-alone programs are: inside the installed package, or beside it in a checkout.

A wheel carries copies under `hwdoctor/_probes` and `hwdoctor/_suites`. An editable install
has no such copies and uses the checkout's own folders, so that an edited probe takes effect.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def probe(name: str) -> Path:
    """The file of a probe: `probe("probe_host")`.

    Raises:
        CouldNotAssess: the installation is incomplete.
    """
    return _find("_probes", "probes", f"{name}.py")


def benchmarks() -> Path:
    """The folder of the ASV suites.

    Raises:
        CouldNotAssess: the installation is incomplete.
    """
    return _find("_suites/benchmarks", "benchmarks", "")


def _find(packaged: str, checked_out: str, name: str) -> Path:
    candidates = [_PACKAGE / packaged / name, _CHECKOUT / checked_out / name]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    from hwdoctor.model import CouldNotAssess  # late: the collector is started before this loads

    looked = " and ".join(str(candidate) for candidate in candidates)
    raise CouldNotAssess(f"this installation of hwdoctor is incomplete: no {looked}")
