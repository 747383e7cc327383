"""Nothing that names a machine or a person gets into a recording or into facts."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hwdoctor.model import RecordedPython, Recording, decode, encode
from hwdoctor.probing import locate, privacy
from hwdoctor.probing.interpret import facts_of

HOST = locate.probe("probe_host")

SECRETS = {
    "C02XK1ABCDEF": '"serial_number" : "C02XK1ABCDEF",',
    "C02XK1ABCDEG": "      Serial Number (system): C02XK1ABCDEG",
    "0000000066564a8f": "Serial\t\t: 0000000066564a8f",
    "1234567890123": "\t\t<serial>1234567890123</serial>",
    "9876543210987": "    Serial Number                         : 9876543210987",
    "0x7f6a1b2c3d4e5f60": '{"card0": {"Unique ID": "0x7f6a1b2c3d4e5f60"}}',
    "PCB042817": '"Serial Number": "PCB042817"',
    "fd626d62": '"_spdisplays_display-serial-number" : "fd626d62"',
    "11111111-2222-3333-4444-555555555555": "kern.uuid: 11111111-2222-3333-4444-555555555555",
    "AAAAAAAA-2222-3333-4444-555555555555": "(UUID: GPU-AAAAAAAA-2222-3333-4444-555555555555)",
    "c5a5e7f1_2b3c_4d5e_8f90_0123456789ab": "0::/podc5a5e7f1_2b3c_4d5e_8f90_0123456789ab.slice",
    "00006000-001A2B3C4D5E6F70": "Provisioning UDID: 00006000-001A2B3C4D5E6F70",
    "00008103-001A2B3C4D5E6F71": "id 00008103-001A2B3C4D5E6F71",
    "de:ad:be:ef:00:01": "ether de:ad:be:ef:00:01",
    "a069621d350fd5f81aea908a768e68ba": "4:memory:/process/a069621d350fd5f81aea908a768e68ba",
    "alices-macbook-pro": "kern.hostname: alices-macbook-pro.local",
    "alice-a": "/home/alice-a/venv/lib",
    "alice-b": "/Users/alice-b/Library",
    "hunter2": "http://bob:hunter2@proxy:8080/",
    "builder-7": "Linux version 6.1 (root@builder-7) (gcc 12)",
    "/opt/secret-job": "<process_name>/opt/secret-job</process_name>",
    "4653155": " -InternalBattery-0 (id=4653155)\t100%; charged",
}
# What must come out as it went in.
HARMLESS = [
    "processor\t: 0\nmodel name\t: AMD EPYC 9654 96-Core Processor\nflags\t\t: fpu avx2 aes",
    '"number_processors" : "proc 8:4:4", "chip_type" : "Apple M1", "physical_memory" : "16 GB"',
    "hw.perflevel0.name: Performance\nhw.memsize: 34359738368\nmachdep.cpu.core_count: 12",
    "<fb_memory_usage><total>81559 MiB</total></fb_memory_usage><product_name>H100</product_name>",
    "00000000:01:00.0",
    "Mems_allowed:\t00000000,00000000,00000001",
    "Card series: 0x1002\nGFX Version: gfx90a",
    "cpu.cfs_quota_us",
    "Linux version 5.15.90.1-microsoft-standard-WSL2",
    "driver_version 535.104.05",
]


@pytest.fixture(scope="module")
def probe() -> ModuleType:
    """The probe as a module, to compare its functions with the package's."""
    spec = importlib.util.spec_from_file_location("probe_host", HOST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_its_surroundings(secret: str) -> None:
    masked = privacy.mask_text(f"before: 1\n{SECRETS[secret]}\nafter: 2\n")
    assert secret not in masked
    assert masked.startswith("before: 1\n")
    assert masked.endswith("\nafter: 2\n")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_identifies_nobody_is_left_alone(text: str) -> None:
    assert privacy.mask_text(text) == text


@pytest.mark.parametrize("text", [*SECRETS.values(), *HARMLESS])
def test_masking_twice_changes_nothing(text: str) -> None:
    once = privacy.mask_text(text)
    assert privacy.mask_text(once) == once


def test_masked_json_and_xml_can_still_be_parsed() -> None:
    text = '{"serial_number" : "C02", "platform_UUID" : "x", "provisioning_UDID":"y", "n": 1}'
    assert json.loads(privacy.mask_text(text))["n"] == 1
    assert privacy.mask_text("<uuid>GPU-1</uuid>") == "<uuid>MASKED</uuid>"


@pytest.mark.parametrize("text", [*SECRETS.values(), *HARMLESS])
def test_the_probe_masks_as_the_package_does(text: str, probe: ModuleType) -> None:
    assert probe.mask_text(text) == privacy.mask_text(text)
    for name in ("CUDA_VISIBLE_DEVICES", "JAX_TOKEN", "TPU_WORKER_HOSTNAMES"):
        assert probe.mask_variable(name, text) == privacy.mask_variable(name, text)


def test_the_probe_and_the_package_allow_the_same_variables(probe: ModuleType) -> None:
    assert probe.ALLOWED_NAMES == privacy.ALLOWED_NAMES
    assert probe.ALLOWED_PREFIXES == privacy.ALLOWED_PREFIXES


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("JAX_PLATFORMS", True),
        ("JAX_PLATFORM", True),
        ("XLA_PYTHON_CLIENT_PREALLOCATE", True),
        ("LD_LIBRARY_PATH", True),
        ("OMP_NUM_THREADS", True),
        ("TF_CPP_MIN_LOG_LEVEL", True),
        ("TF_CLI_CONFIG_FILE", False),
        ("HOME", False),
        ("AWS_SECRET_ACCESS_KEY", False),
        ("SSH_AUTH_SOCK", False),
        ("PYTHONSTARTUP", False),
    ],
)
def test_only_variables_that_matter_are_told(name: str, *, allowed: bool) -> None:
    assert privacy.allowed(name) is allowed


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("JAX_API_TOKEN", "abc", "MASKED"),
        ("TPU_WORKER_HOSTNAMES", "localhost", "localhost"),
        ("TPU_WORKER_HOSTNAMES", "t1v-n-1,t1v-n-2", "MASKED,MASKED"),
        ("JAX_COORDINATOR_ADDRESS", "10.0.0.7:1234", "MASKED"),
        ("CUDA_VISIBLE_DEVICES", "0,1", "0,1"),
        ("OMP_NUM_THREADS", "8", "8"),
    ],
)
def test_names_and_addresses_in_variables_are_masked(name: str, value: str, told: str) -> None:
    assert privacy.mask_variable(name, value) == told


def test_facts_of_a_careless_recording_hold_no_secret() -> None:
    careless = Recording(
        system="Linux",
        environment={
            "HOME": "/home/alice",
            "CUDA_VISIBLE_DEVICES": "GPU-AAAAAAAA-2222-3333-4444-555555555555",
            "PYTHONPATH": "/home/alice/src:/Users/alice/src",
            "JAX_TOKEN": "hunter2",
        },
        packages={"numpy": "2.0"},
        python=RecordedPython(version="3.11.7"),
    )
    text = encode(facts_of(careless)).decode()
    assert "alice" not in text
    assert "AAAAAAAA" not in text
    assert "hunter2" not in text
    assert "PYTHONPATH" in text


def record_as(environment: dict[str, str], path: str | None = None) -> Recording:
    complete = {**os.environ, **environment}
    if path is not None:
        complete["PATH"] = path
    done = subprocess.run(
        [sys.executable, str(HOST)], env=complete, capture_output=True, check=True
    )
    return decode(done.stdout, Recording, where="probe_host")


def test_a_live_recording_masks_user_home_and_host(tmp_path: Path) -> None:
    nodename = os.uname().nodename
    environment = {
        "USER": "alice_smith",
        "HOME": str(tmp_path),
        "PYTHONPATH": f"{tmp_path}/src:/home/bob/src:/data/alice_smith/x",
        "JAX_API_KEY": "hunter2",
        "UNRELATED": "not on the list",
    }
    recorded = record_as(environment)
    assert recorded.environment is not None
    assert recorded.environment["PYTHONPATH"] == "~/src:/home/MASKED/src:/data/MASKED/x"
    assert recorded.environment["JAX_API_KEY"] == "MASKED"
    text = encode(recorded).decode()
    assert "UNRELATED" not in text
    assert "hunter2" not in text
    assert len(nodename) < 3 or f" {nodename} " not in text


def test_a_live_recording_masks_what_commands_print(tmp_path: Path) -> None:
    fake = tmp_path / "nvidia-smi"
    uuid = "GPU-AAAAAAAA-2222-3333-4444-555555555555"
    fake.write_text(f"#!/bin/sh\necho '<gpu><serial>1234</serial><uuid>{uuid}</uuid></gpu>'\n")
    fake.chmod(0o755)
    recorded = record_as({}, path=f"{tmp_path}:{os.environ['PATH']}")
    outputs = [c.stdout for c in recorded.commands if c.argv[0] == "nvidia-smi"]
    assert outputs == ["<gpu><serial>MASKED</serial><uuid>MASKED</uuid></gpu>\n"]
