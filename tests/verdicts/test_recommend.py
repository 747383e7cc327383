"""Who wins, who ties, who is out, and what holds overall."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from synthetic import FACTS, OTHER_FACTS, SavedResults, finding, samples

from hwdoctor.model import MachineName, UsageError, WorkloadWinner, fingerprint
from hwdoctor.results.collect import load
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.catalogue import catalogue as real_catalogue
from hwdoctor.verdicts.machine_choice import choose_machine
from hwdoctor.verdicts.recommend import Advice, Wish, recommend

HERE = fingerprint(FACTS)
ELSEWHERE = fingerprint(OTHER_FACTS)

Recommend = Callable[..., Advice]


@pytest.fixture
def saved(tmp_path: Path) -> SavedResults:
    return SavedResults(tmp_path / "results")


@pytest.fixture
def advised(saved: SavedResults, catalogue: Catalogue, machine: MachineName) -> Recommend:
    def ask(**wish: Any) -> Advice:
        return recommend(load([saved.folder]), machine, catalogue, Wish(**wish))

    return ask


def only(advice: Advice) -> WorkloadWinner:
    (entry,) = advice.document.workloads
    return entry


def test_the_winner_is_the_fastest_by_median_with_its_throughput(
    saved: SavedResults, advised: Recommend
) -> None:
    run = saved.run()
    run.add("numpy-cpu", 2e-3)
    run.add("numba-cpu", 1e-3)
    entry = only(advised())
    assert (entry.workload, entry.size, entry.precision) == ("pricing", "small", "float64")
    assert entry.winner == "numba-cpu"
    assert entry.value == pytest.approx(1e6)
    assert entry.unit == "options/s"
    assert entry.interval is not None
    assert entry.interval[0] <= 1e6 <= entry.interval[1]
    assert entry.next == "numpy-cpu"
    assert entry.ratio_to_next == pytest.approx(2.0)
    assert entry.ratio_interval is not None
    assert 1.9 < entry.ratio_interval[0] < 2.0 < entry.ratio_interval[1] < 2.1
    assert entry.tie_with == ()


def test_times_of_all_processes_are_pooled(saved: SavedResults, advised: Recommend) -> None:
    run = saved.run()
    for process, median in enumerate((1e-3, 1e-3, 3e-3)):
        run.add("numba-cpu", median, process=process)
    assert only(advised()).value == pytest.approx(1e6, rel=0.02)


def test_a_difference_within_the_noise_is_a_tie(saved: SavedResults, advised: Recommend) -> None:
    run = saved.run()
    run.add("numba-cpu", samples_seconds=samples(1.00e-3, spread=0.2))
    run.add("jax-cpu", samples_seconds=samples(1.01e-3, spread=0.2))
    run.add("numpy-cpu", samples_seconds=samples(9e-3, spread=0.2))
    advice = advised()
    assert only(advice).winner == "numba-cpu"
    assert only(advice).tie_with == ("jax-cpu",)
    assert advice.document.overall is not None
    assert "not to be told from jax-cpu" in advice.document.overall.reason


def test_one_sample_each_tells_nobody_apart(saved: SavedResults, advised: Recommend) -> None:
    run = saved.run()
    run.add("numba-cpu", samples_seconds=(1e-3,))
    run.add("jax-cpu", samples_seconds=(2e-3,))
    entry = only(advised())
    assert entry.winner == "numba-cpu"
    assert entry.interval is None
    assert entry.ratio_interval is None
    assert entry.tie_with == ("jax-cpu",)


def test_calls_are_counted_where_no_throughput_was_recorded(
    saved: SavedResults, advised: Recommend
) -> None:
    saved.run().add("numba-cpu", 1e-3, throughput=None)
    entry = only(advised())
    assert entry.value == pytest.approx(1000.0)
    assert entry.unit == "calls/s"
    assert entry.ratio_to_next is None


PLANTED = [
    {"outcome": "wrong-result", "largest_error": 1.0, "tolerance": 1e-10},
    {"outcome": "fell-back", "reason": "price lies on 'cpu'"},
    {"outcome": "failed", "reason": "a result read at once was not complete"},
    {"outcome": "wrong-result", "reason": "price is float32, asked for float64"},
    {"outcome": "crashed", "reason": "SIGSEGV"},
    {"outcome": "unstable", "reason": "polluted"},
    {"outcome": "skipped", "reason": "no"},
    {"outcome": "timeout", "reason": "deadline"},
    {"outcome": "out-of-memory", "reason": "killed"},
]


@pytest.mark.parametrize(
    "planted",
    PLANTED,
    ids=lambda planted: (
        "-".join(planted.values())[:30]
        if all(isinstance(v, str) for v in planted.values())
        else "wrong-numbers"
    ),
)
def test_what_is_wrong_is_never_ranked_however_fast(
    saved: SavedResults, advised: Recommend, planted: dict[str, Any]
) -> None:
    run = saved.run()
    run.add("numpy-cpu", 1e-3)
    run.add("mlx-cpu", 1e-9, **planted)
    advice = advised()
    entry = only(advice)
    assert entry.winner == "numpy-cpu"
    assert entry.next is None
    assert [e.outcome for e in entry.excluded if e.configuration == "mlx-cpu"] == [
        planted["outcome"]
    ]
    assert advice.document.overall is not None
    assert advice.document.overall.configuration == "numpy-cpu"


def test_everybody_else_is_excluded_with_a_reason(saved: SavedResults, advised: Recommend) -> None:
    run = saved.run(findings=[finding("jax-cpu", code="X1", summary="jax adds wrongly")])
    run.add("numba-cpu", 1e-3)
    run.add("jax-cpu", 1e-3)
    run.add("jax-metal", outcome="skipped", reason="no Metal device on this machine")
    run.add("own-cpu", outcome="failed", reason="boom")
    assert [(e.configuration, e.outcome, e.reason, e.code) for e in only(advised()).excluded] == [
        ("numpy-cpu", "not-measured", "not measured", None),
        ("jax-cpu", "ok", "jax adds wrongly", "X1"),
        ("jax-metal", "skipped", "no Metal device on this machine", None),
        ("mlx-cpu", "not-measured", "not measured", None),
        ("own-cpu", "failed", "boom", None),
    ]


def test_nothing_proven_is_said_and_not_guessed(saved: SavedResults, advised: Recommend) -> None:
    saved.run(check=False).add("numba-cpu", 1e-3)
    advice = advised()
    assert not advice.anything_proven
    assert advice.document.overall is None
    assert only(advice).winner is None
    assert only(advice).value is None


def test_nothing_measured_is_an_empty_answer(catalogue: Catalogue, machine: MachineName) -> None:
    advice = recommend(load([]), machine, catalogue)
    assert advice.document.workloads == ()
    assert advice.document.overall is None
    assert advice.size is None


# -- overall -------------------------------------------------------------------------------


def two_workloads(saved: SavedResults, times: dict[str, tuple[float | None, float | None]]) -> None:
    run = saved.run()
    for name, (pricing, search) in times.items():
        if pricing is not None:
            run.add(name, pricing)
        if search is not None:
            run.add(name, search, workload="search", task="query")


def test_overall_is_the_best_geometric_mean_not_the_most_wins(
    saved: SavedResults, advised: Recommend
) -> None:
    times = {"numba-cpu": (1e-3, 10e-3), "jax-cpu": (10e-3, 1e-3), "numpy-cpu": (2e-3, 2e-3)}
    two_workloads(saved, dict(times))
    advice = advised()
    assert advice.document.overall is not None
    assert advice.document.overall.configuration == "numpy-cpu"
    assert advice.choice is not None
    assert advice.choice.score == pytest.approx(0.5)
    assert "50%" in advice.document.overall.reason


def test_weights_decide_what_counts(saved: SavedResults, advised: Recommend) -> None:
    times = {"numba-cpu": (1e-3, 10e-3), "jax-cpu": (10e-3, 1e-3), "numpy-cpu": (2e-3, 2e-3)}
    two_workloads(saved, dict(times))

    def chosen(**weights: float) -> str:
        overall = advised(weights=weights).document.overall
        assert overall is not None
        return overall.configuration

    assert chosen(pricing=9) == "numba-cpu"
    assert chosen(search=9) == "jax-cpu"
    assert chosen(search=0) == "numba-cpu"
    assert chosen(pricing=1, search=1) == "numpy-cpu"


def test_who_is_not_proven_for_all_is_no_candidate(saved: SavedResults, advised: Recommend) -> None:
    two_workloads(saved, {"numba-cpu": (1e-3, None), "numpy-cpu": (9e-3, 9e-3)})
    overall = advised().document.overall
    assert overall is not None
    assert overall.configuration == "numpy-cpu"


def test_where_nobody_is_proven_for_all_the_best_of_each_is_still_told(
    saved: SavedResults, advised: Recommend
) -> None:
    two_workloads(saved, {"numba-cpu": (1e-3, None), "numpy-cpu": (None, 9e-3)})
    advice = advised()
    assert advice.document.overall is None
    assert advice.anything_proven
    assert [entry.winner for entry in advice.document.workloads] == ["numba-cpu", "numpy-cpu"]


def test_a_workload_that_was_asked_for_and_never_measured_leaves_no_overall(
    saved: SavedResults, advised: Recommend
) -> None:
    saved.run().add("numba-cpu", 1e-3)
    advice = advised(workloads=("pricing", "search"))
    assert advice.document.overall is None
    assert advice.missing == ("search",)


def test_precisions_are_not_raced_against_each_other(
    saved: SavedResults, advised: Recommend
) -> None:
    run = saved.run()
    run.add("numba-cpu", 1e-3)
    run.add("numpy-cpu", 3e-3)
    run.add("jax-cpu", 0.2e-3, precision="float32")
    overall = advised().document.overall
    assert overall is not None
    assert (overall.configuration, overall.precision) == ("numba-cpu", "float64")
    overall = advised(precision="float32").document.overall
    assert overall is not None
    assert (overall.configuration, overall.precision) == ("jax-cpu", "float32")


def test_a_lower_precision_serves_where_the_higher_one_is_not_proven_for_all(
    saved: SavedResults, advised: Recommend
) -> None:
    run = saved.run()
    run.add("numba-cpu", 1e-3)
    run.add("numba-cpu", 1e-3, precision="float32")
    run.add("numba-cpu", 1e-3, precision="float32", workload="search", task="query")
    overall = advised().document.overall
    assert overall is not None
    assert overall.precision == "float32"


@pytest.mark.parametrize(
    ("measured", "size"),
    [
        ([("pricing", "smoke")], "smoke"),
        ([("pricing", "smoke"), ("pricing", "full")], "full"),
        ([("pricing", "smoke"), ("pricing", "full"), ("search", "smoke")], "smoke"),
        ([("pricing", "small"), ("pricing", "full"), ("search", "smoke"), ("search", "small")],
         "small"),
        ([("pricing", "full"), ("search", "smoke")], "full"),
        ([("pricing", "huge"), ("pricing", "smoke")], "smoke"),
    ],
    ids=["only", "largest", "common", "largest-common", "none-common", "foreign-size"],
)  # fmt: skip
def test_the_size_is_the_largest_that_is_common(
    saved: SavedResults, advised: Recommend, measured: list[tuple[str, str]], size: str
) -> None:
    run = saved.run()
    for workload, each in measured:
        task = "price" if workload == "pricing" else "query"
        run.add("numba-cpu", 1e-3, workload=workload, task=task, size=each)
    assert advised().size == size


def test_a_named_size_is_the_only_one_listed(saved: SavedResults, advised: Recommend) -> None:
    run = saved.run()
    run.add("numba-cpu", 1e-3, size="smoke")
    run.add("jax-cpu", 1e-3, size="full")
    advice = advised(size="smoke")
    assert only(advice).size == "smoke"
    assert advice.document.overall is not None
    assert advice.document.overall.configuration == "numba-cpu"


def test_the_order_is_that_of_workloads_sizes_and_precisions(
    saved: SavedResults, advised: Recommend
) -> None:
    run = saved.run()
    for workload, task in (("own", "t"), ("search", "query"), ("pricing", "price")):
        run.add("numba-cpu", 1e-3, workload=workload, task=task, size="full")
    for precision in ("bfloat16", "float32", "float64"):
        run.add("numba-cpu", 1e-3, size="smoke", precision=precision)
    told = [(w.workload, w.size, w.precision) for w in advised().document.workloads]
    assert told == [
        ("pricing", "smoke", "float64"),
        ("pricing", "smoke", "float32"),
        ("pricing", "smoke", "bfloat16"),
        ("pricing", "full", "float64"),
        ("search", "full", "float64"),
        ("own", "full", "float64"),
    ]


def test_environment_and_threads_are_those_it_was_measured_with(
    saved: SavedResults, advised: Recommend
) -> None:
    environment = {"NUMBA_NUM_THREADS": "2", "LD_PRELOAD": "/tmp/evil.so", "PATH": "/tmp"}
    saved.run().add("numba-cpu", 1e-3, capsule={"environment": environment, "threads": 2})
    overall = advised().document.overall
    assert overall is not None
    assert overall.environment == {"NUMBA_NUM_THREADS": "2"}
    assert overall.threads == 2


@pytest.mark.parametrize("threads", [0, -1, 10**30])
def test_an_absurd_number_of_threads_is_unknown(
    saved: SavedResults, advised: Recommend, threads: int
) -> None:
    saved.run().add("numba-cpu", 1e-3, capsule={"threads": 3})
    path = next(saved.folder.rglob("*.outcomes.jsonl"))
    path.write_text(path.read_text().replace('"threads":3', f'"threads":{threads}'))
    overall = advised().document.overall
    assert overall is not None
    assert overall.threads is None


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"workloads": ("pricng",)}, "did you mean pricing"),
        ({"workloads": ("ceiling",)}, "unknown workload 'ceiling'"),
        ({"weights": {"serch": 1.0}}, "did you mean search"),
        ({"weights": {"pricing": 0.0}}, "every workload has weight 0"),
        ({"size": "smal"}, "did you mean small"),
        ({"precision": "float46"}, "did you mean float64"),
    ],
    ids=["workload", "calibration", "weight", "all-zero", "size", "precision"],
)
def test_a_wish_for_what_nobody_knows_is_a_usage_error(
    saved: SavedResults, advised: Recommend, wish: dict[str, Any], says: str
) -> None:
    saved.run().add("numba-cpu", 1e-3)
    with pytest.raises(UsageError, match=says):
        advised(**wish)


# -- whose results --------------------------------------------------------------------------


def test_this_machines_results_are_chosen_among_several(saved: SavedResults) -> None:
    saved.run("mac", facts=OTHER_FACTS, day=5).add("numba-cpu", 1e-3)
    saved.run("old-name", day=0).add("numba-cpu", 1e-3)
    saved.run("new-name", day=1).add("numba-cpu", 1e-3)
    live = MachineName(name="slug", fingerprint=HERE)
    assert choose_machine(load([saved.folder]), live) == MachineName(
        name="new-name", fingerprint=HERE
    )


def test_the_only_machine_will_do_when_its_files_were_named(saved: SavedResults) -> None:
    saved.run("mac", facts=OTHER_FACTS).add("numba-cpu", 1e-3)
    live = MachineName(name="slug", fingerprint=HERE)
    results = load([saved.folder])
    assert choose_machine(results, live) == MachineName(name="mac", fingerprint=ELSEWHERE)
    assert choose_machine(results, live, only_live=True) == live


def test_several_strange_machines_must_be_told_apart_by_the_user(saved: SavedResults) -> None:
    saved.run("mac", facts=OTHER_FACTS).add("numba-cpu", 1e-3)
    saved.run("box").add("numba-cpu", 1e-3)
    with pytest.raises(UsageError, match="box, mac"):
        choose_machine(load([saved.folder]), MachineName(name="x", fingerprint="0" * 64))


def test_rows_of_another_machine_are_not_even_listed(
    saved: SavedResults, advised: Recommend
) -> None:
    saved.run("mac", facts=OTHER_FACTS).add("jax-metal", 1e-9)
    saved.run("bench-box").add("numba-cpu", 1e-3)
    entry = only(advised())
    assert entry.winner == "numba-cpu"
    assert {e.outcome for e in entry.excluded} == {"not-measured"}


def test_control_characters_do_not_reach_the_document(
    saved: SavedResults, advised: Recommend
) -> None:
    run = saved.run()
    run.add("numba-cpu", 1e-3, workload="p\x1b[2J", task="t\x07")
    run.add("bad\u202e-cpu", workload="p\x1b[2J", task="t\x07", outcome="failed", reason="\x1b]0;")
    entry = only(advised())
    assert entry.workload == "p[2J"
    assert ("bad-cpu", "]0;") in [(e.configuration, e.reason) for e in entry.excluded]


def test_the_registries_know_the_built_in_names() -> None:
    known = real_catalogue(["nobody-installed-this"])
    assert "black_scholes" in known.workloads
    assert "limits" not in known.workloads
    assert "limits" in known.calibration
    assert "numba-cpu" in known.configurations
    assert "JAX_ENABLE_X64" in known.variables["jax-cpu"]
    assert "nobody-installed-this" not in known.first_tasks
