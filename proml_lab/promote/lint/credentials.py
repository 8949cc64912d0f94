"""Secrets in sources and outputs: known forms of keys, and texts of high entropy."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from proml_lab.promote.lint.subject import Cell, Data, Seen, Subject

_FORMS = {
    "an AWS access key": (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": (("gh",), r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{60,})"),
    "a GitLab token": (("glpat-",), r"\bglpat-[0-9A-Za-z_-]{20,}"),
    "a Slack token": (("xox",), r"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    "a Google key": (("AIza",), r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    "a Stripe key": (("k_live_",), r"\b[sr]k_live_[0-9A-Za-z]{20,}"),
    "a provider's key": (("sk-",), r"\bsk-(?:ant-|proj-)?[0-9A-Za-z_-]*[0-9][0-9A-Za-z_-]{30,}"),
    "a model hub token": (("hf_",), r"\bhf_[0-9A-Za-z]{34,}"),
    "a package index token": (("pypi-",), r"\bpypi-AgE[0-9A-Za-z_-]{50,}"),
    "an npm token": (("npm_",), r"\bnpm_[0-9A-Za-z]{36}\b"),
    "a private key": (
        ("PRIVATE KEY",),
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])*[0-9A-Za-z+/]{16,}",
    ),
    "a JSON web token": (
        ("eyJ",), r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}",
    ),
    "a storage account key": (("AccountKey=",), r"AccountKey=[0-9A-Za-z+/]{60,}={0,2}"),
    "a password in an address": (
        ("://",), r"\b[a-z][a-z0-9+.-]*://[^\s:/@'\"{}<>$]+:(?P<part>[^\s:/@'\"{}<>$*]{3,})@[\w.-]+",
    ),
}  # fmt: skip
"""What it is, to words without which it is not there, and its form."""
_PATTERNS = {said: (words, re.compile(form)) for said, (words, form) in _FORMS.items()}
_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|secret|token|api_?key|access_?key|auth|credentials?|"
    r"private_?key)(?:$|_(?!name|file|path|url|env|id|field|column|header|hdr|type|count|len|n$))",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"(?i)\b(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)[\"']?\s*[=:]\s*[\"']?"
    r"([^\s\"',;)}]{8,})"
)
_BEARER = re.compile(r"(?i)\b(?:bearer|basic)\s+([0-9a-z._~+/-]{16,}={0,2})")
"""What stands in a header ``Authorization``."""
_TELLING = ("passw", "secret", "token", "api", "access")
_DENSE = re.compile(r"[0-9A-Za-z+/_-]{32,}={0,2}")
_PLACEHOLDER = re.compile(
    r"(?i)(?:(?:^|[\W_])(?:your|my|example|sample|dummy|fake|change\w*|placeholder|redacted|insert"
    r"|pass(?:word|wd)?|pwd?|user|admin|root|guest|postgres|secret|token|test|none|null)(?=[\W_]|$))|(?-i:EXAMPLE)|[<{$…•]|\*{3}|x{4}|\.{3}"
)
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F-]+")
_ENOUGH = 4.4
"""Bits a sign: random base64 of 32 signs and more has above, words and paths below."""
_TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex", "application/json")
_MOST = 5_000_000
_FILES = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "JVBERi", "H4sI", "UEsDB", "PHN2Zy", "UEFSMQ")
"""How pictures and other files begin in base64."""
_WORD_LIKE = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}(?![a-z])")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_WORDY = 0.65
_IN_ORDER = 0.3
_ADDRESS = re.compile(
    r"(?i)[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?|(?:\d+\.){3}\d+(?::\d+)?"
)


def check(subject: Subject) -> Iterator[Seen]:
    """PN070, PN071 and PN072; what is seen is masked."""
    for cell in subject.cells:
        known = list(_known(cell.source))
        for line, said in known:
            yield Seen("PN070", cell.number, line, said)
        if cell.is_code and not known:
            for line, said in _likely(cell):
                yield Seen("PN072", cell.number, line, said)
        shown = "\n".join(_texts(cell))[:_MOST]
        found = [said for _, said in _known(shown)]
        for said in dict.fromkeys(found):
            yield Seen("PN071", cell.number, None, f"output: {said}")
        low = shown.lower()
        if not found and any(word in low for word in _TELLING):
            for match in _TOLD.finditer(shown):
                if _is_random(match[1]) and len(match[1]) >= 16:
                    yield Seen("PN072", cell.number, None, f"output: {_masked(match[1])}")
                    break


def masked(text: str) -> str:
    """`text` with every secret in it made unreadable."""
    for _, form in _PATTERNS.values():
        text = form.sub(lambda found: _hidden(found), text)
    text = _TOLD.sub(_masked_in, text)
    text = _BEARER.sub(lambda f: _masked_in(f) if _is_bearer(f[1]) else f[0], text)
    return _DENSE.sub(lambda f: _masked(f[0]) if _is_random(f[0]) else f[0], text)


def _known(text: str) -> Iterator[tuple[int, str]]:
    """(line, what it is, masked) of each key in `text`."""
    for said, (words, form) in _PATTERNS.items():
        if not any(word in text for word in words):
            continue
        for found in form.finditer(text):
            part = found.groupdict().get("part") or found[0]
            if said != "a private key" and _PLACEHOLDER.search(part):
                continue
            yield text.count("\n", 0, found.start()) + 1, f"{said}, {_masked(part)}"


def _likely(cell: Cell) -> Iterator[tuple[int, str]]:
    """(line, what it is, masked): texts under a telling name, and texts like noise."""
    for node in cell.nodes:
        for name, value in _named(node):
            text = value.value
            if isinstance(text, str) and _NAME.search(name) and _is_password(text):
                yield value.lineno, f"{name} = {_masked(text)}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if len(text) < 400 and _DENSE.fullmatch(text) and _is_random(text):
                yield node.lineno, _masked(text)
    for found in _BEARER.finditer(cell.source):
        if _is_bearer(found[1]):
            yield cell.source.count("\n", 0, found.start()) + 1, _masked_in(found)


def _named(node: ast.AST) -> Iterator[tuple[str, ast.Constant]]:
    """Names and the constants that they are given, in assignments, calls and dicts."""
    match node:
        case ast.Assign(targets=targets, value=ast.Constant() as value):
            for target in targets:
                yield _word(target), value
        case ast.AnnAssign(target=target, value=ast.Constant() as value):
            yield _word(target), value
        case ast.keyword(arg=str(name), value=ast.Constant() as value):
            yield name, value
        case ast.Dict(keys=keys, values=values):
            for key, given in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(given, ast.Constant):
                    yield str(key.value), given


def _word(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return ""


def _is_password(text: str) -> bool:
    """Whether a text under a telling name may be the thing itself: mixed signs, no blanks."""
    kinds = [any(map(test, text)) for test in (str.isdigit, str.isalpha)]
    kinds.append(any(not c.isalnum() and c not in "-_.: " for c in text))
    long = len(text) >= 8 and not re.search(r"[\s/\\]", text)
    likely = long and sum(kinds) >= 2 and text.count("_") < 3
    return likely and not (_PLACEHOLDER.search(text) or _ADDRESS.fullmatch(text))


def _is_bearer(text: str) -> bool:
    """Whether what stands behind ``Bearer`` may be a token: letters and digits."""
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return mixed and not _PLACEHOLDER.search(text)


def _is_random(text: str) -> bool:
    if _HEX.fullmatch(text) or _PLACEHOLDER.search(text) or text.startswith(_FILES):
        return False
    if _is_in_order(text) or _is_wordy(text):
        return False
    mixed = (
        any(map(str.isdigit, text)) and any(map(str.isupper, text)) and any(map(str.islower, text))
    )
    return mixed and _entropy(text) >= min(_ENOUGH, math.log2(len(text)) * 0.85)


def _is_in_order(text: str) -> bool:
    """Whether many signs are those next to the sign before, as in an alphabet."""
    steps = sum(abs(ord(a) - ord(b)) == 1 for a, b in pairwise(text))
    return steps > _IN_ORDER * len(text)


def _is_wordy(text: str) -> bool:
    """Whether it is made of words, as a long name is: a key has few letters of a kind in a row."""
    words = (word for word in _WORD_LIKE.findall(text) if _VOWEL.search(word))
    letters = sum(map(str.isalpha, text))
    return sum(map(len, words)) > _WORDY * letters


def _entropy(text: str) -> float:
    """Bits a sign."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _masked(text: str) -> str:
    """The first few signs, and how long it is."""
    return f"{text[: min(4, len(text) // 4)]}… ({len(text)} signs)"


def _masked_in(found: re.Match[str]) -> str:
    """What was found, with its first part masked."""
    return found[0].replace(found[1], _masked(found[1]))


def _hidden(found: re.Match[str]) -> str:
    part = found.groupdict().get("part") or found[0]
    return found[0].replace(part, _masked(part))


def _texts(cell: Cell) -> Iterator[str]:
    """What the cell's outputs show as text."""
    for output in cell.outputs:
        yield str(output.get("text", ""))
        yield "\n".join(map(str, output.get("traceback", ())))
        data: Data = output.get("data", {})
        for kind in _TEXTS:
            if kind in data:
                yield str(data[kind])
