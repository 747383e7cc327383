"""What all tests share: no wall-clock deadlines, the same examples every time."""

from hypothesis import settings

# Timed limits live in benchmarks; a slow machine is not a wrong program.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
