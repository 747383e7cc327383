"""Advice is what the facts allow: never more, never a number without a fact, never a chip table."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import (
    Accelerator,
    Budget,
    Cpu,
    Facts,
    Memory,
    Recording,
    Tier,
    UsageError,
    encode,
)
from hwdoctor.model.advice import Advice, Advised
from hwdoctor.probing import replay
from hwdoctor.probing.interpret import facts_of
from hwdoctor.verdicts import advice
from hwdoctor.verdicts.advice import advise

MACHINES_FOLDER = Path(__file__).parents[1] / "machines"
MACHINES = sorted(
    path.name for path in MACHINES_FOLDER.iterdir() if (path / "recording.json").exists()
)
GIB = 1 << 30


def facts_recorded(name: str) -> Facts:
    recording = replay.load(MACHINES_FOLDER / name)
    assert isinstance(recording, Recording)
    return facts_of(recording)


def numbers(given: Advice) -> Iterator[Advised]:
    yield from (given.threads, given.workers, given.memory_bytes, given.batch_size)
    for device in given.devices:
        yield from (device.memory_bytes, device.batch_size)


def apple(*tiers: tuple[str, int], cores: int | None = None) -> Facts:
    total = sum(count for _, count in tiers)
    return Facts(
        cpu=Cpu(
            physical_cores=total,
            logical_cores=total,
            tiers=tuple(Tier(name=name, cores=count) for name, count in tiers),
            budget=Budget(cores=cores or total),
        )
    )


# ---- recorded machines ----


@pytest.mark.parametrize("name", MACHINES)
def test_every_number_on_a_recorded_machine_rests_on_its_facts(name: str) -> None:
    facts = facts_recorded(name)
    given = advise(facts, workload_bytes_per_sample=4096)
    cores = facts.cpu.budget.cores
    for pool in (given.threads, given.workers):
        assert (pool.value is None) or (cores is not None and 1 <= pool.value <= max(1, cores))
    memory = facts.memory
    known = [n for n in (memory.total_bytes, memory.limit_bytes) if n is not None]
    assert (given.memory_bytes.value is None) == (not known)
    assert given.memory_bytes.value is None or 0 < given.memory_bytes.value < min(known)
    for device in given.devices:
        assert (device.batch_size.value is None) == (device.memory_bytes.value is None)
    assert all(number.reason and "\n" not in number.reason for number in numbers(given))


@pytest.mark.parametrize(
    ("name", "threads", "workers"),
    [
        ("apple-m1-pro-10c", 8, 10),
        ("apple-m2-max-12c-session", 8, 12),
        ("apple-m4-10c", 4, 10),
        ("apple-m5-max-18c", 6, 18),
        ("apple-m6-12c-three-levels", 2, 12),
        ("apple-virtual-ci-m1", 3, 3),
        ("linux-affinity", 3, 3),
        ("linux-cgroup2-quota", 48, 48),
        ("linux-kvm-2-cores", 1, 1),
        ("linux-hybrid-13th-gen", None, None),
        ("tpu-v5e-8", None, None),
    ],
)
def test_pools_of_recorded_machines(name: str, threads: int | None, workers: int | None) -> None:
    given = advise(facts_recorded(name))
    assert (given.threads.value, given.workers.value) == (threads, workers)


def test_a_process_on_a_partitioned_gpu_plans_with_the_smallest_slice() -> None:
    (device,) = advise(facts_recorded("nvidia-h100-mig")).devices
    assert device.memory_bytes.value == 10468982784 - 10468982784 // 16


def test_a_limit_of_the_container_counts_and_not_the_memory_of_its_host() -> None:
    given = advise(facts_recorded("linux-cgroup2-quota"))
    assert given.memory_bytes.value == 88 * GIB
    assert given.memory_bytes.reason == "a limit of 96 GiB less 8 GiB of caches"


def test_memory_of_a_tpu_is_not_taken_from_a_data_sheet() -> None:
    given = advise(facts_recorded("tpu-v5e-8"), workload_bytes_per_sample=1)
    assert [device.batch_size.value for device in given.devices] == [None] * 8
    assert {device.memory_bytes.reason for device in given.devices} == {
        "its memory is not shown by the system: ask the framework"
    }


# ---- threads ----


def test_a_second_thread_on_a_core_is_not_advised() -> None:
    cpu = Cpu(physical_cores=8, logical_cores=16, budget=Budget(cores=16.0))
    assert advise(Facts(cpu=cpu)).threads.value == 8


def test_the_reason_names_the_kind_of_core_that_was_chosen() -> None:
    given = advise(apple(("Performance", 8), ("Efficiency", 4)))
    assert given.threads.reason == (
        "8 Performance of 12 cores: a barrier waits for the slowest core"
    )
    assert given.workers.reason == "one process of one thread for each core of any kind"


def test_one_fast_core_alone_makes_no_pool() -> None:
    assert advise(apple(("Cortex-X3", 1), ("Cortex-A715", 2), ("A510", 3))).threads.value == 3


def test_a_quota_of_one_and_a_half_cores_is_one_thread() -> None:
    cpu = Cpu(physical_cores=8, logical_cores=8, budget=Budget(cores=1.5, limited_by="cgroup"))
    given = advise(Facts(cpu=cpu)).threads
    assert (given.value, given.reason) == (1, "1.5 cores may be used, limited by cgroup")


def test_fast_cores_of_unknown_number_are_not_guessed() -> None:
    tiers = (Tier(name="Performance"), Tier(name="Efficiency"))
    given = advise(Facts(cpu=Cpu(tiers=tiers, budget=Budget(cores=10.0)))).threads
    assert given.value is None
    assert "not known" in given.reason


# ---- memory and batches ----


def test_what_other_programs_hold_cannot_be_used() -> None:
    memory = Memory(total_bytes=32 * GIB, available_bytes=3 * GIB)
    assert advise(Facts(memory=memory)).memory_bytes.value == 3 * GIB


def test_a_gpu_that_shares_main_memory_gets_what_is_set_for_it_and_no_fixed_share() -> None:
    device = Accelerator(kind="gpu", vendor="Apple", name="Apple M4", api="metal")
    npu = Accelerator(kind="npu", vendor="Apple")
    memory = Memory(total_bytes=32 * GIB)
    unknown = advise(Facts(memory=memory, accelerators=(device, npu))).devices
    assert [one.memory_bytes.value for one in unknown] == [None]
    known = msgspec.structs.replace(memory, gpu_limit_bytes=20 * GIB)
    assert advise(Facts(memory=known, accelerators=(device,))).devices[0].memory_bytes.value == (
        20 * GIB
    )


def test_a_wired_limit_beyond_what_the_system_can_spare_is_not_believed() -> None:
    device = Accelerator(kind="gpu", vendor="Apple")
    memory = Memory(total_bytes=32 * GIB, gpu_limit_bytes=32 * GIB)
    given = advise(Facts(memory=memory, accelerators=(device,))).devices[0].memory_bytes
    assert given.value == 28 * GIB


@pytest.mark.parametrize(
    ("told", "usable"), [(20 * GIB, 20 * GIB), (30 * GIB, 28 * GIB)], ids=["fits", "beyond"]
)
def test_what_a_framework_told_of_a_shared_memory_is_used(told: int, usable: int) -> None:
    device = Accelerator(kind="gpu", vendor="Apple")
    memory = Memory(total_bytes=32 * GIB)
    read = msgspec.structs.replace(memory, gpu_working_set_bytes=told, gpu_limit_bytes=1 * GIB)
    from_facts = advise(Facts(memory=read, accelerators=(device,))).devices[0].memory_bytes
    facts = Facts(memory=memory, accelerators=(device,))
    given = advise(facts, device_memory_bytes=told).devices[0].memory_bytes
    assert (from_facts, from_facts.value) == (given, usable)


def test_the_limit_of_a_tpu_is_taken_from_its_framework() -> None:
    chips = tuple(Accelerator(kind="tpu", vendor="Google", index=n) for n in range(8))
    advised = advise(
        Facts(accelerators=chips),
        workload_bytes_per_sample=1 << 20,
        device_memory_bytes=16909332480,
    )
    assert {one.memory_bytes.value for one in advised.devices} == {16909332480}
    assert {one.batch_size.value for one in advised.devices} == {12088}
    assert advised.batch_size.value is None


def test_memory_is_divided_among_the_workers() -> None:
    facts = Facts(
        cpu=Cpu(physical_cores=4, budget=Budget(cores=4.0)), memory=Memory(total_bytes=16 * GIB)
    )
    given = advise(facts)
    assert given.memory_bytes.value is not None
    assert given.worker_memory_bytes.value == given.memory_bytes.value // 4
    assert "divided among 4" in given.worker_memory_bytes.reason


@pytest.mark.parametrize(
    ("facts", "resident"),
    [
        (Facts(memory=Memory(total_bytes=8 * GIB)), 0),
        (Facts(cpu=Cpu(budget=Budget(cores=4.0))), 0),
        (
            Facts(cpu=Cpu(budget=Budget(cores=4.0)), memory=Memory(total_bytes=8 * GIB)),
            64 * GIB,
        ),
    ],
    ids=["cores-unknown", "memory-unknown", "nobody-fits"],
)
def test_without_workers_or_memory_there_is_no_part_for_each(facts: Facts, resident: int) -> None:
    part = advise(facts, resident_bytes=resident).worker_memory_bytes
    assert part.value is None
    assert part.reason


def test_processors_that_may_share_a_core_are_told() -> None:
    cpu = Cpu(
        physical_cores=8, logical_cores=16, smt=True,
        budget=Budget(cores=4.0, limited_by="affinity"),
    )  # fmt: skip
    assert "may share a physical core" in advise(Facts(cpu=cpu)).threads.reason


def test_resident_bytes_leave_less_for_the_batch_and_limit_the_workers() -> None:
    facts = Facts(
        cpu=Cpu(physical_cores=8, budget=Budget(cores=8.0)), memory=Memory(total_bytes=16 * GIB)
    )
    bare = advise(facts, workload_bytes_per_sample=GIB // 8)
    heavy = advise(facts, workload_bytes_per_sample=GIB // 8, resident_bytes=4 * GIB)
    assert (bare.batch_size.value, heavy.batch_size.value) == (80, 48)
    assert (bare.workers.value, heavy.workers.value) == (8, 3)


@pytest.mark.parametrize(
    ("samples", "batch"), [(0, 0), (1, 1), (3, 2), (7, 4), (8, 8), (15, 8), (1001, 1000)]
)
def test_batches_are_rounded_down(samples: int, batch: int) -> None:
    assert advice._rounded(samples) == batch


def test_a_sample_that_does_not_fit_is_told_apart_from_not_knowing() -> None:
    facts = Facts(memory=Memory(total_bytes=8 * GIB))
    assert advise(facts, workload_bytes_per_sample=64 * GIB).batch_size.value == 0
    assert advise(Facts(), workload_bytes_per_sample=64 * GIB).batch_size.value is None
    assert advise(facts).batch_size.reason == "the bytes of one sample were not given"


@pytest.mark.parametrize(
    ("bytes_per_sample", "resident"), [(0, 0), (-1, 0), (1, -1)], ids=["zero", "less", "resident"]
)
def test_sizes_that_mean_nothing_are_refused(bytes_per_sample: int, resident: int) -> None:
    with pytest.raises(UsageError, match="bytes"):
        advise(Facts(), workload_bytes_per_sample=bytes_per_sample, resident_bytes=resident)


def test_a_device_without_memory_is_refused() -> None:
    with pytest.raises(UsageError, match="device_memory_bytes"):
        advise(Facts(), device_memory_bytes=0)


# ---- laws ----

COUNT = st.none() | st.integers(-1, 300) | st.integers()
SIZE = st.none() | st.integers(0, 1 << 45) | st.integers()
TIERS = st.lists(
    st.builds(Tier, name=st.sampled_from(["Super", "Performance", "Efficiency", "Standard"]),
              cores=COUNT),
    max_size=4,
).map(tuple)  # fmt: skip
CPUS = st.builds(
    Cpu,
    physical_cores=COUNT,
    logical_cores=COUNT,
    tiers=TIERS,
    budget=st.builds(
        Budget,
        cores=st.none() | st.floats(0.01, 512) | st.floats(),
        limited_by=st.sampled_from([None, "affinity", "cgroup"]),
    ),
)
MEMORIES = st.builds(
    Memory, total_bytes=SIZE, available_bytes=SIZE, limit_bytes=SIZE, gpu_limit_bytes=SIZE
)
DEVICES = st.none() | st.lists(
    st.builds(
        Accelerator,
        kind=st.sampled_from(["gpu", "tpu", "npu"]),
        vendor=st.sampled_from([None, "Apple", "NVIDIA"]),
        memory_bytes=SIZE,
        slices_bytes=st.lists(st.integers(-1, 1 << 40), max_size=2).map(tuple),
    ),
    max_size=3,
).map(tuple)
FACTS = st.builds(Facts, cpu=CPUS, memory=MEMORIES, accelerators=DEVICES)
BYTES = st.integers(1, 1 << 40)


@given(FACTS, st.none() | BYTES, st.integers(0, 1 << 70))
def test_any_facts_at_all_give_advice_that_can_be_saved(
    facts: Facts, bytes_per_sample: int | None, resident: int
) -> None:
    given = advise(facts, workload_bytes_per_sample=bytes_per_sample, resident_bytes=resident)
    assert msgspec.convert(json.loads(encode(given)), Advice) == given
    assert all(number.value is None or number.value >= 0 for number in numbers(given))


@given(FACTS)
def test_no_pool_exceeds_the_budget(facts: Facts) -> None:
    given = advise(facts)
    for pool in (given.threads, given.workers):
        if pool.value is not None:
            assert facts.cpu.budget.cores is not None
            assert pool.value <= max(1.0, facts.cpu.budget.cores)


@given(st.integers(1, 1 << 42), st.integers(0, 1 << 40), BYTES, st.integers(0, 1 << 36))
def test_more_memory_never_means_a_smaller_batch(
    total: int, more: int, bytes_per_sample: int, resident: int
) -> None:
    def batch(memory: Memory) -> int:
        facts = Facts(memory=memory)
        given = advise(
            facts, workload_bytes_per_sample=bytes_per_sample, resident_bytes=resident
        ).batch_size.value
        assert given is not None
        return given

    assert batch(Memory(total_bytes=total)) <= batch(Memory(total_bytes=total + more))
    assert batch(Memory(limit_bytes=total)) <= batch(Memory(limit_bytes=total + more))


@given(FACTS, BYTES, st.integers(0, 1 << 40))
def test_a_batch_fits_with_its_margin(facts: Facts, bytes_per_sample: int, resident: int) -> None:
    given = advise(facts, workload_bytes_per_sample=bytes_per_sample, resident_bytes=resident)
    if given.batch_size.value:
        assert given.memory_bytes.value is not None
        used = given.batch_size.value * bytes_per_sample + resident
        assert used <= given.memory_bytes.value * 3 / 4 + 1


def test_the_margin_is_checked_by_a_law_that_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: a margin of nothing breaks the law above."""
    monkeypatch.setattr(advice, "MARGIN_DIVISOR", 1 << 62)
    law = test_a_batch_fits_with_its_margin.hypothesis.inner_test  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        law(Facts(memory=Memory(total_bytes=64 * GIB)), 4096, 0)
