"""The version of this package, for documents that say who wrote them.

It stands below every layer: no layer imports the package's root, which imports all of them.
"""

__version__ = "0.1.0"
