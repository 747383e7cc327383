"""Proves that this machine's numerical stack works, and finds the fastest proven configuration.

Importing this package imports no framework, no NumPy, no DuckDB and no ASV: every function of
the public interface loads what it needs when it is called.
"""

__version__ = "0.1.0"
