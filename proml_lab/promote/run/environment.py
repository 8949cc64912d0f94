"""Which environment variables reach the kernel of a run: those on a list, and those asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from proml_lab.promoting import OUTPUTS

_SYSTEM = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ"),
    *("TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE"),
    *("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CUDA_VISIBLE_DEVICES"),
    *("CUBLAS_WORKSPACE_CONFIG", "SOURCE_DATE_EPOCH", "RAYON_NUM_THREADS"),
)
_WINDOWS = (
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA"),
    *("PROGRAMDATA", "PROGRAMFILES", "USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH"),
    *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
)
_PYTHON = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONIOENCODING"),
    *("PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONNOUSERSITE"),
    *("PYTHONUSERBASE", "PYTHONOPTIMIZE", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER"),
    *("IPYTHONDIR", "JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"),
    *("JUPYTER_RUNTIME_DIR", "JUPYTER_PLATFORM_DIRS", "MPLBACKEND", "MPLCONFIGDIR"),
)
_OURS = (OUTPUTS, "PROML_WORKSPACE", "PROML_CACHE")
_NAMES = frozenset((*_SYSTEM, *_WINDOWS, *_PYTHON, *_OURS))
_FAMILIES = (
    *("LC_", "XDG_", "OMP_", "KMP_", "GOMP_", "OPENBLAS_", "MKL_", "BLIS_", "VECLIB_"),
    *("NUMBA_", "NUMEXPR_", "POLARS_"),
)
_SECRET = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|SIGNING|AUTH", re.IGNORECASE
)


def allowed(environ: Mapping[str, str], extra: Iterable[str] = ()) -> dict[str, str]:
    """The variables of `environ` that a run's kernel gets.

    What decides where files, libraries and languages are found and how many threads compute is on
    the list; what may hold a secret is not, such as where a signing key lies, or the addresses,
    passwords and tokens of a registry. `extra` names others that pass.
    """
    asked = set(extra)
    return {name: value for name, value in environ.items() if name in asked or _is_listed(name)}


def passed(environ: Mapping[str, str], extra: Iterable[str]) -> tuple[str, ...]:
    """Names of `extra` that are set and would not have passed by the list, sorted."""
    return tuple(sorted({name for name in extra if name in environ and not _is_listed(name)}))


def _is_listed(name: str) -> bool:
    upper = name.upper()
    if upper in _NAMES:
        return True
    return upper.startswith(_FAMILIES) and not _SECRET.search(upper)
