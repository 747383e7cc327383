"""`python -m hwdoctor` is the same program as `hwdoctor`."""

from hwdoctor.cli.main import run

if __name__ == "__main__":
    run()
