"""Names that both sides of the plug-in use; importing them must not import ASV."""

PLUGIN = ".hwdoctor.measure.asv.plugin"
"""As asv.conf.json spells it: the leading dot asks for a module outside asv's own package."""
HARVEST_VARIABLE = "HWDOCTOR_HARVEST"
"""Names a file of values that are already measured, by ASV's `benchmark-index`."""
SIZE_VARIABLE = "HWDOCTOR_SIZE"
"""Which size a plain `asv run` measures; smoke unless it says otherwise."""
