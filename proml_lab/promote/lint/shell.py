"""Shell lines, and lines that install packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from proml_lab.promote.lint.calls import Calls
from proml_lab.promote.lint.source import Magic
from proml_lab.promote.lint.subject import Seen

_SHELLS = {"!", "bash", "sh", "cmd", "sx", "system", "script", "ruby", "perl", "powershell"}
_SHELLS |= {"cp", "mv", "rm", "mkdir", "rmdir"}
_INSTALLERS = {"pip", "conda", "mamba", "micromamba", "uv", "pip3"}
_INSTALL = re.compile(
    r"(?:^|[;&|(\n]\s*|\s)(?:(?:python[\d.]*|\{?sys\.executable\}?)\s+-m\s+)?"
    r"(?:pip[\d.]*|uv(?:\s+pip)?|conda|mamba|micromamba|poetry|apt(?:-get)?|npm)\s+"
    r"(?:[-\w]+=?\s+)?(?:install|add|sync|uninstall|remove|update|upgrade)\b"
)
_CALLS = re.compile(r"os\.(?:system|popen|exec\w+|spawn\w+)|subprocess\.\w+|\.(?:system|getoutput)")
_KINDS = {"subprocess.CalledProcessError", "subprocess.TimeoutExpired", "subprocess.list2cmdline"}


def check(calls: Calls) -> Iterator[Seen]:
    """PN090 and PN091; a line that installs is not told as a shell line too."""
    for cell, magic in calls.subject.magics():
        sign = "!" if magic.name == "!" else f"%%{magic.name} " if magic.body is not None else ""
        said = f"{sign or f'%{magic.name} '}{magic.text}".strip()
        if installs(magic):
            yield Seen("PN090", cell.number, magic.line, said)
        elif magic.name in _SHELLS:
            yield Seen("PN091", cell.number, magic.line, said)
    for call in calls.all:
        if not _CALLS.fullmatch(call.name) or call.name in _KINDS:
            continue
        nodes = ast.walk(call.node)
        words = " ".join(str(n.value) for n in nodes if isinstance(n, ast.Constant))
        code = "PN090" if _INSTALL.search(f"python {words}") else "PN091"
        yield Seen(code, call.cell.number, call.line, call.shown)


def installs(magic: Magic) -> bool:
    """Whether `magic` changes what is installed."""
    if magic.name in _INSTALLERS:
        return bool(_INSTALL.search(f"{magic.name} {magic.text}"))
    if magic.name in _SHELLS:
        return bool(_INSTALL.search(f"{magic.text}\n{magic.body or ''}"))
    return False
