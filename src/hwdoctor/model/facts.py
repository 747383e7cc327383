"""Facts: what this machine, interpreter and environment are (schema hwdoctor.facts/1).

Unknown is `None`, never a guess, and never a value out of a table passed off as a reading.
"""

from typing import ClassVar, Literal

from hwdoctor.model.codec import Document


class Host(Document, frozen=True, kw_only=True):
    """The operating system and what it runs in."""

    system: str | None = None
    """`Linux`, `Darwin` or `Windows`."""
    os_version: str | None = None
    architecture: str | None = None
    virtual: bool | None = None
    hypervisor: str | None = None
    """What runs the virtual machine, where it says so: `kvm`, `xen`, `hyper-v`, `apple`, ..."""
    container: str | None = None
    """`docker`, `kubernetes`, `podman`, `lxc`, `wsl`, ... or None: none seen."""
    translated: bool | None = None
    """An x86-64 process translated by Rosetta."""
    external_displays: int | None = None
    """Displays that are driven beside a built-in one; None: nobody could look."""


class Tier(Document, frozen=True, kw_only=True):
    """A group of equal cores; the fastest first."""

    name: str
    """As the system calls it: Performance, Efficiency, Super, Standard."""
    cores: int | None = None


class Budget(Document, frozen=True, kw_only=True):
    """What a process may really use of the processor."""

    cores: float | None = None
    """Smallest of affinity and quota; may be fractional under a quota."""
    limited_by: str | None = None
    """`affinity`, `cgroup` or None: nothing limits it."""


class Cache(Document, frozen=True, kw_only=True):
    """One kind of cache, as one core of the machine sees it."""

    level: int
    kind: Literal["data", "instruction", "unified"]
    size_bytes: int
    shared_by: int | None = None
    """Logical processors that share one such cache."""
    tier: str | None = None
    """The kind of core, where the machine has several and it was told."""


class Cpu(Document, frozen=True, kw_only=True):
    """The processor."""

    vendor: str | None = None
    brand: str | None = None
    family: str | None = None
    variant: str | None = None
    physical_cores: int | None = None
    logical_cores: int | None = None
    tiers: tuple[Tier, ...] = ()
    budget: Budget = Budget()
    features: tuple[str, ...] = ()
    smt: bool | None = None
    """Whether more than one thread of a core is switched on, as the system sees it."""
    caches: tuple[Cache, ...] = ()
    numa_nodes: int | None = None
    """Nodes of memory that have processors."""
    governor: str | None = None


class Memory(Document, frozen=True, kw_only=True):
    """Main memory, in bytes."""

    total_bytes: int | None = None
    available_bytes: int | None = None
    limit_bytes: int | None = None
    """cgroup limit, where it is below the total."""
    pressure: str | None = None
    swap_used_bytes: int | None = None
    gpu_limit_bytes: int | None = None
    """What the GPU may wire of a shared memory, where somebody set it; None: not known."""
    gpu_working_set_bytes: int | None = None
    """What a framework said that the GPU may hold of a shared memory at a time."""
    shared_memory_bytes: int | None = None
    """Size of /dev/shm, through which worker processes hand over arrays."""


DeviceFault = Literal[
    "uncorrectable-ecc",
    "repair-pending",
    "repair-failed",
    "slowed-by-heat",
    "slowed-by-power-brake",
]


class Accelerator(Document, frozen=True, kw_only=True):
    """A GPU, TPU or neural engine that the system shows."""

    kind: Literal["gpu", "tpu", "npu"]
    vendor: str | None = None
    name: str | None = None
    cores: int | None = None
    memory_bytes: int | None = None
    api: Literal["metal", "cuda", "rocm", "tpu", "ane"] | None = None
    driver: str | None = None
    index: int | None = None
    slices_bytes: tuple[int, ...] = ()
    """Memory of each MIG slice: a process on a partitioned GPU gets one of these, not the whole."""
    used_bytes: int | None = None
    """Memory that somebody held when the machine was looked at."""
    faults: tuple[DeviceFault, ...] | None = None
    """What the device reports of itself; empty: asked, and it is well; None: nobody could ask."""


class Power(Document, frozen=True, kw_only=True):
    """Power supply and thermal state."""

    source: str | None = None
    """`mains` or `battery`."""
    low_power_mode: bool | None = None
    thermal: str | None = None


class Python(Document, frozen=True, kw_only=True):
    """The interpreter that is judged."""

    version: str | None = None
    implementation: str | None = None
    machine: str | None = None
    """The architecture the interpreter was built for."""
    virtual_environment: bool | None = None
    jax_plugins: tuple[str, ...] | None = None
    """Platform names that installed packages register under `jax_plugins`."""
    macos: str | None = None
    """The release of macOS that the interpreter believes to run on."""
    architectures: dict[str, tuple[str, ...]] | None = None
    """By distribution, the architectures that its compiled part was built for."""
    shadowed: tuple[str, ...] | None = None
    """Backends whose import finds another module than the installed distribution."""
    local_builds: tuple[str, ...] | None = None
    """Distributions that were built from source on this machine."""
    absent_xla_flags: tuple[str, ...] | None = None
    """Flags in XLA_FLAGS whose names stand in no library of JAX; None: nobody looked."""


class OperationFacts(Document, frozen=True, kw_only=True):
    """One operation that a probe tried, against its float64 reference."""

    name: str
    device: str
    dtype: str
    status: Literal["ok", "wrong", "unsupported", "error"]
    error: float | None = None
    """Largest error, in the unit of `tolerance`."""
    tolerance: float | None = None
    detail: str | None = None


class BackendFacts(Document, frozen=True, kw_only=True):
    """What the probe of one backend saw, including how it died."""

    name: str
    status: Literal[
        "ok", "missing", "error", "timeout", "crashed", "out-of-memory", "garbage", "not-probed"
    ]
    version: str | None = None
    devices: tuple[str, ...] = ()
    operations: tuple[OperationFacts, ...] = ()
    stage: str | None = None
    """The last stage the probe announced: where it died or hung."""
    signal: str | None = None
    """`SIGSEGV`, `SIGABRT`, ... when a signal ended it."""
    detail: str | None = None
    """Exception text or the end of stderr."""
    threads: int | None = None
    """Native threads of the process after first use."""
    pools: dict[str, int] = {}
    """Thread pools and their sizes: `openblas`, `openmp`, `torch-intraop`, ..."""
    libraries: tuple[str, ...] = ()
    """File names of the OpenMP and BLAS libraries that were loaded."""
    held_bytes: dict[str, int] = {}
    """By device, the memory that the framework's allocator kept after small arrays."""
    seconds: float | None = None


NoteKind = Literal["set-too-late", "blocks-event-loop", "version-of-mlx", "cache-limit"]


class CodeNote(Document, frozen=True, kw_only=True):
    """One place of a project's source that a rule looks at."""

    kind: NoteKind
    file: str
    """Within the project."""
    line: int
    subject: str
    """The variable, or the call."""
    framework: str | None = None
    """Whose import came first, or whose call it is."""
    after: str | None = None
    """Where that import stands: `engine.py:3`."""
    number: float | None = None
    """The number that the call is given, where it is written out."""


class Project(Document, frozen=True, kw_only=True):
    """What a project's Python source says, read and never run."""

    files: int
    unread: tuple[str, ...] = ()
    """Files that could not be parsed."""
    notes: tuple[CodeNote, ...] = ()


class Facts(Document, frozen=True, kw_only=True):
    """Everything the rules may look at."""

    SCHEMA: ClassVar[str] = "hwdoctor.facts/1"

    schema: Literal["hwdoctor.facts/1"] = "hwdoctor.facts/1"
    host: Host = Host()
    cpu: Cpu = Cpu()
    memory: Memory = Memory()
    accelerators: tuple[Accelerator, ...] | None = None
    """None: nobody could look; empty: looked and found none."""
    power: Power = Power()
    load_average: float | None = None
    """Runnable processes, averaged over one minute."""
    python: Python = Python()
    packages: dict[str, str] | None = None
    """Normalised distribution name to version; None: not known."""
    requirements: dict[str, str] | None = None
    """What a lock or requirements file asks for, name to specifier; None: none was judged."""
    environment: dict[str, str] | None = None
    """Allow-listed variables only."""
    backends: tuple[BackendFacts, ...] | None = None
    """None: no probe ran (level 0)."""
    project: Project | None = None
    """None: no project's source was looked at."""

    def backend(self, name: str) -> BackendFacts | None:
        """The probe result of one backend, if there is one."""
        return next((b for b in self.backends or () if b.name == name), None)
