"""The parent's ends of a child's pipes: drained together, so that no full pipe can block either.

Nothing here waits for the end of a file: whoever still holds a pipe decides when that comes.
"""

import os
import selectors
import subprocess

CHUNK_BYTES = 1 << 16


class Streams:
    """The child's report, stdout and stderr to read, its stdin to write."""

    def __init__(self, process: subprocess.Popen[bytes], report: int, stdin: bytes | None) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._report = report
        self._to_write = memoryview(stdin or b"")
        self._selector = selectors.DefaultSelector()
        readers = {
            "report": report,
            "stdout": process.stdout.fileno(),
            "stderr": process.stderr.fileno(),
        }
        for name, descriptor in readers.items():
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, name)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin.fileno(), selectors.EVENT_WRITE, "stdin")

    @property
    def open(self) -> bool:
        """Whether anything may still come or go."""
        return bool(self._selector.get_map())

    @property
    def ready(self) -> bool:
        """Whether `read` would find something at once, the end of a pipe included."""
        return bool(self._selector.select(0))

    def descriptors(self) -> list[int]:
        """The pipes whose other end is still open as far as we know."""
        return [key.fd for key in self._selector.get_map().values()]

    def read(self, seconds: float) -> list[tuple[str, bytes]]:
        """Wait up to `seconds` for something to happen; returns (pipe, data)."""
        arrived: list[tuple[str, bytes]] = []
        for key, _ in self._selector.select(seconds):
            if key.data == "stdin":
                self._write(key.fd)
                continue
            try:
                data = os.read(key.fd, CHUNK_BYTES)
            except BlockingIOError:
                continue
            if data:
                arrived.append((key.data, data))
            else:
                self._selector.unregister(key.fd)
        return arrived

    def close(self) -> None:
        """Let go of every descriptor."""
        self._selector.close()
        os.close(self._report)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    # The child went away with our data still in its pipe.
                    continue

    def _write(self, descriptor: int) -> None:
        try:
            self._to_write = self._to_write[os.write(descriptor, self._to_write[:CHUNK_BYTES]) :]
        except BlockingIOError:
            return
        except OSError:
            # The child closed its stdin: what it does not want to read is its own affair.
            self._to_write = memoryview(b"")
        if not self._to_write:
            self._selector.unregister(descriptor)
            assert self._process.stdin is not None
            self._process.stdin.close()
