"""What may be told of a machine, and what is masked: for recordings that others made.

`probes/probe_host.py` masks before it prints anything, with the same patterns, because it stands
alone (a test holds the two together). Recordings from elsewhere may have been made by hand, so
whatever reaches Facts passes through here as well. Masking twice changes nothing.
"""

import re

ALLOWED_PREFIXES: tuple[str, ...] = (
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


def allowed(name: str) -> bool:
    """Whether an environment variable may be told at all."""
    return name in ALLOWED_NAMES or name.upper().startswith(ALLOWED_PREFIXES)


def mask_text(text: str) -> str:
    """The text without what identifies one machine or one person."""
    for pattern, replacement in KEYED_PATTERNS + ID_PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def mask_variable(name: str, value: str) -> str:
    """The value of an environment variable without secrets, names and addresses."""
    if SECRET_NAME.search(name):
        return MASK
    if NETWORK_NAME.search(name):
        return ",".join(
            part if part in ("", "localhost", "127.0.0.1") else MASK for part in value.split(",")
        )
    return mask_text(value)
