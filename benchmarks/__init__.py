"""ASV suites: one thin module per workload, no mathematics in here.

Run them with `hwdoctor bench`, or by hand with `asv run` in the checkout.
"""

from hwdoctor.measure import asv

asv.install()
