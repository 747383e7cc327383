"""Advice in words: one row for each number, with its reason. Text only; nothing is decided here."""

from collections.abc import Iterator
from typing import Final

from hwdoctor.model.advice import Advice, Advised, DeviceAdvice
from hwdoctor.report.quantities import size
from hwdoctor.results.printable import printable

Row = tuple[str, str]

TITLE: Final = "advice, for one program that has the machine to itself"


def rows(advice: Advice) -> tuple[Row, ...]:
    """Label and text; equal devices share their rows."""
    return tuple((label, printable(text)) for label, text in _rows(advice))


def _rows(advice: Advice) -> Iterator[Row]:
    yield "threads", _count(advice.threads)
    yield "workers", _count(advice.workers)
    yield "use memory", _bytes(advice.memory_bytes)
    if advice.worker_memory_bytes.value is not None and (advice.workers.value or 0) > 1:
        yield "each worker", _bytes(advice.worker_memory_bytes)
    if advice.batch_size.value is not None:
        yield "batch", _count(advice.batch_size)
    for label, device in _distinct(advice.devices):
        yield label, _bytes(device.memory_bytes)
        if device.batch_size.value is not None:
            yield f"{label} batch", _count(device.batch_size)


def _distinct(devices: tuple[DeviceAdvice, ...]) -> Iterator[tuple[str, DeviceAdvice]]:
    """`gpu 0`, or `gpu 0-7` for devices of which the same is said."""
    groups: dict[tuple[object, ...], list[DeviceAdvice]] = {}
    for device in devices:
        key = (device.kind, device.name, device.memory_bytes, device.batch_size)
        groups.setdefault(key, []).append(device)
    for group in groups.values():
        yield _label(group), group[0]


def _label(group: list[DeviceAdvice]) -> str:
    indices = [device.index for device in group if device.index is not None]
    if not indices:
        return group[0].kind if len(group) == 1 else f"each {group[0].kind}"
    span = str(indices[0]) if len(indices) == 1 else f"{indices[0]}-{indices[-1]}"
    return f"{group[0].kind} {span}"


def _count(advised: Advised) -> str:
    return _with_reason(None if advised.value is None else str(advised.value), advised)


def _bytes(advised: Advised) -> str:
    return _with_reason(None if advised.value is None else size(advised.value), advised)


def _with_reason(number: str | None, advised: Advised) -> str:
    return f"unknown: {advised.reason}" if number is None else f"{number} ({advised.reason})"
