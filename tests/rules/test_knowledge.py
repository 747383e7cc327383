"""The tables: every row dated, sourced and consistent with the rules; spelling laws."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from hwdoctor.knowledge import compatibility, document
from hwdoctor.knowledge.signatures import codes_in, line_of
from hwdoctor.knowledge.spelling import nearest, plausible_slips, slips
from hwdoctor.knowledge.variables import Variable, known_variables, misspelt
from hwdoctor.rules import registry

KNOWN = known_variables()
WORDS = st.text("ABCDE_", max_size=12)


@pytest.mark.parametrize("table", ["broken", "working", "wheels"])
def test_every_row_of_the_matrix_is_dated_and_sourced(table: str) -> None:
    for row in document("compatibility")[table]:
        assert row["source"].startswith("https://")
        assert row["checked"] <= date(2100, 1, 1)


def test_every_broken_row_belongs_to_a_rule_and_says_how_it_ends() -> None:
    codes = {rule.code for rule in registry.RULES}
    for row in compatibility.rows("broken"):
        assert row.code in codes
        assert row.summary
        assert row.remedy
        assert row.evidence


@pytest.mark.parametrize("table", ["broken", "working"])
def test_every_condition_is_a_requirement_as_packaging_reads_it(table: str) -> None:
    for row in compatibility.rows(table):
        read = [Requirement(text) for text in row.when]
        assert row.names == tuple(requirement.name for requirement in read)
        assert all(Requirement(text).name for text in row.remedy)


def test_every_variable_is_dated_and_sourced() -> None:
    table = document("environment_variables")
    for row in (*table["variable"], *table["group"], *table["names"]):
        assert row["source"]
        assert row["checked"]


def test_no_variable_stands_twice() -> None:
    table = document("environment_variables")
    names = [row["name"] for row in table["variable"]]
    names += [name for row in (*table["group"], *table["names"]) for name in row["names"]]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    "row", document("error_signatures")["signature"], ids=lambda row: f"{row['code']}"
)
def test_every_signature_has_a_source_and_does_not_match_everything(row: dict[str, str]) -> None:
    assert row["source"].startswith("https://")
    assert row["code"] not in codes_in("an ordinary line\nValueError: x\n")


def test_the_line_of_a_signature_is_the_evidence() -> None:
    text = "before\nF1 parse.cc:234] Unknown flag in XLA_FLAGS: --xla_x=1\nafter"
    assert line_of("ENV301", text) == "F1 parse.cc:234] Unknown flag in XLA_FLAGS: --xla_x=1"
    assert line_of("VER202", text) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("JAX_PLATFORM", "JAX_PLATFORMS"),
        ("JAX_PLATFROMS", "JAX_PLATFORMS"),
        ("JAX_ENABLE_X46", "JAX_ENABLE_X64"),
        ("XLA_FLAG", "XLA_FLAGS"),
        ("XLA_PYTHON_CLIENT_PREALOCATE", "XLA_PYTHON_CLIENT_PREALLOCATE"),
        ("XLA_PYTHON_CLIENT_MEMORY_FRACTION", "XLA_PYTHON_CLIENT_MEM_FRACTION"),
        ("OMP_NUM_THREAD", "OMP_NUM_THREADS"),
        ("MKL_NUM_THREAD", "MKL_NUM_THREADS"),
        ("PYTORCH_ENABLE_MPS_FALBACK", "PYTORCH_ENABLE_MPS_FALLBACK"),
        ("NUMBA_NUM_THREAD", "NUMBA_NUM_THREADS"),
        ("TF_CPP_MAX_VLOG_LEVEL", None),
        ("GOMP_DEBUG", None),
        ("PJRT_LOCAL_PROCESS_COUNT", None),
        ("NVIDIA_VISIBLE_DEVICES", None),
        ("TORCH_EXTENSIONS_DIR", None),
        ("JAX_SOMETHING_OF_MY_OWN", None),
        ("XLA_MY_FLAG", None),
        ("OMP_MY_OWN", None),
        ("JAX_PLATFORMS", None),
    ],
)
def test_a_misspelt_name_is_recognised_and_a_strange_one_left_alone(
    name: str, meant: str | None
) -> None:
    assert misspelt(name) == meant


@pytest.mark.parametrize(
    ("name", "value", "accepted", "meant"),
    [
        ("XLA_PYTHON_CLIENT_MEM_FRACTION", "75", False, "0.75"),
        ("XLA_PYTHON_CLIENT_MEM_FRACTION", "75%", False, "0.75"),
        ("XLA_PYTHON_CLIENT_MEM_FRACTION", "0,75", False, "0.75"),
        ("XLA_PYTHON_CLIENT_MEM_FRACTION", ".75", True, None),
        ("XLA_PYTHON_CLIENT_MEM_FRACTION", "0", False, None),
        ("XLA_PYTHON_CLIENT_MEM_FRACTION", "nan", False, None),
        ("XLA_PYTHON_CLIENT_PREALLOCATE", "flase", False, "false"),
        ("XLA_PYTHON_CLIENT_PREALLOCATE", "false", True, None),
        ("XLA_PYTHON_CLIENT_ALLOCATOR", "platfrom", False, "platform"),
        ("XLA_PYTHON_CLIENT_ALLOCATOR", "PLATFORM", True, None),
        ("JAX_ENABLE_X64", "ture", False, "true"),
        ("JAX_ENABLE_X64", "True", True, None),
        ("OMP_NUM_THREADS", "4,2", True, None),
        ("OMP_NUM_THREADS", "0", False, None),
        ("OMP_NUM_THREADS", "two", False, None),
        ("OPENBLAS_NUM_THREADS", "4,2", False, None),
        ("NUMBA_THREADING_LAYER", "opm", False, "omp"),
    ],
)
def test_a_value_is_judged_by_its_domain(
    name: str, value: str, accepted: bool, meant: str | None
) -> None:
    assert KNOWN[name].accepts(value) is accepted
    if not accepted:
        assert KNOWN[name].suggestion(value) == meant


@pytest.mark.parametrize(
    "variable", [v for v in KNOWN.values() if v.domain == "choice"], ids=lambda v: v.name
)
def test_every_listed_value_is_accepted(variable: Variable) -> None:
    assert [value for value in variable.values if not variable.accepts(value)] == []


@given(st.sampled_from(sorted(KNOWN)), st.text(max_size=30))
def test_a_suggestion_is_always_acceptable(name: str, value: str) -> None:
    variable = KNOWN[name]
    suggestion = variable.suggestion(value)
    assert suggestion is None or variable.accepts(suggestion)


@given(WORDS, WORDS)
def test_slips_are_symmetric_and_zero_only_for_equals(first: str, second: str) -> None:
    assert slips(first, second, 12) == slips(second, first, 12)
    assert (slips(first, second, 12) == 0) == (first == second)


@given(WORDS, WORDS, st.integers(0, 12))
def test_a_limit_does_not_change_what_is_within_it(first: str, second: str, limit: int) -> None:
    assert slips(first, second, limit) == min(slips(first, second, 99), limit + 1)


@given(WORDS, st.integers(0, 11))
def test_one_swap_of_neighbours_is_one_slip(word: str, place: int) -> None:
    assume(place + 1 < len(word) and word[place] != word[place + 1])
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    assert slips(word, swapped, 4) == 1


@given(WORDS, st.lists(WORDS, max_size=6))
def test_the_nearest_word_is_one_of_those_offered(word: str, candidates: list[str]) -> None:
    found = nearest(word, candidates)
    assert found is None or found in candidates
    assert found is not None or word not in candidates or plausible_slips(word) == 0


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [
        ("1.17.1", "<1.13", False),
        ("1.12.0", "<1.13", True),
        ("2.13.0+cpu", ">=2.7,<2.14", True),
        ("2.0.0rc1", ">=1.22", True),
        ("not a version", ">=1", None),
    ],
)
def test_versions_are_compared_as_packaging_does(
    version: str, specifier: str, expected: bool | None
) -> None:
    assert compatibility.satisfies(version, specifier) is expected


def test_a_version_that_cannot_be_read_is_neither_good_nor_bad() -> None:
    packages = {"jax": "unknown", "scipy": "1.17.1", "jax-metal": "unknown"}
    assert not list(compatibility.broken("VER202", packages))
    assert compatibility.working("jax-metal", packages) is None
