"""One module per backend: its formulas, bound to the measuring protocol. No formula is in here."""
