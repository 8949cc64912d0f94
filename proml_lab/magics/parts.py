"""Arguments that several verbs share: a spec or parts of one, and names in a list."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from proml_lab.errors import UsageError
from proml_lab.magics.parser import Namespace, comma_list


class Names(argparse.Action):
    """Names with spaces or commas between, as one list; the option may be given twice."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        """Add what was said."""
        said = [values] if isinstance(values, str) else list(values or ())
        before = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, [*before, *in_list(map(str, said))])


def in_list(words: Iterable[str]) -> list[str]:
    """``["a,b", "c"]`` as ``["a", "b", "c"]``; raises UsageError where a word has no name."""
    return [name for word in words for name in comma_list(word)]


def require_spec_or_parts(
    args: Namespace, *needed: str, also: Iterable[str] = (), unsaid: str
) -> None:
    """Raise UsageError unless `args` have a spec, or what is `needed` of its parts.

    `also` are parts that may be left out; none stands beside a spec. `unsaid` tells what is not
    said where some are missing.
    """
    hint = f"give SPEC, or --{needed[0]} with {' and '.join(f'--{name}' for name in needed[1:])}."
    given = [name for name in (*needed, *also) if getattr(args, name)]
    if args.spec is not None and given:
        raise UsageError(f"A spec and parts of one were given: --{given[0]}.", hint=hint)
    missing = [f"--{name}" for name in needed if name not in given]
    if args.spec is None and missing:
        raise UsageError(f"{unsaid}: {' and '.join(missing)} missing.", hint=hint)
