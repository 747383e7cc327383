"""Where results are when nobody says where: the checkout's, else the user's own."""

from pathlib import Path


def default_results() -> Path:
    """`./results` where an ASV project lies beside it, else the user's data folder.

    The folder need not exist yet.
    """
    here = Path.cwd()
    if any((here / name).is_file() for name in ("asv.conf.json", "asv.conf.jsonc")):
        return here / "results"
    # Imported here: this module is on the way of commands that never ask.
    from platformdirs import user_data_path

    return user_data_path("hwdoctor", appauthor=False) / "results"
