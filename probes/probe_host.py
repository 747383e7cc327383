"""Prints what this machine says of itself: one recording, nothing interpreted.

    python3 probe_host.py > machine.json
    ssh far-machine python3 - < probe_host.py > machine.json

Raw outputs of the canonical commands and files, read concurrently, each with its own time limit.
Serial numbers, UUIDs, host, user and home names and tokens are masked in here, before anything
is written anywhere. Nothing is changed on the machine, nothing needs root, nothing is guessed:
what cannot be read is left out. Contract: README.md beside this file.
"""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import traceback

# ---- envelope: the same lines in every probe; a test compares them ----


def option(name, default=None):
    """The value after an option on the command line."""
    words = sys.argv[1:]
    return words[words.index(name) + 1] if name in words[:-1] else default


class Report:
    """Where the answer goes: JSON lines on the descriptor `--fd`, or one object on stdout."""

    def __init__(self):
        self.lines = option("--fd") is not None
        if self.lines:
            self.fd = int(option("--fd"))
            die_with_parent()
        else:
            # Whatever else prints to stdout, C libraries included, goes to stderr instead.
            sys.stdout.flush()
            self.fd = os.dup(1)
            os.dup2(2, 1)

    def stage(self, name):
        """Say what comes next, so that a death in it can be blamed on it."""
        if self.lines:
            self.write({"stage": name})

    def write(self, message):
        data = json.dumps(message, allow_nan=False).encode("utf-8") + b"\n"
        while data:
            data = data[os.write(self.fd, data) :]


def die_with_parent():
    """On Linux: a killed supervisor takes its probes with it."""
    if sys.platform == "linux":
        try:
            import ctypes

            ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
        except Exception:
            return


def run(examine):
    """Call `examine(report)` and write its answer, or how it failed; always exit status 0."""
    report = Report()
    try:
        answer = examine(report)
    except BaseException as error:
        traceback.print_exc()
        detail = "".join(traceback.format_exception_only(type(error), error)).strip()
        answer = {"status": "error", "detail": detail[-2000:]}
    report.write(answer)


# ---- end of the envelope ----

# The options exist for tests: commands that hang, and commands of another system.
COMMAND_SECONDS = float(option("--command-seconds", "10"))
SYSTEM = option("--system", os.uname().sysname)
MOST_BYTES = 4 * 1024 * 1024

COMMANDS = {
    "Linux": [
        ["lscpu", "--json"],
        ["nvidia-smi", "-q", "-x"],
        ["rocm-smi", "--showallinfo", "--json"],
        ["amd-smi", "static", "--asic", "--vram", "--driver", "--json"],
    ],
    "Darwin": [
        ["sysctl", "-a"],
        ["system_profiler", "-json", "SPHardwareDataType", "SPDisplaysDataType"],
        ["ioreg", "-rc", "AGXAccelerator", "-d", "1"],
        ["sw_vers"],
        ["pmset", "-g"],
        ["pmset", "-g", "therm"],
        ["pmset", "-g", "batt"],
        ["vm_stat"],
        ["memory_pressure", "-Q"],
    ],
}

FILES = [
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/self/cgroup",
    "/proc/self/cpuset",
    "/proc/self/status",
    "/proc/version",
    "/proc/loadavg",
    "/proc/2/comm",
    "/proc/device-tree/model",
    "/proc/device-tree/compatible",
    "/proc/device-tree/hypervisor/compatible",
    "/proc/driver/nvidia/version",
    "/proc/driver/nvidia/gpus/*/information",
    "/.dockerenv",
    "/run/.containerenv",
    "/run/systemd/container",
    "/etc/os-release",
    "/sys/hypervisor/type",
    "/sys/class/dmi/id/sys_vendor",
    "/sys/class/dmi/id/product_name",
    "/sys/class/dmi/id/product_family",
    "/sys/class/dmi/id/bios_vendor",
    "/sys/class/dmi/id/chassis_type",
    "/sys/class/power_supply/*/type",
    "/sys/class/power_supply/*/online",
    "/sys/class/power_supply/*/status",
    "/sys/devices/cpu_core/cpus",
    "/sys/devices/cpu_atom/cpus",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/possible",
    "/sys/devices/system/cpu/present",
    "/sys/devices/system/cpu/smt/control",
    "/sys/devices/system/cpu/cpu[0-9]*/cpu_capacity",
    "/sys/devices/system/cpu/cpu[0-9]*/topology/core_id",
    "/sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id",
    "/sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list",
    "/sys/devices/system/cpu/cpu0/cache/index*/level",
    "/sys/devices/system/cpu/cpu0/cache/index*/type",
    "/sys/devices/system/cpu/cpu0/cache/index*/size",
    "/sys/devices/system/cpu/cpu0/cache/index*/shared_cpu_list",
    "/sys/devices/system/cpu/cpufreq/policy*/affected_cpus",
    "/sys/devices/system/cpu/cpufreq/policy*/base_frequency",
    "/sys/devices/system/cpu/cpufreq/policy*/cpuinfo_max_freq",
    "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor",
    "/sys/devices/system/node/online",
    "/sys/devices/system/node/has_cpu",
]

# Files that say something by being there; what they hold is nobody's business.
ONLY_PRESENCE = {"/.dockerenv", "/run/.containerenv"}

CGROUP_FILES = {
    "": ["cpu.max", "cpuset.cpus.effective", "memory.max", "memory.high"],
    "cpu": ["cpu.cfs_quota_us", "cpu.cfs_period_us"],
    "cpuset": ["cpuset.cpus", "cpuset.effective_cpus"],
    "memory": ["memory.limit_in_bytes"],
}

DIRECTORIES = {
    "/dev": re.compile(r"^(accel\d*|vfio|nvidia\d+|nvidiactl|kfd|dri|dxg|apex_\d+)$"),
    "/dev/vfio": re.compile(r"^(\d+|vfio|devices)$"),
    "/dev/accel": re.compile(r"^accel\d+$"),
    "/sys/bus/pci/devices": re.compile(r"^[0-9a-f:.]+$"),
    "/var/run/secrets/kubernetes.io": re.compile(r"^serviceaccount$"),
}

PCI_FILES = ["device", "subsystem_vendor", "subsystem_device"]
PCI_GOOGLE = "0x1ae0"
PCI_CLASSES = ("0x03", "0x12")  # display controllers, processing accelerators

# ---- privacy: the same values as in hwdoctor.probing.privacy; a test compares them ----

ALLOWED_PREFIXES = (
    "JAX", "XLA", "LIBTPU", "TPU_", "PJRT", "ENABLE_PJRT", "PYTORCH", "TORCH", "CUDA", "NVIDIA_",
    "HIP_", "ROCR_", "ROCM_", "HSA_", "MLX", "METAL", "MTL_", "OMP_", "KMP_", "GOMP_", "MKL_",
    "OPENBLAS", "BLIS_", "VECLIB_", "NUMBA", "NUMEXPR", "DYLD_", "TF_CPP", "TF_XLA", "TF_FORCE",
    "TF_GPU", "TF_ENABLE", "TF_NUM", "TF_METAL", "TF_USE",
)  # fmt: skip
ALLOWED_NAMES = {
    "PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONWARNINGS", "PYTHONMALLOC",
    "PYTHONSAFEPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "VIRTUAL_ENV", "CONDA_PREFIX",
    "MALLOC_ARENA_MAX", "ACCELERATOR_TYPE",
}  # fmt: skip

MASK = "MASKED"

SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE", re.IGNORECASE
)
NETWORK_NAME = re.compile(r"HOSTNAME|ADDRESS|_HOST$|_IP$|_URL$|TPU_NAME|_PROJECT|_BUCKET|_USER$")

# What is recognised by its form alone.
ID_PATTERNS = [
    (re.compile(r"[0-9A-Fa-f]{8}([-_])(?:[0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}"), MASK),
    (re.compile(r"\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}\b"), MASK),
    (re.compile(r"(?<![0-9A-Za-z:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Za-z:])"), MASK),
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])"), MASK),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), MASK),
    (re.compile(r"/(home|Users)/(?!Shared\b)[^/\s:\"',;<>]+"), r"/\1/" + MASK),
]
# What is recognised by the name that stands before it, in text, JSON, XML and sysctl form.
KEYED_ID = (
    r"[^\n\"<>:=]*(?:serial[ _-]?(?:number|no|num)?|uuid|udid|unique[ _]id|guid|asset[ _]tag"
    r"|host[ _]?name|domain[ _]?name|computer[ _]name|user[ _]name|boot[ _]volume"
    r"|mac[ _]address|edid|process[ _]name)[^\n\"<>:=]*"
)
KEYED_PATTERNS = [
    (re.compile(r"(?im)^(" + KEYED_ID + r"[:=][ \t]*)(\S[^\n]*)$"), r"\1" + MASK),
    (re.compile(r"(?i)(\"" + KEYED_ID + r"\"\s*[:=]\s*)(\"[^\"\n]*\"|<[^>\n]*>|\d+)"),
     r'\1"' + MASK + '"'),
    (re.compile(r"(?i)<((?:[a-z_]*serial|[a-z_]*uuid|process_name|[a-z_]*guid))>[^<\n]*</\1>"),
     r"<\1>" + MASK + r"</\1>"),
    # `Linux version 6.1 (who@where)`: whoever built the kernel.
    (re.compile(r"\([\w.+-]+@[\w.-]+\)"), "(" + MASK + ")"),
    (re.compile(r"(?m)^( -InternalBattery-\d+ )\(id=\d+\)"), r"\1(id=" + MASK + ")"),
]  # fmt: skip


def allowed(name):
    """Whether an environment variable may be told at all."""
    return name in ALLOWED_NAMES or name.upper().startswith(ALLOWED_PREFIXES)


def mask_text(text):
    """The text without what identifies one machine or one person."""
    for pattern, replacement in KEYED_PATTERNS + ID_PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def mask_variable(name, value):
    """The value of an environment variable without secrets, names and addresses."""
    if SECRET_NAME.search(name):
        return MASK
    if NETWORK_NAME.search(name):
        return ",".join(
            part if part in ("", "localhost", "127.0.0.1") else MASK for part in value.split(",")
        )
    return mask_text(value)


# ---- end of privacy ----

# Names so common that replacing them would garble the text and protect nobody.
COMMON_NAMES = {
    "root", "user", "users", "admin", "runner", "ubuntu", "debian", "fedora", "centos", "docker",
    "jovyan", "vagrant", "test", "guest", "default", "nobody", "apple", "intel", "nvidia", "linux",
    "darwin", "python", "system", "server", "localhost", "macbook", "build", "cpu", "gpu", "tpu",
    "max", "pro", "ultra", "mac", "air", "studio", "none", "unknown", "amd", "arm", "core", "home",
}  # fmt: skip


def personal_patterns():
    """This user's home, name and host name, as patterns to mask."""
    import pwd

    names = {os.environ.get("USER"), os.environ.get("LOGNAME"), os.uname().nodename}
    homes = {os.path.expanduser("~")}
    try:
        entry = pwd.getpwuid(os.getuid())
        names.add(entry.pw_name)
        names.add(entry.pw_gecos.split(",")[0])
        homes.add(entry.pw_dir)
    except KeyError:
        pass
    homes = sorted(home for home in homes if len(home) > 2 and home.startswith("/"))
    patterns = [(re.compile(re.escape(home) + r"(?![\w.-])"), "~") for home in homes]
    names |= {name.split(".")[0] for name in names if name}
    names = {name for name in names if name and len(name) > 2 and not name.isdigit()}
    return patterns + [
        (re.compile(r"(?<![\w.-])" + re.escape(name) + r"(?![\w-])"), MASK)
        for name in sorted(names, key=len, reverse=True)
        if name.lower() not in COMMON_NAMES
    ]


class Recorder:
    """Collects what can be read; everything passes through `mask`."""

    def __init__(self):
        self.personal = personal_patterns()
        self.commands = []
        self.files = []
        self.directories = []

    def mask(self, text):
        text = text.encode("utf-8", errors="replace").decode("utf-8")
        for pattern, replacement in self.personal:
            text = pattern.sub(replacement, text)
        return mask_text(text)

    def read(self, path):
        """Record one file; returns its content as it was, or None."""
        try:
            with open(path, "rb") as file:
                content = file.read(MOST_BYTES).decode("utf-8", errors="replace")
        except OSError:
            return None
        kept = "" if path in ONLY_PRESENCE else self.mask(content)
        self.files.append({"path": self.mask(path), "content": kept})
        return content

    def list(self, path, wanted):
        """Record which of the interesting names a directory holds."""
        try:
            names = os.listdir(path)
        except OSError:
            return []
        names = sorted(name for name in names if wanted.match(name))
        self.directories.append({"path": path, "entries": names})
        return names

    def run(self, argv, place):
        """Record what one command prints; `place` keeps the order independent of timing."""
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=dict(os.environ, LC_ALL="C"),
            )
        except OSError:
            return
        try:
            stdout = process.communicate(timeout=COMMAND_SECONDS)[0]
        except subprocess.TimeoutExpired:
            stdout = b""
            end(process)
        text = stdout[:MOST_BYTES].decode("utf-8", errors="replace")
        recorded = {"argv": argv, "stdout": self.mask(text), "returncode": process.returncode}
        self.commands.append((place, recorded))


def end(process):
    """Kill a command that hangs; one that cannot be killed is left to the system."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait(timeout=1.0)
    except (OSError, subprocess.TimeoutExpired):
        return


def start_commands(recorder):
    """Start every canonical command that is on the PATH, each in a thread."""
    threads = []
    for place, argv in enumerate(COMMANDS.get(SYSTEM, [])):
        if any(
            os.access(os.path.join(folder, argv[0]), os.X_OK)
            for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        ):
            threads.append(threading.Thread(target=recorder.run, args=(argv, place), daemon=True))
            threads[-1].start()
    return threads


def read_files(recorder):
    """The fixed files, then the PCI devices that may compute."""
    for pattern in FILES:
        paths = [pattern]
        if "*" in pattern:
            paths = sorted(glob.glob(pattern), key=lambda path: (len(path), path))
        for path in paths:
            recorder.read(path)
    for path, wanted in DIRECTORIES.items():
        names = recorder.list(path, wanted)
        if path == "/sys/bus/pci/devices":
            read_pci(recorder, path, names)


def read_pci(recorder, folder, names):
    """What every device is, and which one it is where it may compute."""
    for name in names:
        device = folder + "/" + name
        kind = recorder.read(device + "/class") or ""
        vendor = recorder.read(device + "/vendor") or ""
        if kind.startswith(PCI_CLASSES) or vendor.strip() == PCI_GOOGLE:
            for file_name in PCI_FILES:
                recorder.read(device + "/" + file_name)


def read_cgroups(recorder):
    """The limits at this process's own cgroups and at all their parents."""
    try:
        with open("/proc/self/cgroup") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        wanted = [f for c in controllers.split(",") for f in CGROUP_FILES.get(c, [])]
        for mount in cgroup_mounts(controllers):
            for folder in folders_up(path):
                for name in wanted:
                    recorder.read(mount + folder + "/" + name)


def cgroup_mounts(controllers):
    """Where a hierarchy is mounted: by its controllers (version 1), or whole (version 2)."""
    names = [controllers, *controllers.split(","), ",".join(reversed(controllers.split(",")))]
    candidates = ["/sys/fs/cgroup/" + name for name in names if name]
    if not controllers:
        candidates = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
    found = []
    for candidate in candidates:
        # cpu and cpu,cpuacct are one directory under two names.
        real = os.path.realpath(candidate)
        if os.path.isdir(candidate) and real not in [os.path.realpath(path) for path in found]:
            found.append(candidate)
    return found[:1]


def folders_up(path):
    """`/a/b` gives `/a/b`, `/a` and the root, which is the empty string."""
    parts = [part for part in path.split("/") if part]
    if ".." in parts:
        parts = []
    return ["".join("/" + part for part in parts[:count]) for count in range(len(parts), -1, -1)]


def environment(recorder):
    """The variables on the allow-list."""
    return {
        name: recorder.mask(mask_variable(name, value))
        for name, value in sorted(os.environ.items())
        if allowed(name)
    }


# ---- interpreter: the same lines in probe_host and probe_python; a test compares them ----

DISTRIBUTION = re.compile(
    r"^([A-Za-z0-9._-]+?)-([0-9A-Za-z.+!_]+)(?:-py[\d.]+)?\.(?:dist|egg)-info$"
)


def distributions():
    """Name, version and folder of what is installed; the first on the path counts.

    Read off the names of the folders: opening every METADATA file takes ten times as long.
    """
    found = {}
    for folder in sys.path:
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        for entry in names:
            match = DISTRIBUTION.match(entry)
            path = os.path.join(folder, entry)
            if match and any(
                os.path.exists(os.path.join(path, name)) for name in ("METADATA", "PKG-INFO")
            ):
                name = re.sub(r"[-_.]+", "-", match.group(1)).lower()
                found.setdefault(name, (match.group(2), path))
    return found


def jax_plugins(found):
    """What registers as a JAX plugin: entry points, and modules in the shared namespace."""
    names = set()
    for _, path in found.values():
        try:
            with open(os.path.join(path, "entry_points.txt"), encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError):
            continue
        section = re.search(r"^\[jax_plugins\]$(.*?)(?:^\[|\Z)", text, re.MULTILINE | re.DOTALL)
        if section:
            names.update(re.findall(r"^\s*([\w.-]+)\s*=", section.group(1), re.MULTILINE))
    for folder in sys.path:
        for entry in glob.glob(os.path.join(glob.escape(folder), "jax_plugins", "*", "")):
            name = os.path.basename(entry.rstrip("/"))
            if not name.startswith("_"):
                names.add(name)
    return sorted(names)


def importable():
    """Which backends an import would find, and in which file; none is imported."""
    from importlib.machinery import PathFinder

    found = {}
    for name in ("numpy", "numba", "jax", "torch", "mlx"):
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None and spec.origin is not None:
            found[name] = spec.origin
    return found


def direct_url(info):
    """Where a distribution came from, if it did not come from an index."""
    try:
        with open(os.path.join(info, "direct_url.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def local_builds(found):
    """Backends that were built from source here: a folder, a repository or a source archive."""
    built = []
    for name in ("numpy", "numba", "jax", "jaxlib", "torch", "mlx"):
        origin = direct_url(found[name][1]) if name in found else {}
        if isinstance(origin, dict) and origin:
            wheel = str(origin.get("url", "")).endswith(".whl")
            if "dir_info" in origin or "vcs_info" in origin or not wheel:
                built.append(name)
    return built


def shadowed(found, modules):
    """Backends of which an import finds another module than the installed distribution."""
    names = []
    for name, origin in sorted(modules.items()):
        if name not in found:
            continue
        info = found[name][1]
        if name in local_builds(found) or info.endswith(".egg-info"):
            continue  # an editable install lies elsewhere on purpose
        root = os.path.dirname(os.path.dirname(os.path.realpath(origin)))
        if root != os.path.realpath(os.path.dirname(info)):
            names.append(name)
    return names


COMPILED = {
    "jaxlib": "jaxlib", "llvmlite": "llvmlite", "ml-dtypes": "ml_dtypes", "mlx": "mlx",
    "numba": "numba", "numpy": "numpy", "scipy": "scipy", "torch": "torch",
}  # fmt: skip
ELF_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 0xF3: "riscv64"}
MACH_O_MACHINES = {7: "x86_64", 12: "arm64"}  # without the bit that says 64 bits
MOST_FOLDERS = 40


def architectures(found):
    """By distribution, what the first of its compiled modules was built for."""
    built = {}
    for name, module in COMPILED.items():
        if name in found:
            path = first_native(os.path.join(os.path.dirname(found[name][1]), module))
            if path is not None:
                built[name] = built_for(path)
    return built


def first_native(folder):
    """The first shared object in a package, looked for near its root."""
    for count, (where, folders, names) in enumerate(os.walk(folder)):
        folders[:] = sorted(n for n in folders if n not in ("__pycache__", "tests", "include"))
        for name in sorted(names):
            if name.endswith((".so", ".dylib")) and not os.path.islink(os.path.join(where, name)):
                return os.path.join(where, name)
        if count >= MOST_FOLDERS:
            return None
    return None


def built_for(path):
    """The architectures in the head of a shared object; empty if it cannot be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(256)
    except OSError:
        return []
    kinds, known = [], MACH_O_MACHINES
    if head[:4] == b"\x7fELF":
        order = "little" if head[5:6] == b"\x01" else "big"
        kinds, known = [int.from_bytes(head[18:20], order)], ELF_MACHINES
    elif head[:4] == b"\xcf\xfa\xed\xfe":
        kinds = [int.from_bytes(head[4:7], "little")]
    elif head[:4] == b"\xca\xfe\xba\xbe":  # several of them in one file
        count = min(int.from_bytes(head[4:8], "big"), 8)
        kinds = [int.from_bytes(head[9 + 20 * n : 12 + 20 * n], "big") for n in range(count)]
    return [known[kind] for kind in kinds if kind in known]


XLA_LIBRARIES = (
    "jaxlib/*.so", "jaxlib/*.dylib", "jax_plugins/*/*.so", "jax_plugins/*/*.dylib",
    "jax_cuda*_plugin/*.so", "jax_rocm*_plugin/*.so", "libtpu/*.so",
)  # fmt: skip


def absent_flags(found):
    """Flags in XLA_FLAGS that no library of JAX and its plugins knows; None: nobody looked.

    A library holds the name of every flag that it knows, ended by a zero byte.
    """
    names = re.findall(r"(?:^|\s)--([A-Za-z0-9_]+)", os.environ.get("XLA_FLAGS", ""))
    if not names or "jaxlib" not in found:
        return None
    site = os.path.dirname(found["jaxlib"][1])
    libraries = [
        path for pattern in XLA_LIBRARIES for path in glob.glob(os.path.join(site, pattern))
    ]
    absent = set(names)
    for path in libraries:
        absent -= {name for name in absent if holds(path, name.encode() + b"\0")}
    return sorted(absent) if libraries else None


def holds(path, text):
    """Whether a file holds some bytes; one that cannot be read might."""
    import mmap

    try:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return os.path.exists(path) and os.path.getsize(path) > 0
    try:
        return content.find(text) >= 0
    finally:
        content.close()


def believed_macos():
    """The release of macOS as this interpreter sees it: built with an old SDK, it sees 10.16."""
    if sys.platform != "darwin":
        return None
    import platform

    return platform.mac_ver()[0] or None


def interpreter():
    """The interpreter that runs this, and what is installed for it."""
    found = distributions()
    python = {
        "version": ".".join(str(part) for part in sys.version_info[:3]),
        "implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(
            sys.implementation.name, sys.implementation.name
        ),
        "machine": os.uname().machine,
        "virtual_environment": sys.prefix != getattr(sys, "base_prefix", sys.prefix),
        "jax_plugins": jax_plugins(found),
        "macos": believed_macos(),
        "architectures": architectures(found),
        "shadowed": shadowed(found, importable()),
        "local_builds": local_builds(found),
        "absent_xla_flags": absent_flags(found),
    }
    packages = {name: version for name, (version, _) in sorted(found.items())}
    return python, packages


# ---- end of the interpreter ----


def shared_memory():
    """The size of /dev/shm, or None where there is none."""
    try:
        whole = os.statvfs("/dev/shm")  # noqa: S108 -- its size is asked, nothing is put there
    except OSError:
        return None
    return whole.f_frsize * whole.f_blocks


def examine(report):
    """Record this machine."""
    report.stage("host")
    recorder = Recorder()
    threads = start_commands(recorder)
    read_files(recorder)
    read_cgroups(recorder)
    python, packages = interpreter()
    for thread in threads:
        thread.join()
    recording = {
        "schema": "hwdoctor.recording/1",
        "probe": "host",
        "status": "ok",
        "system": SYSTEM,
        "machine": os.uname().machine,
        "commands": [recorded for _, recorded in sorted(recorder.commands, key=lambda c: c[0])],
        "files": recorder.files,
        "directories": recorder.directories,
        "environment": environment(recorder),
        "packages": packages,
        "importable": sorted(importable()),
        "python": python,
    }
    if hasattr(os, "sched_getaffinity"):
        recording["affinity"] = len(os.sched_getaffinity(0))
    if hasattr(os, "getloadavg"):
        recording["load_average"] = round(os.getloadavg()[0], 2)
    recording["shared_memory_bytes"] = shared_memory()
    return recording


if __name__ == "__main__":
    run(examine)
