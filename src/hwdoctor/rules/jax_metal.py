"""Defects of jax-metal that a probe can show: each is tried by name at level 2.

The plugin is no longer developed, so the reports stand; a probe says which of them hold here.
"""

from collections.abc import Iterator

from hwdoctor.model import Facts
from hwdoctor.rules import defects
from hwdoctor.rules.judgement import Judgement, advise
from hwdoctor.rules.matrix import broken_rows
from hwdoctor.rules.needs import backend_probed
from hwdoctor.rules.rule import rule

ON_CPU = "run this on the CPU: jax.default_device(jax.devices('cpu')[0])"


@rule(
    "JAX601",
    "array-update-hits-wrong-axis",
    category="backends",
    severity="warning",
    level=2,
    needs=(backend_probed("jax"),),
    fine="an update of one column changed that column only",
    sources=("https://github.com/jax-ml/jax/issues/16326",),
)
def array_update_hits_wrong_axis(facts: Facts) -> Iterator[Judgement]:
    """An update of a column of an array changes a row.

    Symptom: `x.at[:, 0].set(x[:, 0] / r)` under `jit` changes the wrong elements, silently.
    Cause: the scatter of jax-metal exchanged the axes of such an update.
    Remedy: a newer plugin, or the CPU.
    """
    return defects.found(
        "JAX601", facts, "updates the wrong elements of an array", remedy=[advise(ON_CPU)]
    )


@rule(
    "JAX602",
    "membership-always-true",
    category="backends",
    severity="warning",
    level=2,
    needs=(backend_probed("jax"),),
    fine="jnp.isin told members from others",
    sources=("https://github.com/jax-ml/jax/issues/17590",),
)
def membership_always_true(facts: Facts) -> Iterator[Judgement]:
    """`isin` says of every element that it is a member.

    Symptom: `jnp.isin([123, 2, 4], [123, 1])` is all true.
    Cause: a defect of jax-metal that 0.0.5 mended.
    Remedy: jax-metal 0.0.5 or newer.
    """
    yield from defects.found(
        "JAX602", facts, "takes every element for a member", remedy=[advise(ON_CPU)]
    )
    if not defects.tried("JAX602", facts):
        yield from broken_rows("JAX602", facts, disqualifies=())


@rule(
    "JAX603",
    "top-k-loses-nan",
    category="backends",
    severity="warning",
    level=2,
    needs=(backend_probed("jax"),),
    fine="lax.top_k kept values that are not numbers",
    sources=("https://github.com/jax-ml/jax/issues/21397",),
)
def top_k_loses_nan(facts: Facts) -> Iterator[Judgement]:
    """`top_k` drops values that are not numbers and invents zeros.

    Symptom: of [nan, -inf, inf, 0] the two largest come out as something that was not in it.
    Cause: a defect of jax-metal; nobody is known to have mended it.
    Remedy: sort on the CPU, or remove what is not a number before.
    """
    return defects.found(
        "JAX603", facts, "loses what is not a number in top_k", remedy=[advise(ON_CPU)]
    )


@rule(
    "JAX604",
    "einsum-aborts",
    category="backends",
    severity="error",
    level=2,
    needs=(backend_probed("jax"),),
    fine="a product with three permuted axes was computed",
    sources=("https://github.com/jax-ml/jax/issues/20115",),
)
def einsum_aborts(facts: Facts) -> Iterator[Judgement]:
    """A sum of products with permuted axes ends the process.

    Symptom: "failed assertion `New volume: 6 should match old volume: 24`", then SIGABRT.
    Cause: a reshape within Metal Performance Shaders, for forms like "ijk,kji->kij".
    Remedy: transpose first and multiply then, or use the CPU.
    """
    return defects.found(
        "JAX604", facts, "cannot compute einsum ijk,kji->kij", remedy=[advise(ON_CPU)]
    )


@rule(
    "JAX605",
    "index-in-while-crashes",
    category="backends",
    severity="error",
    level=2,
    needs=(backend_probed("jax"),),
    fine="an array was indexed within a while loop",
    sources=("https://github.com/jax-ml/jax/issues/21552",),
)
def index_in_while_crashes(facts: Facts) -> Iterator[Judgement]:
    """Indexing an array within a `while_loop` ends the process.

    Symptom: a segmentation fault in `jax.lax.while_loop`.
    Cause: a defect of jax-metal that 0.1.1 mended.
    Remedy: jax-metal 0.1.1 with JAX 0.5.0, `lax.fori_loop` of fixed length, or the CPU.
    """
    return defects.found(
        "JAX605", facts, "cannot index an array within a while loop", remedy=[advise(ON_CPU)]
    )
