"""NVIDIA, AMD and TPU: forms that disagree, hostile documents, and what proves nothing."""

import pytest

from hwdoctor.model import Accelerator, RecordedCommand, RecordedDirectory, RecordedFile, Recording
from hwdoctor.probing.interpret import facts_of, nvidia_query, nvidia_xml
from tests.probing.machines import linux


def found(
    *outputs: tuple[str, str],
    files: dict[str, str] | None = None,
    entries: dict[str, tuple[str, ...]] | None = None,
    environment: dict[str, str] | None = None,
) -> tuple[Accelerator, ...] | None:
    return facts_of(
        Recording(
            system="Linux",
            commands=tuple(
                RecordedCommand(argv=tuple(how.split()), stdout=text) for how, text in outputs
            ),
            files=tuple(RecordedFile(path=p, content=text) for p, text in (files or {}).items()),
            directories=tuple(
                RecordedDirectory(path=path, entries=names)
                for path, names in (entries or {}).items()
            ),
            environment=environment,
        )
    ).accelerators


def pci(*devices: tuple[str, str, str]) -> dict[str, str]:
    return {
        f"/sys/bus/pci/devices/0000:00:{number:02x}.0/{name}": value
        for number, device in enumerate(devices)
        for name, value in zip(("vendor", "device", "class"), device, strict=True)
    }


LOG = (
    "<nvidia_smi_log><driver_version>535.54.03</driver_version><attached_gpus>1</attached_gpus>"
    '<gpu id="0"><product_name>{name}</product_name>'
    "<fb_memory_usage><total>{total}</total></fb_memory_usage></gpu></nvidia_smi_log>"
)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>',
        "<!doctype a [<!entity x 'y'>]>",
    ],
)
def test_a_log_that_declares_entities_is_refused(declaration: str) -> None:
    log = declaration + LOG.format(name="&x;", total="1 MiB")
    assert nvidia_xml.gpus(log) is None
    assert nvidia_xml.gpus(LOG.format(name="A", total="1 MiB")) is not None


def test_a_document_type_that_lies_elsewhere_is_not_fetched() -> None:
    doctype = '<!DOCTYPE nvidia_smi_log SYSTEM "http://192.0.2.1/nvsmi_device_v12.dtd">'
    gpus = nvidia_xml.gpus(doctype + LOG.format(name="NVIDIA A10G", total="23028 MiB"))
    assert gpus is not None
    assert gpus[0].name == "NVIDIA A10G"


def test_deep_nesting_ends_the_reading() -> None:
    log = LOG.replace("<product_name>", "<a>" * 100_000 + "<product_name>")
    gpus = nvidia_xml.gpus(log.format(name="A", total="1 MiB"))
    assert gpus is not None
    assert gpus[0].name is None


@pytest.mark.parametrize(
    "nothing", ["N/A", "[N/A]", "Not Supported", "[Not Supported]", "None", ""]
)
def test_what_a_driver_does_not_tell_is_unknown(nothing: str) -> None:
    gpus = nvidia_xml.gpus(LOG.format(name=nothing, total=nothing))
    assert gpus is not None
    assert (gpus[0].name, gpus[0].memory_bytes) == (None, None)


@pytest.mark.parametrize(
    ("query", "text", "memory"),
    [
        ("", "name, memory.total [MiB]\nA, 10 MiB\n", 10 << 20),
        ("", "name, memory.total [MiB]\nA, 10\n", 10 << 20),
        ("--query-gpu=name,memory.total", "A, 10 MiB\n", 10 << 20),
        ("--query-gpu name,memory.total", "A, 10\n", 10 << 20),
        ("--query-gpu=name,memory.total", "A, [N/A]\n", None),
    ],
)
def test_tables_with_and_without_header_and_units(
    query: str, text: str, memory: int | None
) -> None:
    gpus = nvidia_query.gpus(("nvidia-smi", *query.split()), text)
    assert gpus is not None
    assert (gpus[0].name, gpus[0].memory_bytes) == ("A", memory)


@pytest.mark.parametrize(
    "text",
    [
        "name, memory.total [MiB]\nA\n",
        "name, memory.total [MiB]\n",
        "pid, used_memory [MiB]\n1, 10 MiB\n",
        "Unable to determine the device handle for GPU 0000:3B:00.0: Unknown Error\n",
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
        "Failed to initialize NVML: Driver/library version mismatch\n",
        "bash: nvidia-smi: command not found\n",
        "",
    ],
)
def test_no_gpu_comes_of_what_is_no_table_of_gpus(text: str) -> None:
    assert found(("nvidia-smi --query-gpu=name,memory.total --format=csv", text)) is None


def test_forms_that_name_different_gpus_are_not_mixed() -> None:
    gpus = found(
        ("nvidia-smi -q -x", LOG.format(name="NVIDIA A10G", total="N/A")),
        ("nvidia-smi --query-gpu=name,memory.total --format=csv",
         "name, memory.total [MiB]\nTesla T4, 15360 MiB\n"),
    )  # fmt: skip
    assert gpus is not None
    assert [(gpu.name, gpu.memory_bytes) for gpu in gpus] in (
        [("NVIDIA A10G", None)],
        [("Tesla T4", 15360 << 20)],
    )


VIRTIO = ("0x1af4", "0x1000", "0x020000")


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ((VIRTIO,), ()),
        ((VIRTIO, ("0x8086", "0x9a49", "0x030000")), ()),
        ((VIRTIO, ("0x10de", "0x2330", "0x030200")), None),
        ((VIRTIO, ("0x10de", "0x1ad0", "0x060400")), None),
        ((VIRTIO, ("0x1002", "0x73df", "0x030000")), None),
        ((VIRTIO, ("0x1022", "0x1480", "0x060000")), ()),
        ((VIRTIO, ("0x1414", "0x008e", "0x030200")), None),
        ((VIRTIO, ("", "0x2330", "0x030200")), None),
        ((VIRTIO, ("0x1ae0", "0x0042", "0x020000")), ()),
    ],
    ids=["none", "intel", "nvidia", "nvidia-bridge", "amd", "amd-bridge", "wsl", "unread", "gvnic"],
)
def test_none_is_only_said_of_a_bus_that_can_hold_none(
    devices: tuple[tuple[str, str, str], ...], expected: tuple[Accelerator, ...] | None
) -> None:
    assert found(files=pci(*devices)) == expected


def test_without_a_list_of_devices_nothing_is_said() -> None:
    assert found() is None


@pytest.mark.parametrize(
    "line",
    [
        "0000:00:05.0 Processing accelerators [1200]: Google, Inc. Device [1ae0:0063] (rev 01)",
        "00:05.0 Processing accelerators [1200]: Google, Inc. Device [1ae0:0063]",
        "00:05.0 1200: 1ae0:0063",
    ],
)
def test_a_chip_that_lspci_names_is_there(line: str) -> None:
    network = "00:06.0 Ethernet controller [0200]: Google, Inc. Compute Engine [gVNIC] [1ae0:0042]"
    chips = found(("lspci -nn", f"{network}\n{line}\n"))
    assert chips is not None
    assert [chip.name for chip in chips] == ["TPU v5e"]
    assert found(("lspci -nn", network)) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("v5litepod-4", "TPU v5e"), ("v5p-8", "TPU v5p"), ("v6e-4", "TPU v6e"),
        ("v4-256", "TPU v4"), ("v3-8", "TPU v3"), ("tpu7x-8", "TPU7x"),
    ],
)  # fmt: skip
def test_device_files_and_environment_together_show_chips(kind: str, name: str) -> None:
    chips = found(
        entries={"/dev/vfio": ("vfio", "0", "1", "2", "3")},
        environment={"TPU_ACCELERATOR_TYPE": kind},
    )
    assert chips is not None
    assert [(chip.kind, chip.name) for chip in chips] == [("tpu", name)] * 4


@pytest.mark.parametrize(
    ("entries", "environment"),
    [
        ({}, {"TPU_ACCELERATOR_TYPE": "v5litepod-8"}),
        ({"/dev/vfio": ("vfio",)}, {"TPU_ACCELERATOR_TYPE": "v5litepod-8"}),
        ({"/dev/vfio": ("vfio", "0")}, {}),
        ({"/dev": ("accel0",)}, {"TPU_ACCELERATOR_TYPE": "h100-8"}),
        ({"/dev": ("accel0",)}, {}),
    ],
)
def test_settings_or_device_files_alone_prove_no_chip(
    entries: dict[str, tuple[str, ...]], environment: dict[str, str]
) -> None:
    assert found(entries=entries, environment=environment) is None


def test_a_bus_that_disagrees_with_tpu_info_is_believed() -> None:
    table = "| Chip | Type | Devices | PID |\n| /dev/vfio/0 | TPU v5e chip | 1 | N/A |\n"
    chips = found(("tpu-info", table), files=pci(*[("0x1ae0", "0x0063", "0x120000")] * 4))
    assert chips is not None
    assert len(chips) == 4


@pytest.mark.parametrize(
    "text",
    ["", "ERROR: No AMD driver", "{", '{"card0": 7}', '{"cards": {}}', "[" * 10_000, '{"a": NaN}'],
)
def test_no_amd_gpu_comes_of_an_unreadable_answer(text: str) -> None:
    assert found(("rocm-smi --showallinfo --json", text)) is None


def test_a_section_that_another_one_closes_tells_nothing() -> None:
    """With the lines between them gone, another memory's total stands in the GPU's own section."""
    text = (
        "<nvidia_smi_log><driver_version>550.54</driver_version><gpu>"
        "<product_name>NVIDIA L4</product_name><fb_memory_usage>"
        "<total>32768 MiB</total></bar1_memory_usage></gpu></nvidia_smi_log>"
    )
    gpus = nvidia_xml.gpus(text)
    assert gpus is not None
    assert [(gpu.name, gpu.memory_bytes, gpu.driver) for gpu in gpus] == [
        ("NVIDIA L4", None, "550.54")
    ]


def test_the_drivers_own_files_name_a_gpu_that_nvidia_smi_cannot_show() -> None:
    files = {
        "/proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA L4\nIRQ: 1\n",
        "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64"
        "  580.95.05  Release Build\n",
    }
    failed = "Failed to initialize NVML: Driver/library mismatch\n"
    shown = linux(files, {("nvidia-smi", "-q", "-x"): failed}).accelerators
    assert shown is not None
    assert [(gpu.name, gpu.driver, gpu.memory_bytes) for gpu in shown] == [
        ("NVIDIA L4", "580.95.05", None)
    ]


def test_a_folder_of_unnamed_gpus_does_not_say_that_there_is_none() -> None:
    files = {"/proc/driver/nvidia/gpus/0000:01:00.0/information": "IRQ: 1\n"}
    assert linux(files).accelerators is None
