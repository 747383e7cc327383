"""The ceilings: right on every backend, and the tolerances tell right from wrong."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.backends import BACKENDS, backend
from hwdoctor.backends.base import HostArray
from hwdoctor.measure.rounding import round_all, round_to
from hwdoctor.measure.verify import check_values, choose_items, take
from hwdoctor.model import Precision
from hwdoctor.workloads.limits import COPY, MATRIX_PRODUCT, WORKLOAD
from hwdoctor.workloads.limits import reference as limits_reference

Product = Callable[[HostArray, HostArray], HostArray]

# 600 is beyond what is summed in one block by any CPU library and above the arbiter's limit; odd
# lengths leave a rest to vector loops.
LENGTHS = {"matrix_product": 600, "copy": 100_003, "triad": 4 * 2**20 + 3}
ITEMS = {
    task.name: LENGTHS.get(task.name, WORKLOAD.items(task, "smoke")) for task in WORKLOAD.tasks
}

GAPS = {
    ("numpy", "erf"),
    ("numba", "matrix_product"),
    *((name, task) for name in ("numpy", "numba") for task in ("host_to_device", "device_to_host")),
}
"""What a backend has no call for."""
WRONG = {("mlx", "float64", "exp"), ("mlx", "float64", "erf")}
"""Where a framework's double precision is not: found, and never ranked."""

CASES = [
    pytest.param(name, device, precision, task.name, id=f"{task.name}-{name}-{device}-{precision}")
    for task in WORKLOAD.tasks
    for name in BACKENDS
    for device in backend(name).devices
    for precision in backend(name).precisions(device)
    if all(precision in tolerance.limits for tolerance in task.tolerances.values())
]


@pytest.mark.parametrize(("name", "device", "precision", "task"), CASES)
def test_a_kernel_agrees_with_the_reference(
    kernel_reports: Callable[..., dict[str, Any]], name: str, device: str, precision: str, task: str
) -> None:
    lengths = (f"{each}={items}" for each, items in ITEMS.items())
    answer = kernel_reports("limits", name, device, *lengths)[precision]
    if "unavailable" in answer:
        pytest.skip(answer["unavailable"])
    if answer[task] is None:
        assert (name, task) in GAPS
        return
    expected = "wrong-result" if (name, precision, task) in WRONG else "ok"
    assert answer[task]["outcome"] == expected, answer[task]["reason"]


def in_type(kind: Any) -> Product:
    """The product of factors and sums in one NumPy type."""
    return lambda a, b: np.matmul(a.astype(kind), b.astype(kind))


def with_factors_of_bits(bits: int) -> Product:
    """Factors rounded to a significand of so many bits, sums exact: TF32 has 11, bfloat16 8."""

    def cut(array: HostArray) -> HostArray:
        mantissa, exponent = np.frexp(array)
        return np.ldexp(np.round(mantissa * 2.0**bits) / 2.0**bits, exponent)

    return lambda a, b: cut(a) @ cut(b)


def summed_in_bfloat16(a: HostArray, b: HostArray) -> HostArray:
    total = np.zeros((len(a), b.shape[1]))
    for k in range(a.shape[1]):
        total = round_to(total + round_to(np.outer(a[:, k], b[k]), "bfloat16"), "bfloat16")
    return total


def without_last(what: str) -> Product:
    def product(a: HostArray, b: HostArray) -> HostArray:
        result = a @ b
        if what == "term":
            return a[:, :-1] @ b[:-1]
        if what == "element":
            result[-1, -1] = 0.0
        else:
            result[-1] = 0.0
        return result

    return product


def verdict_of(product: Product, precision: Precision, n: int = 256) -> str:
    """How the specification judges a product that is computed on rounded inputs."""
    host = round_all(MATRIX_PRODUCT.inputs(n, 5), precision)
    outputs = {"product": round_to(product(host["a"], host["b"]), precision)}
    return check_values(outputs, MATRIX_PRODUCT.reference(host), MATRIX_PRODUCT, precision).outcome


@pytest.mark.parametrize(
    ("precision", "product"),
    [
        ("float64", in_type(np.float64)),
        ("float32", in_type(np.float32)),
        ("bfloat16", in_type(np.float32)),
        ("float32", lambda a, b: np.einsum("ik,kj->ij", a.astype("f4"), b.astype("f4"))),
    ],
)
@pytest.mark.parametrize("n", [64, 256, 1024])
def test_an_honest_product_is_accepted_whatever_its_length(
    precision: Precision, product: Product, n: int
) -> None:
    assert verdict_of(product, precision, n) == "ok"


@pytest.mark.parametrize(
    ("precision", "fault"),
    [
        pytest.param("float64", in_type(np.float32), id="float32 passed off as float64"),
        pytest.param("float32", with_factors_of_bits(11), id="TF32 passed off as float32"),
        pytest.param("float32", with_factors_of_bits(8), id="bfloat16 passed off as float32"),
        pytest.param("bfloat16", summed_in_bfloat16, id="sums kept in bfloat16"),
        pytest.param("bfloat16", with_factors_of_bits(5), id="factors of fewer bits"),
        pytest.param("float32", lambda a, b: (a @ b).T, id="transposed"),
        pytest.param("float32", lambda a, b: b @ a, id="factors swapped"),
        pytest.param("float32", lambda a, b: a @ b.T, id="right factor transposed"),
        pytest.param("float32", lambda a, b: a * b, id="elementwise"),
        pytest.param("bfloat16", without_last("term"), id="a term is missing"),
        pytest.param("bfloat16", without_last("row"), id="a row is missing"),
        pytest.param("bfloat16", without_last("element"), id="an element is missing"),
        pytest.param("float32", lambda a, b: np.full_like(a, np.nan), id="NaN"),
        pytest.param("float32", lambda a, b: (a @ b)[:-1], id="too small"),
    ],
)
def test_a_wrong_product_is_refused(precision: Precision, fault: Product) -> None:
    assert verdict_of(fault, precision) == "wrong-result"


@given(st.integers(1, 40), st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_any_order_of_summation_is_accepted(n: int, seed: int, order: Any) -> None:
    host = round_all(MATRIX_PRODUCT.inputs(n, seed), "float32")
    total = np.zeros((n, n), dtype=np.float32)
    terms = list(range(n))
    order.shuffle(terms)
    for k in terms:
        total += np.outer(host["a"][:, k], host["b"][k]).astype(np.float32)
    judged = check_values(
        {"product": total}, MATRIX_PRODUCT.reference(host), MATRIX_PRODUCT, "float32"
    )
    assert judged.outcome == "ok"


def test_the_reference_product_is_exact_arithmetic_rounded() -> None:
    host = MATRIX_PRODUCT.inputs(9, 7)
    found = MATRIX_PRODUCT.reference(host)
    a, b = host["a"].tolist(), host["b"].tolist()
    for i, j in np.ndindex(9, 9):
        exact = sum(Fraction(a[i][k]) * Fraction(b[k][j]) for k in range(9))
        error = abs(Fraction(float(found["product"][i, j])) - exact)
        assert error <= 2.0**-52 * float(found["norms"][i, j])
        assert abs(found["product"][i, j]) <= found["norms"][i, j] * (1 + 1e-15)


@pytest.mark.parametrize("n", [64, limits_reference.ALL_ROWS_UP_TO + 88])
def test_a_numpy_that_multiplies_wrongly_may_not_judge(
    monkeypatch: pytest.MonkeyPatch, n: int
) -> None:
    honest = np.matmul

    def wrong(a: HostArray, b: HostArray) -> HostArray:
        single: HostArray = honest(a.astype(np.float32), b.astype(np.float32))
        return single.astype(np.float64)

    monkeypatch.setattr(np, "matmul", wrong)
    with pytest.raises(ArithmeticError, match="wrong on this machine"):
        limits_reference.product(limits_reference.product_inputs(n, 1))


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param(lambda source: source.copy(), "ok", id="a copy"),
        pytest.param(lambda source: source.astype("f4").astype("f8"), "wrong-result", id="cast"),
        pytest.param(lambda source: np.nextafter(source, 2.0), "wrong-result", id="one bit off"),
        pytest.param(lambda source: source[::-1], "wrong-result", id="reversed"),
        pytest.param(lambda source: source[:-1], "wrong-result", id="too short"),
        pytest.param(np.zeros_like, "wrong-result", id="not written"),
    ],
)
def test_a_copy_is_exact_or_wrong(fault: Callable[[HostArray], HostArray], outcome: str) -> None:
    host = COPY.inputs(5000, 1)
    verdict = check_values({"target": fault(host["source"])}, COPY.reference(host), COPY, "float64")
    assert verdict.outcome == outcome


def test_the_sampled_part_of_a_large_copy_reaches_over_all_of_it() -> None:
    items = WORKLOAD.items(COPY, "smoke")
    assert COPY.sample is not None
    chosen = choose_items(items, COPY.sample(items), 1)
    assert chosen is not None
    half_written = np.arange(items) < items // 2
    seen = take({"target": half_written}, chosen)["target"]
    assert 0 < np.count_nonzero(~seen) < len(seen)


def test_inputs_are_seeded_and_not_symmetric() -> None:
    first, again = MATRIX_PRODUCT.inputs(32, 3), MATRIX_PRODUCT.inputs(32, 3)
    assert np.array_equal(first["a"], again["a"])
    assert not np.array_equal(first["a"], MATRIX_PRODUCT.inputs(32, 4)["a"])
    assert not np.allclose(first["a"], first["b"])
    assert not np.allclose(first["a"], first["a"].T)


def test_work_is_counted_in_the_unit_of_the_throughput() -> None:
    assert COPY.work is not None
    assert MATRIX_PRODUCT.work is not None
    assert (COPY.unit, COPY.work(1000, 8)) == ("bytes/s", 16000.0)
    assert (MATRIX_PRODUCT.unit, MATRIX_PRODUCT.work(100, 4)) == ("flop/s", 2e6)
    assert WORKLOAD.items(MATRIX_PRODUCT, "small") == 1536
    assert WORKLOAD.items(COPY, "small") == 32 << 20
