"""Every form of a recording reads the same, and no bad one does more than raise one line."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwdoctor.model import (
    CheckReport,
    Facts,
    RecordedCommand,
    RecordedDirectory,
    RecordedFile,
    Recording,
    UsageError,
    encode,
)
from hwdoctor.model.facts import Cpu
from hwdoctor.probing import archives, replay

RECORDING = Recording(
    system="Darwin",
    machine="arm64",
    commands=(
        RecordedCommand(argv=("sysctl", "-a"), stdout="hw.ncpu: 8\r\nµ: 1\n", returncode=0),
        RecordedCommand(argv=("sysctl", "-A"), stdout="", returncode=1),
        RecordedCommand(argv=("pmset", "-g"), returncode=127),
    ),
    files=(RecordedFile(path="/proc/cpuinfo", content="processor : 0\n"),),
    directories=(RecordedDirectory(path="/dev", entries=("accel0",)),),
    environment={"JAX_PLATFORMS": "metal"},
    probes={"numpy": {"status": "ok"}},
)


def _directory(path: Path) -> Path:
    replay.write_directory(RECORDING, path / "recorded")
    return path / "recorded"


def _one_file(path: Path) -> Path:
    replay.write_file(RECORDING, path / "machine.json")
    return path / "machine.json"


def _the_json_of_a_directory(path: Path) -> Path:
    return _directory(path) / "recording.json"


def _zip(path: Path) -> Path:
    directory = _directory(path)
    with zipfile.ZipFile(path / "machine.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._recording.json", b"\0\1")
        for file in sorted(directory.rglob("*.*")):
            archive.write(file, f"m1/{file.relative_to(directory)}")
    return path / "machine.zip"


def _tar(path: Path) -> Path:
    with tarfile.open(path / "machine.tar.gz", "w:gz") as archive:
        archive.add(_directory(path), arcname=".")
    return path / "machine.tar.gz"


def _zip_of_one_file(path: Path) -> Path:
    with zipfile.ZipFile(path / "machine.zip", "w") as archive:
        archive.write(_one_file(path), "machine.json")
    return path / "machine.zip"


def _utf16(path: Path) -> Path:
    file = _one_file(path)
    file.write_bytes(file.read_text(encoding="utf-8").replace("\n", "\r\n").encode("utf-16"))
    return file


def _with_a_byte_order_mark(path: Path) -> Path:
    file = _one_file(path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    return file


FORMS: tuple[Callable[[Path], Path], ...] = (
    _directory,
    _one_file,
    _the_json_of_a_directory,
    _zip,
    _tar,
    _zip_of_one_file,
    _utf16,
    _with_a_byte_order_mark,
)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__.strip("_"))
def test_every_form_of_a_recording_reads_the_same(
    form: Callable[[Path], Path], tmp_path: Path
) -> None:
    assert replay.load(form(tmp_path)) == RECORDING


def test_a_fifo_can_be_read_as_a_shell_passes_it(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, encode(RECORDING))
    os.close(write)
    try:
        assert replay.load(Path(f"/dev/fd/{read}")) == RECORDING
    finally:
        os.close(read)


@pytest.mark.parametrize(
    "value",
    [
        Facts(cpu=Cpu(brand="Apple M1")),
        CheckReport(hwdoctor="0.1.0", level=0, verdict="ready", facts=Facts()),
    ],
    ids=["facts", "check"],
)
def test_saved_facts_and_checks_are_read_as_what_they_are(
    value: Facts | CheckReport, tmp_path: Path
) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(encode(value))
    assert replay.load(path) == value


def test_a_part_that_is_missing_is_unknown_and_no_error(tmp_path: Path) -> None:
    directory = _directory(tmp_path)
    next((directory / "commands").iterdir()).unlink()
    recording = replay.load(directory)
    assert isinstance(recording, Recording)
    assert [command.stdout for command in recording.commands].count(None) == 2


def _write(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        (path / name).write_bytes(content)
        return path / name

    return write


def _zip_with(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def _zip_with_link() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("commands/a.txt")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return stream.getvalue()


def _tar_with(info: tarfile.TarInfo, content: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def _tar_link() -> tarfile.TarInfo:
    info = tarfile.TarInfo("recording.json")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


def _bomb() -> bytes:
    return _zip_with(("recording.json", bytes(archives.MOST_BYTES + 1)))


def _gzip_bomb() -> bytes:
    return gzip.compress(bytes(2 * archives.MOST_BYTES + 2), compresslevel=1)


HEAD = b'{"schema": "hwdoctor.recording/1"'
BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing there": (lambda path: path / "none.json", "No such file"),
    "empty": (_write("m.json", b""), "the file is empty"),
    "blank": (_write("m.json", b" \n\n"), "the file is empty"),
    "half a document": (_write("m.json", HEAD + b',\n"system": "Dar'), "m.json:2: malformed"),
    "no JSON": (_write("m.json", b"hw.ncpu: 8\n"), "m.json:1: malformed"),
    "an array": (_write("m.json", b"[1, 2]"), "m.json:1: not a JSON object"),
    "no schema": (_write("m.json", b"{}"), "m.json:1: the schema is not stated"),
    "a foreign schema": (
        _write("m.json", b'{"a": 1,\n"schema": "sarif/2"}'),
        "m.json:2: the schema is 'sarif/2'",
    ),
    "a newer schema": (_write("m.json", b'{"schema": "hwdoctor.facts/9"}'), "hwdoctor.facts/9"),
    "a wrong type": (
        _write("m.json", HEAD + b',\n"commands": [{"argv": ["a"]},\n{"argv": [7]}]}'),
        "m.json:3: not a hwdoctor.recording/1",
    ),
    "not a number": (_write("m.json", HEAD + b', "load_average": NaN}'), "m.json:1: malformed"),
    "infinite": (_write("m.json", HEAD + b', "load_average": 1e999}'), "out of range"),
    "5000 digits": (_write("m.json", HEAD + b',\n"probes": {"a": ' + b"9" * 5000 + b"}}"), ":2:"),
    "deep": (
        _write("m.json", HEAD + b', "probes": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"),
        "m.json",
    ),
    "a lone surrogate": (_write("m.json", HEAD + b', "system": "\\ud800"}'), "m.json:1:"),
    "not UTF-8": (_write("m.json", HEAD + b', "system": "\xff"}'), "malformed"),
    "a directory of something else": (lambda path: path, "without recording.json"),
    "a path that climbs": (
        _write("m.json", HEAD + b',\n"files": [{"path": "/a",\n"file": "../../etc/passwd"}]}'),
        "m.json:3: '../../etc/passwd' is not a path inside",
    ),
    "an absolute path": (
        _write("m.json", HEAD + b', "commands": [{"argv": ["a"],\n"file": "/etc/passwd"}]}'),
        "m.json:2: '/etc/passwd' is not a path inside",
    ),
    "a Windows path": (
        _write("m.json", HEAD + b', "commands": [{"argv": ["a"], "file": "C:\\\\a"}]}'),
        "is not a path inside",
    ),
    "half a zip": (_write("m.zip", _zip_with(("recording.json", HEAD))[:-30]), "as an archive"),
    "a zip without a recording": (_write("m.zip", _zip_with(("a.txt", b"a"))), "no recording.json"),
    "a zip with two": (
        _write("m.zip", _zip_with(("a/recording.json", HEAD), ("b/recording.json", HEAD))),
        "more than one recording.json",
    ),
    "a zip that climbs": (
        _write("m.zip", _zip_with(("../a.txt", b"a"))),
        "'../a.txt' is not a path",
    ),
    "a zip with a link": (_write("m.zip", _zip_with_link()), "is a link"),
    "a zip bomb": (_write("m.zip", _bomb()), "more than 64 MiB"),
    "a tar with a link": (_write("m.tar.gz", _tar_with(_tar_link())), "not a plain file"),
    "a tar that climbs": (
        _write("m.tar.gz", _tar_with(tarfile.TarInfo("/etc/a"), b"a")),
        "is not a path inside",
    ),
    "a gzip of no tar": (_write("m.gz", gzip.compress(b"hello")), "as an archive"),
    "half a gzip": (_write("m.tar.gz", gzip.compress(b"hello")[:-9]), "as an archive"),
    "a gzip bomb": (_write("m.tar.gz", _gzip_bomb()), "more than 64 MiB"),
    "bad JSON in a zip": (
        _write("m.zip", _zip_with(("a/recording.json", HEAD + b"\n,"))),
        "m.zip: a/recording.json:2: malformed",
    ),
}


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.replace(" ", "-"))
def test_bad_input_is_one_line_that_names_the_file(case: str, tmp_path: Path) -> None:
    make, expected = BAD[case]
    with pytest.raises(UsageError) as raised:
        replay.load(make(tmp_path))
    message = str(raised.value)
    assert expected in message
    assert str(tmp_path) in message
    assert "\n" not in message
    assert len(message) < 400


def test_a_link_out_of_the_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root")
    directory = _directory(tmp_path)
    victim = min((directory / "files").iterdir())
    victim.unlink()
    victim.symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match="leads out of the recording"):
        replay.load(directory)


def test_a_pipe_in_place_of_a_recorded_file_is_not_waited_for(tmp_path: Path) -> None:
    directory = _directory(tmp_path)
    victim = min((directory / "files").iterdir())
    victim.unlink()
    os.mkfifo(victim)
    recording = replay.load(directory)
    assert isinstance(recording, Recording)
    assert recording.files[0].content is None


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    with pytest.raises(UsageError, match="more than 2 files"):
        replay.load(_zip(tmp_path))
    with pytest.raises(UsageError, match="too many"):
        replay.load(tmp_path / "recorded")


def test_a_directory_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replay, "write_atomically", fail)
    with pytest.raises(OSError, match="No space"):
        replay.write_directory(RECORDING, tmp_path / "recorded")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten_by_a_directory(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years")
    with pytest.raises(UsageError, match="is there already"):
        replay.write_directory(RECORDING, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years"


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    (tmp_path / "recorded").mkdir()
    assert replay.load(_directory(tmp_path)) == RECORDING


def test_recorded_names_do_not_decide_where_a_file_is_written(tmp_path: Path) -> None:
    evil = msgspec.structs.replace(
        RECORDING,
        files=(
            RecordedFile(path="../../../../tmp/evil", content="a"),
            RecordedFile(path="..", content="b"),
            RecordedFile(path="A" * 500, content="c"),
            RecordedFile(path="a" * 500, content="d"),
        ),
    )
    replay.write_directory(evil, tmp_path / "recorded")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recorded"]
    assert replay.load(tmp_path / "recorded") == evil


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    argv=st.lists(TEXT, max_size=3).map(tuple), stdout=st.none() | TEXT, content=st.none() | TEXT
)
def test_any_recording_survives_every_form(
    argv: tuple[str, ...],
    stdout: str | None,
    content: str | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    recording = Recording(
        commands=(RecordedCommand(argv=argv, stdout=stdout),),
        files=(RecordedFile(path="/a", content=content),),
    )
    path = tmp_path_factory.mktemp("forms")
    replay.write_directory(recording, path / "directory")
    replay.write_file(recording, path / "file.json")
    # UTF-16's mark at the beginning of a text is read as such; nothing else is touched.
    assert replay.load(path / "directory") == replay.load(path / "file.json") == recording


def _plain_tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:") as archive:
        info = tarfile.TarInfo("recording.json")
        info.size = len(encode(RECORDING))
        archive.addfile(info, io.BytesIO(encode(RECORDING)))
    return stream.getvalue()


# Without times in them: the same bytes in every run, so that a failure can be shrunk.
WHOLE = (
    encode(RECORDING),
    _zip_with((zipfile.ZipInfo("recording.json"), encode(RECORDING))),
    _plain_tar(),
    gzip.compress(_plain_tar(), mtime=0),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_archives_and_documents_raise_usage_errors_only(
    data: st.DataObject, tmp_path: Path
) -> None:
    content = bytearray(data.draw(st.sampled_from(WHOLE)))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    message = ""
    try:
        replay.load(path)
    except UsageError as error:
        message = str(error)
    assert "\n" not in message
