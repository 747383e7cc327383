"""PEP 508 markers, judged for the machine at hand and not for the one that hwdoctor runs on."""

from typing import TYPE_CHECKING

from hwdoctor.model import Facts

if TYPE_CHECKING:
    from packaging.markers import Marker

_SYS_PLATFORMS = {"Darwin": "darwin", "Linux": "linux", "Windows": "win32"}


def holds(marker: "Marker | None", facts: Facts) -> bool:
    """Whether a marker holds; one that asks for something unknown is taken to hold."""
    if marker is None:
        return True
    values = _values(facts)
    text = str(marker)
    if any(value is None and name in text for name, value in values.items()):
        return True
    return bool(marker.evaluate({name: value or "" for name, value in values.items()}))


def _values(facts: Facts) -> dict[str, str | None]:
    version, system = facts.python.version, facts.host.system
    implementation = facts.python.implementation
    return {
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]) if version else None,
        "implementation_name": implementation.lower() if implementation else None,
        "platform_python_implementation": implementation,
        "platform_system": system,
        "sys_platform": _SYS_PLATFORMS.get(system or ""),
        "platform_machine": facts.python.machine or facts.host.architecture,
        "os_name": {"Windows": "nt"}.get(system, "posix") if system else None,
        "extra": "",
    }
