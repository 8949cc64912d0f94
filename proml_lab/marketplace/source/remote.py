"""Why an address such as ``s3://`` cannot be read, in a line."""

from __future__ import annotations

import re

from proml_lab.errors import SourceError

_METADATA = "169.254.169.254"
"""Where libraries ask for keys, on machines of a cloud, once the environment has none."""
_KEYLESS = re.compile(rf"{re.escape(_METADATA)}|no credential|missing credential", re.I)
_REFUSED = re.compile(r"\b40[13]\b|forbidden|unauthorized|access ?denied|privileges", re.I)
_ABSENT = re.compile(r"\b404\b|not found|were empty|no such", re.I)
_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_LOOK = "check its address, the network, and for s3:// AWS_ENDPOINT_URL and AWS_REGION"
_PASSED = "a promoted notebook sees them if pass_environment names them"
_SILENT = re.compile(r"error sending request|connection refused|dns error|timed out", re.I)
_QUERY = re.compile(r"\?[^\s)]+")
_INNER = re.compile(r" in [\d.]+\w*s, after .*?(?= - |$)| \((?:location|path): .*")
"""How often and how long a library tried, and how it calls the place."""


def failed(role: str, what: str, error: Exception) -> SourceError:
    """The error for an address whose rows cannot be read; it shows nothing that may be secret."""
    said = str(error)
    if _KEYLESS.search(said):
        return SourceError(
            f"{role}: {what} cannot be read: the environment has no keys for it.",
            hint=f"for s3:// set {_KEYS}; {_PASSED}.",
        )
    if _REFUSED.search(said):
        return SourceError(
            f"{role}: {what} may not be read with the keys of the environment.",
            hint=f"check them, for s3:// {_KEYS}, and what they allow.",
        )
    if _ABSENT.search(said):
        return SourceError(
            f"{role}: there is no {what.removeprefix('the ')}.",
            hint="check its bucket and its path, and for s3:// AWS_ENDPOINT_URL.",
        )
    if _SILENT.search(said):
        return SourceError(
            f"{role}: {what} cannot be read: nothing answers at its address.",
            hint=f"{_LOOK}; {_PASSED}.",
        )
    first = _QUERY.sub("", (said.splitlines() or [type(error).__name__])[0])
    reason = _INNER.sub("", first).rstrip(". ")
    return SourceError(
        f"{role}: {what} cannot be read: {reason}.",
        hint=f"{_LOOK}; {_PASSED}.",
    )
