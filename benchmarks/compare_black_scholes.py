"""Our Black-Scholes kernels against what people use today, taking turns in one run.

    python benchmarks/compare_black_scholes.py [--items 10000000] [--rounds 15] [--only WORD]...

Every entrant lives in a process of its own, which has the variables its framework needs before
import, and is asked for one timed call at a time, in an order that is shuffled every round: a
machine that slows down for a second slows down everybody. Medians, and ratios of times taken in
the same round. Every entrant's answer is verified first, and a wrong one says so.

It is a script, not an ASV suite; ASV imports this file all the same, so nothing heavy stands at
module level.
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

LOOP_ITEMS = 20_000  # for the entrant that prices one option at a time
SEED = 20260101
VERIFIED = 50_000


# What people use today: the formulas as a textbook has them, in the idiom of each tool.


def textbook(xp: Any, distribution: Callable[[Any], Any], book: Any) -> tuple[Any, ...]:
    """Price, delta, gamma, vega, theta, rho on whole arrays."""
    spot, strike, rate, volatility, maturity, sign = book
    root = xp.sqrt(maturity)
    deviation = volatility * root
    d1 = (xp.log(spot / strike) + (rate + 0.5 * volatility * volatility) * maturity) / deviation
    d2 = d1 - deviation
    density = xp.exp(-0.5 * d1 * d1) * (1.0 / math.sqrt(2.0 * math.pi))
    first, second = distribution(sign * d1), distribution(sign * d2)
    owed = sign * strike * xp.exp(-rate * maturity) * second
    return (
        sign * spot * first - owed,
        sign * first,
        density / (spot * deviation),
        spot * density * root,
        -0.5 * spot * density * volatility / root - rate * owed,
        maturity * owed,
    )


def numpy_scipy(book: Any, chunk: int | None = None) -> Callable[[], Any]:
    import numpy as np
    from scipy.special import ndtr

    items = book[0].size
    step = chunk or items
    results = np.zeros((6, items), book[0].dtype)

    def call() -> Any:
        for begin in range(0, items, step):
            part = [array[begin : begin + step] for array in book]
            for row, values in zip(results, textbook(np, ndtr, part), strict=True):
                row[begin : begin + step] = values
        return results

    return call


def jax_jit(book: Any) -> Callable[[], Any]:
    import jax
    from jax import numpy as jnp
    from jax.scipy.stats import norm

    arrays = tuple(jnp.asarray(array) for array in book)
    compiled = jax.jit(lambda *given: textbook(jnp, norm.cdf, given))
    return lambda: jax.block_until_ready(compiled(*arrays))


def torch_compile(book: Any) -> Callable[[], Any]:
    import torch

    def distribution(x: Any) -> Any:
        return 0.5 * torch.erfc(-x * math.sqrt(0.5))

    arrays = [torch.tensor(array) for array in book]
    compiled = torch.compile(lambda given: textbook(torch, distribution, given), dynamic=False)

    def call() -> Any:
        with torch.inference_mode():
            return compiled(arrays)

    return call


def numba_erf(book: Any) -> Callable[[], Any]:
    import numba
    import numpy as np

    results = tuple(np.zeros_like(book[0]) for _ in range(6))
    real: Any = book[0].dtype.type
    half, scale, top = real(0.5), real(math.sqrt(0.5)), real(1.0 / math.sqrt(2.0 * math.pi))

    @numba.njit(parallel=True, fastmath=True, error_model="numpy")
    def loop(s: Any, k: Any, r: Any, v: Any, t: Any, sign: Any, out: Any) -> None:
        for i in numba.prange(s.size):
            root = math.sqrt(t[i])
            deviation = v[i] * root
            d1 = (math.log(s[i] / k[i]) + (r[i] + half * v[i] * v[i]) * t[i]) / deviation
            d2 = d1 - deviation
            density = math.exp(-half * d1 * d1) * top
            first = half * math.erfc(-sign[i] * d1 * scale)
            second = half * math.erfc(-sign[i] * d2 * scale)
            owed = sign[i] * k[i] * math.exp(-r[i] * t[i]) * second
            out[0][i] = sign[i] * s[i] * first - owed
            out[1][i] = sign[i] * first
            out[2][i] = density / (s[i] * deviation)
            out[3][i] = s[i] * density * root
            out[4][i] = -half * s[i] * density * v[i] / root - r[i] * owed
            out[5][i] = t[i] * owed

    def call() -> Any:
        loop(*book, results)
        return results

    return call


def quantlib_loop(book: Any) -> Callable[[], Any]:
    import QuantLib

    rows = list(zip(*(array[:LOOP_ITEMS].tolist() for array in book), strict=True))

    def call() -> Any:
        found = []
        for s, k, r, v, t, sign in rows:
            payoff = QuantLib.PlainVanillaPayoff(
                QuantLib.Option.Call if sign > 0 else QuantLib.Option.Put, k
            )
            grown = s * math.exp(r * t)
            black = QuantLib.BlackCalculator(payoff, grown, v * math.sqrt(t), math.exp(-r * t))
            greeks = black.delta(s), black.gamma(s), black.vega(t), black.theta(s, t), black.rho(t)
            found.append((black.value(), *greeks))
        return list(zip(*found, strict=True))

    return call


def ours(name: str, precision: Any, host: dict[str, Any]) -> Callable[[], Any]:
    """The product's kernel, with what its runtime needs around it."""
    from hwdoctor.backends import backend
    from hwdoctor.workloads import Problem, find
    from hwdoctor.workloads.black_scholes import OUTPUTS

    runtime = backend(name).open("cpu", precision)
    inputs = {key: runtime.put(array) for key, array in host.items()}
    items = len(host["spot"])
    factory = find("black_scholes").kernel(name, "price")
    assert factory is not None
    kernel = factory(Problem(items=items, precision=precision, seed=SEED), runtime)

    def call() -> Any:
        outputs = kernel(inputs)
        runtime.sync(outputs.values())
        return [outputs[key] for key in OUTPUTS]

    return call


EXISTING: dict[str, tuple[str, Callable[[Any], Callable[[], Any]]]] = {
    "numpy + scipy": ("numpy", numpy_scipy),
    "numpy + scipy, chunked": ("numpy", lambda book: numpy_scipy(book, 16_384)),
    "jax.jit": ("jax", jax_jit),
    "torch.compile": ("torch", torch_compile),
    "numba, math.erfc": ("numba", numba_erf),
    "QuantLib loop": ("quantlib", quantlib_loop),
}
OURS = ("numpy", "numba", "jax", "torch", "mlx")


def entrants(only: list[str]) -> list[str]:
    names = [*(f"ours: {name}" for name in OURS), *EXISTING]
    return [name for name in names if not only or any(word in name for word in only)]


def environment(entrant: str, precision: Any) -> dict[str, str]:
    from hwdoctor.backends import BACKENDS, backend

    name = _group(entrant)
    return backend(name).environment("cpu", precision, None) if name in BACKENDS else {}


def work(pipe: Any, entrant: str, precision: Any, items: int) -> None:
    """A worker's whole life: prepare, verify, then one timed call per message."""
    try:
        call, host = prepare(entrant, precision, items)
        began = time.perf_counter()
        outputs = call()
        first = time.perf_counter() - began
        pipe.send({"first": first, **verified(outputs, host, precision)})
        del outputs
    except Exception as error:  # noqa: BLE001 -- whatever an entrant raises is its result
        pipe.send({"failed": f"{type(error).__name__}: {error}"[:80]})
        return
    while pipe.recv():
        began = time.perf_counter()
        call()
        pipe.send(time.perf_counter() - began)


def prepare(entrant: str, precision: Any, items: int) -> tuple[Callable[[], Any], dict[str, Any]]:
    from hwdoctor.measure.rounding import round_all
    from hwdoctor.workloads.black_scholes.inputs import NAMES, book, corner_cases

    # The textbook cannot answer the corner cases (expired options): everybody goes without.
    corners = len(corner_cases()["spot"])
    whole = round_all(book(items + corners, SEED), precision)
    host = {name: array[corners:] for name, array in whole.items()}
    if entrant.startswith("ours: "):
        return ours(entrant.removeprefix("ours: "), precision, host), host
    return EXISTING[entrant][1]([host[name].astype(precision) for name in NAMES]), host


def verified(outputs: Any, host: dict[str, Any], precision: Any) -> dict[str, Any]:
    """The largest error in units of its tolerance, over a leading sample."""
    import numpy as np

    from hwdoctor.measure.verify import check_values
    from hwdoctor.workloads.black_scholes import OUTPUTS, PRICE

    got = [np.array(array)[:VERIFIED] for array in outputs]
    part = {name: array[: len(got[0])] for name, array in host.items()}
    named = dict(zip(OUTPUTS, got, strict=True))
    judged = check_values(named, PRICE.reference(part), PRICE, precision)
    worst = judged.worst
    assert worst is not None
    error = math.inf if worst.largest_error is None else worst.largest_error / worst.tolerance
    return {"outcome": judged.outcome, "error": error, "items": len(outputs[0])}


def race(precision: Any, items: int, rounds: int, only: list[str]) -> dict[str, dict[str, Any]]:
    """Answers of every entrant; `seconds` holds one time per round."""
    context = multiprocessing.get_context("spawn")
    lanes: dict[str, Any] = {}
    answers: dict[str, dict[str, Any]] = {}
    for entrant in entrants(only):
        here, there = context.Pipe()
        before = dict(os.environ)
        os.environ.update(environment(entrant, precision))
        process = context.Process(target=work, args=(there, entrant, precision, items), daemon=True)
        process.start()
        os.environ.clear()
        os.environ.update(before)
        there.close()
        try:
            answers[entrant] = here.recv()
        except EOFError:
            answers[entrant] = {"failed": "the process died"}
        sys.stderr.write(f"{precision} {entrant}: {json.dumps(answers[entrant])}\n")
        if "failed" not in answers[entrant]:
            lanes[entrant] = here
            answers[entrant]["seconds"] = []
    order = list(lanes)
    for _ in range(rounds):
        random.shuffle(order)
        for entrant in order:
            lanes[entrant].send(True)
            answers[entrant]["seconds"].append(lanes[entrant].recv())
    for pipe in lanes.values():
        pipe.send(False)
    return answers


def table(precision: str, answers: dict[str, dict[str, Any]]) -> str:
    """Best first; ratios are to the fastest right answer of the existing tools."""
    for answer in answers.values():
        if "seconds" in answer:
            answer["rates"] = [answer["items"] / taken / 1e6 for taken in answer["seconds"]]
    running = {name: answer for name, answer in answers.items() if "rates" in answer}
    existing = [name for name in running if name in EXISTING and running[name]["outcome"] == "ok"]
    heads = ("M options/s", "fastest", "x best existing", "x same backend", "error/tolerance")
    lines = [f"{precision:25} {'  '.join(heads)}  first call"]
    for name in _fastest_first(running, list(running)):
        answer = running[name]
        same = [other for other in existing if _group(other) == _group(name)]
        ratios = [_ratio(running, name, others) for others in (existing, same)]
        lines.append(
            f"{name:25} {statistics.median(answer['rates']):11.1f} {max(answer['rates']):8.1f} "
            f"{ratios[0]:>16} {ratios[1]:>15} "
            f"{answer['error']:10.1e} {answer['outcome']:>5.5} {answer['first']:9.2f} s"
        )
    lines += [f"{name:25} {a['failed']}" for name, a in answers.items() if "failed" in a]
    return "\n".join(lines)


def _fastest_first(running: dict[str, dict[str, Any]], names: list[str]) -> list[str]:
    return sorted(names, key=lambda name: -statistics.median(running[name]["rates"]))


def _group(entrant: str) -> str:
    """The backend that an entrant uses."""
    return EXISTING[entrant][0] if entrant in EXISTING else entrant.removeprefix("ours: ")


def _ratio(running: dict[str, dict[str, Any]], name: str, others: list[str]) -> str:
    """Median over the rounds of this rate over that of the fastest of the others."""
    if not others:
        return "-"
    best = _fastest_first(running, others)[0]
    pairs = zip(running[name]["rates"], running[best]["rates"], strict=True)
    return f"{statistics.median(mine / theirs for mine, theirs in pairs):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--precision", nargs="+", default=["float64", "float32"])
    parser.add_argument("--only", action="append", default=[], help="part of an entrant's name")
    asked = parser.parse_args()
    for precision in asked.precision:
        answers = race(precision, asked.items, asked.rounds, asked.only)
        sys.stdout.write(table(precision, answers) + "\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
