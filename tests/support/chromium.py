"""A headless Chromium that tells what went wrong in a page, by the DevTools protocol over pipes.

Only the standard library is used. `http` serves a folder to it.
"""

import base64
import fcntl
import json
import os
import selectors
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.05
QUIET_SECONDS = 0.3
"""Without any event; then nothing is going on any more."""
# The browser wants its pipe at descriptors 3 and 4, where ours are only by accident.
LAUNCHER = (
    "import os, sys\n"
    "os.dup2(int(sys.argv[1]), 3)\n"
    "os.dup2(int(sys.argv[2]), 4)\n"
    "os.execvp(sys.argv[3], sys.argv[3:])\n"
)


def program() -> str | None:
    """The browser's program, where there is one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@dataclass
class Seen:
    """What a page reported."""

    errors: list[str] = field(default_factory=list)
    """Exceptions, console.error, and answers of our own server that are errors."""
    unreachable: list[str] = field(default_factory=list)
    """Addresses elsewhere that could not be loaded: the network's fault, not the page's."""


_LEAVING = "navigated or closed"
"""In the error for a page that is just being left: ask again."""


class Chromium:
    """One browser with one page."""

    def __init__(self, path: str, profile: Path) -> None:
        inward, self._out = _pipe()
        self._in, outward = _pipe()
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(inward), str(outward), path, "--headless=new",
             "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
             "--window-size=1400,900", f"--user-data-dir={profile}", *sandbox, "about:blank"],
            pass_fds=(inward, outward),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(inward)
        os.close(outward)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._in, selectors.EVENT_READ)
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self._seen = Seen()
        self._home = ""

    def __enter__(self) -> Self:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.ask(f"{domain}.enable")
        self.ask("Network.setCacheDisabled", cacheDisabled=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._selector.close()
        os.close(self._in)
        os.close(self._out)

    def open(self, url: str, *, ready: str) -> Seen:
        """Load a page afresh, wait until the expression `ready` is true and all is quiet."""
        self.ask("Page.navigate", url="about:blank")
        self._seen, self._home = Seen(), url.partition("#")[0]
        self.ask("Page.navigate", url=url)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not self.evaluate(ready) and time.monotonic() < give_up:
            self._receive(POLL_SECONDS)
        while self._receive(QUIET_SECONDS):
            pass
        return self._seen

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; None where it cannot be had yet."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return None if "exceptionDetails" in answer else answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """What a person would see."""
        answer = self.ask("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come before it are taken in.

        Raises:
            AssertionError: the browser refused, died or did not answer.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            for answer in self._receive(POLL_SECONDS):
                if answer.get("id") == self._number:
                    if _LEAVING in answer.get("error", {}).get("message", ""):
                        return {"exceptionDetails": answer["error"]}
                    assert "error" not in answer, f"{method}: {answer['error']}"
                    result: dict[str, Any] = answer["result"]
                    return result
        raise AssertionError(f"the browser does not answer {method}")

    def _receive(self, seconds: float) -> list[dict[str, Any]]:
        """Messages that arrive within so many seconds; none: nothing is going on."""
        if not self._selector.select(seconds):
            return []
        data = os.read(self._in, 1 << 20)
        assert data, "the browser died"
        *whole, self._rest = (self._rest + data).split(b"\0")
        messages = [json.loads(text) for text in whole]
        for message in messages:
            self._take_in(message.get("method"), message.get("params", {}))
        return messages or [{}]

    def _take_in(self, method: str | None, told: Mapping[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details["text"]
            self._seen.errors.append(f"{text} at {details.get('url')}:{details['lineNumber']}")
        elif method == "Runtime.consoleAPICalled" and told["type"] in {"error", "assert"}:
            self._seen.errors.append(f"console: {[arg.get('value') for arg in told['args']]}")
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self._log(told["entry"])

    def _log(self, entry: Mapping[str, Any]) -> None:
        url = entry.get("url", "")
        elsewhere = url.startswith("http") and not url.startswith(self._home)
        if entry["source"] == "network" and elsewhere:
            self._seen.unreachable.append(url)
        else:
            self._seen.errors.append(f"{entry['source']}: {entry['text']} {url}")


def _pipe() -> tuple[int, int]:
    """Both ends above the descriptors that the browser wants."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        """Nobody reads it."""


@contextmanager
def http(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
