"""``proml``: the verbs of the magic, on the command line.

Results go to standard output, progress and errors to standard error. The command ends with 0,
or 1 for an error of ours or a bad verdict, 2 for a command that cannot be understood, 130 for an
interrupt.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from proml_lab.errors import MissingExtraError, ProMLError, UsageError
from proml_lab.magics import verbs
from proml_lab.magics.progress import interrupts
from proml_lab.magics.wording import plain_warnings

_TRAIN = (
    *("alembic", "cryptography", "mlflow", "numba", "packaging", "plotly", "scipy", "sqlalchemy"),
    "threadpoolctl",
)
"""What the extra ``train`` brings: everything but scoring needs some of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; `argv` is what stands after ``proml``. Returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        with interrupts(), plain_warnings():
            answer, status = _answer(words, as_json=as_json)
        sys.stdout.write(answer)
        sys.stdout.flush()
    except ProMLError as error:
        _complain(error, as_json=as_json)
        return 2 if isinstance(error, UsageError) else 1
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _TRAIN:
            raise
        _complain(MissingExtraError(f"The package {package}", extra="train"), as_json=as_json)
        return 1
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as stop:
        sys.stderr.write(f"Interrupted. {stop}".strip() + "\n")
        return 130
    return status


def _answer(words: list[str], *, as_json: bool) -> tuple[str, int]:
    """What the command prints, and the status it ends with."""
    if words and words[0] in ("-V", "--version"):
        from proml_lab import __version__

        return f"{verbs.COMMAND} {__version__}\n", 0
    if not words or words[0] in ("-h", "--help"):
        return verbs.overview(verbs.COMMAND) + "\n", 0
    name, rest = verbs.split(words)
    if "-h" in rest or "--help" in rest:
        return verbs.help_text(name, rest, prog=verbs.COMMAND), 0
    args = verbs.parser(name, prog=verbs.COMMAND).parse(rest)
    args.body = None
    verb = verbs.load(name)
    if args.code:
        return verbs.code(name, args) + "\n", 0

    from proml_lab.magics.answer import as_json as json_of
    from proml_lab.magics.answer import as_text
    from proml_lab.magics.context import Context

    context = Context(folder=args.workspace or "", style="lines")
    if args.output:
        context.require_free(args.output)
    value = verb.run(args, context)
    if args.output:
        context.bind(args.output, value)
    if name == "fit" and not args.output:
        sys.stderr.write("Not kept: add -o FOLDER to keep the model.\n")
    status = verb.status(value) if hasattr(verb, "status") else 0
    if not as_json:
        value = getattr(verb, "summary", _same)(value)
    return (json_of(value) if as_json else as_text(value)).rstrip("\n") + "\n", status


def _same(value: object) -> object:
    return value


def _complain(error: ProMLError, *, as_json: bool) -> None:
    from proml_lab.magics.wording import on_command_line

    error.hint = on_command_line(error.hint)
    if as_json:
        from proml_lab.magics.answer import error_json

        sys.stderr.write(error_json(error) + "\n")
    else:
        hint = f"\nHint: {error.hint}" if error.hint else ""
        sys.stderr.write(f"{verbs.COMMAND}: {error.message}{hint}\n")
