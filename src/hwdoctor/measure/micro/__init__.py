"""`hwdoctor bench --micro`: small things timed by pytest-benchmark, kept beside the results.

The suite lies in `benchmarks/micro`. It runs in child processes only, because it imports
frameworks and pytest; nothing in here may import either, but for `child` and `kernels`, which
are what those children run.
"""
