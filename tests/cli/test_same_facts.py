"""One machine, one set of facts: live, recorded in any form, piped; and no name in any of it."""

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwdoctor.model import RecordedCommand, RecordedFile, Recording, encode
from hwdoctor.probing import locate

Call = Callable[..., Any]

PROGRAM = (sys.executable, "-m", "hwdoctor")
FLUCTUATING = re.compile(rb'"(available_bytes|swap_used_bytes|load_average)": [^,\n]+')


def output_of(*argv: str, **options: Any) -> bytes:
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, **options)
    return bytes(done.stdout)


def facts_from(path: Path) -> bytes:
    return output_of(*PROGRAM, "hardware", "--format", "json", "--from", str(path))


def steady(document: bytes) -> bytes:
    """The document less the values that are others a moment later."""
    return FLUCTUATING.sub(rb'"\1": 0', document)


# ---- the same facts in every form ----


@pytest.fixture(scope="module")
def live() -> bytes:
    return steady(output_of(*PROGRAM, "hardware", "--format", "json"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This machine as `hwdoctor record` writes it, in a directory."""
    directory = tmp_path_factory.mktemp("recorded") / "here"
    output_of(*PROGRAM, "record", str(directory))
    return directory


def one_file(_recorded: Path, folder: Path) -> Path:
    output_of(*PROGRAM, "record", str(folder / "here.json"))
    return folder / "here.json"


def piped(_recorded: Path, folder: Path) -> Path:
    """As over ssh: `python3 - < probe_host.py > machine.json`."""
    with locate.probe("probe_host").open("rb") as program:
        document = output_of(sys.executable, "-", stdin=program, cwd=folder)
    (folder / "machine.json").write_bytes(document)
    return folder / "machine.json"


def zipped(recorded: Path, folder: Path) -> Path:
    with zipfile.ZipFile(folder / "here.zip", "w") as archive:
        for file in sorted(path for path in recorded.rglob("*") if path.is_file()):
            archive.write(file, str(file.relative_to(recorded.parent)))
    return folder / "here.zip"


def tarred(recorded: Path, folder: Path) -> Path:
    with tarfile.open(folder / "here.tar.gz", "w:gz") as archive:
        archive.add(recorded, arcname="here")
    return folder / "here.tar.gz"


def saved_facts(recorded: Path, folder: Path) -> Path:
    (folder / "facts.json").write_bytes(facts_from(recorded))
    return folder / "facts.json"


def saved_check(recorded: Path, folder: Path) -> Path:
    target = folder / "check.json"
    check = ("check", "--from", str(recorded), "--format", "json", "--fail-on", "never")
    subprocess.run([*PROGRAM, *check, "-o", str(target)], check=False)
    return target


@pytest.mark.parametrize(
    "form",
    [one_file, piped, zipped, tarred, saved_facts, saved_check],
    ids=lambda form: form.__name__,
)
def test_every_form_holds_the_facts_of_the_live_machine_byte_for_byte(
    form: Callable[[Path, Path], Path], recorded: Path, live: bytes, tmp_path: Path
) -> None:
    assert steady(facts_from(form(recorded, tmp_path))) == live


def test_a_directory_holds_the_facts_of_the_live_machine_byte_for_byte(
    recorded: Path, live: bytes
) -> None:
    assert steady(facts_from(recorded)) == live


def test_the_comparison_sees_a_single_other_value(recorded: Path, live: bytes) -> None:
    """The planted fault: one number of one file is another one."""
    document = json.loads(facts_from(recorded))
    document["cpu"]["logical_cores"] += 1
    other = json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    assert steady(other) != live


# ---- no name of anything in any output ----

SECRETS = (
    *("C02XK1ABCDEF", "FVFXK9SECRET", "AAAAAAAA-2222-3333-4444-555555555555", "alices-mac"),
    *("00008103-001A2B3C4D5E6F71", "alice", "hunter2", "ghp_secrettoken", "10.128.0.17"),
    *("GPU-BBBBBBBB-2222-3333-4444-555555555555", "0123456789012", "de:ad:be:ef:00:01"),
)
"""What the recordings below hold; nobody masked them, as in a bug report made by hand."""

MAC = Recording(
    system="Darwin",
    machine="arm64",
    commands=(
        RecordedCommand(
            argv=("system_profiler", "-json", "SPHardwareDataType", "SPDisplaysDataType"),
            stdout='{"SPHardwareDataType": [{"chip_type": "Apple M2 Max",'
            ' "number_processors": "proc 12:8:4", "serial_number": "C02XK1ABCDEF",'
            ' "platform_UUID": "AAAAAAAA-2222-3333-4444-555555555555",'
            ' "provisioning_UDID": "00008103-001A2B3C4D5E6F71"}],'
            ' "SPDisplaysDataType": [{"sppci_model": "Apple M2 Max", "sppci_cores": "38",'
            ' "_spdisplays_display-serial-number": "FVFXK9SECRET"}]}',
        ),
        RecordedCommand(
            argv=("sysctl", "-a"),
            stdout="kern.hostname: alices-mac.local\nhw.memsize: 34359738368\n"
            "kern.uuid: AAAAAAAA-2222-3333-4444-555555555555\n"
            "machdep.cpu.brand_string: Apple M2 Max\n",
        ),
        RecordedCommand(argv=("sw_vers",), stdout="ProductVersion:\t15.5\n"),
    ),
    environment={
        "JAX_PLATFORMS": "cpu",
        "VIRTUAL_ENV": "/Users/alice/venv",
        "XLA_FLAGS": "--xla_dump_to=/Users/alice/dump",
        "JAX_TOKEN": "ghp_secrettoken",
        "USER": "alice",
        "HOSTNAME": "alices-mac",
    },
    packages={"jax": "0.4.20"},
)
SERVER = Recording(
    system="Linux",
    machine="x86_64",
    commands=(
        RecordedCommand(
            argv=("nvidia-smi", "-q", "-x"),
            stdout="<nvidia_smi_log><driver_version>550.54</driver_version><gpu>"
            "<product_name>NVIDIA A100-SXM4-80GB</product_name><serial>0123456789012</serial>"
            "<uuid>GPU-BBBBBBBB-2222-3333-4444-555555555555</uuid>"
            "<fb_memory_usage><total>81920 MiB</total></fb_memory_usage>"
            "<processes><process_info><process_name>/home/alice/train</process_name>"
            "</process_info></processes></gpu></nvidia_smi_log>",
        ),
        RecordedCommand(
            argv=("bash",),
            stdout="alice@alices-mac:~$ uname -a\nLinux alices-mac 6.1.0-18-amd64 #1 SMP x86_64\n"
            "alice@alices-mac:~$ hostnamectl\n   Static hostname: alices-mac\n"
            "        Machine ID: AAAAAAAA222233334444555555555555\n  Virtualization: kvm\n"
            "alice@alices-mac:~$ sudo dmesg\n[ 0.0] Linux version 6.1.0 (alice@alices-mac)\n"
            "[ 0.0] DMI: C02XK1ABCDEF alices-mac/alice, BIOS alice\n"
            "alice@alices-mac:~$ ls -l /dev/accel0\ncrw------- 1 alice alice 1, 0 /dev/accel0\n",
        ),
    ),
    files=(
        RecordedFile(path="/proc/cpuinfo", content="processor: 0\nSerial: C02XK1ABCDEF\n"),
        RecordedFile(path="/proc/version", content="Linux version 6.1 (alice@alices-mac)\n"),
        RecordedFile(path="/etc/os-release", content='PRETTY_NAME="Debian 12"\n'),
        RecordedFile(path="/sys/class/dmi/id/product_serial", content="C02XK1ABCDEF\n"),
    ),
    environment={
        "TPU_WORKER_HOSTNAMES": "10.128.0.17,alices-mac",
        "LD_LIBRARY_PATH": "/home/alice/lib:http://bob:hunter2@proxy",
        "CUDA_VISIBLE_DEVICES": "GPU-BBBBBBBB-2222-3333-4444-555555555555",
        "NVIDIA_MAC": "de:ad:be:ef:00:01",
    },
)

HARDWARE_FORMS = ("console", "markdown", "json")
CHECK_FORMS = ("console", "markdown", "json", "junit", "sarif", "github")


@pytest.mark.parametrize("recording", [MAC, SERVER], ids=["mac", "server"])
@pytest.mark.parametrize(
    ("command", "form"),
    [
        *(("hardware", form) for form in HARDWARE_FORMS),
        *(("check", form) for form in CHECK_FORMS),
    ],
)
def test_no_output_names_a_machine_or_a_person(
    recording: Recording, command: str, form: str, call: Call, tmp_path: Path
) -> None:
    path = tmp_path / "machine.json"
    path.write_bytes(encode(recording))
    called = call(command, "--from", str(path), "--format", form)
    assert called.code in (0, 1, 3)
    shown = called.out.replace(str(tmp_path), "")
    assert shown
    assert [secret for secret in SECRETS if secret in shown] == []


def test_the_recordings_do_hold_every_secret() -> None:
    """The planted faults: the test above would pass over recordings without secrets, too."""
    held = (encode(MAC) + encode(SERVER)).decode()
    assert [secret for secret in SECRETS if secret not in held] == []
