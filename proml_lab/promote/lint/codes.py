"""The checks of a notebook: one code each, what it says, why it matters, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Check:
    """One check. `why` and `mend` are a sentence each."""

    code: str
    severity: Severity
    title: str
    why: str
    mend: str


CHECKS = {
    check.code: check
    for check in (
        Check(
            "PN001", "error", "no parameters cell",
            "A promotion sets its values below that cell; without it the notebook's own would win.",
            "Give the tag 'parameters' to the cell of what others may set; it may be empty.",
        ),
        Check(
            "PN002", "error", "several parameters cells",
            "Values are set below one of them; the others would win or lose by their place.",
            "Keep the tag 'parameters' on one cell.",
        ),
        Check(
            "PN003", "error", "a parameter that cannot be set",
            "A value needs a type to be checked against, and what is computed cannot be recorded.",
            "Write name: int = 3, a plain value, each name once; all else goes into another cell.",
        ),
        Check(
            "PN004", "warning", "a parameter without a default",
            "The notebook does not run by itself, and every promotion must give the value.",
            "Give it a default that works.",
        ),
        Check(
            "PN005", "error", "not Python",
            "The cell cannot run.",
            "Correct the line, or delete the cell.",
        ),
        Check(
            "PN006", "warning", "a parameter that is set again",
            "From there on the notebook uses another value than the one that is recorded.",
            "Give what is computed a name of its own, such as last_day = until or date.today().",
        ),
        Check(
            "PN007", "warning", "another kernel",
            "A promotion runs with the Python of proml, whatever kernel the notebook names.",
            "Choose the kernel of this environment in JupyterLab, and save.",
        ),
        Check(
            "PN010", "warning", "run out of order",
            "The outputs that you see come from another order than the one that is promoted.",
            "Restart the kernel, run all cells, and save.",
        ),
        Check(
            "PN011", "warning", "outputs of another source",
            "The output does not belong to the code above it.",
            "Run the cell again and save, or clear its output.",
        ),
        Check(
            "PN012", "warning", "never run",
            "Others were run and this one was not: what you saw may not be what it does.",
            "Run all cells and save, or delete the cell.",
        ),
        Check(
            "PN020", "error", "used before it is defined",
            "Run from top to bottom, the notebook stops here with a NameError.",
            "Move the definition above the use.",
        ),
        Check(
            "PN021", "error", "never defined",
            "The name exists only in your kernel: a cell that made it was changed or deleted.",
            "Define it, import it, or correct its spelling.",
        ),
        Check(
            "PN022", "warning", "may be undefined",
            "On the path that leads here nothing has made the name.",
            "Define it before, on every path.",
        ),
        Check(
            "PN030", "warning", "absolute path",
            "The path exists on this machine only.",
            "Write the path from the notebook's folder, or make it a parameter.",
        ),
        Check(
            "PN031", "warning", "undeclared input",
            "The artifact cannot say what was read, and nobody can tell when it changes.",
            "Take the data through %proml, make the path a parameter, or list it in the "
            "notebook's metadata: proml.reads.",
        ),
        Check(
            "PN032", "error", "writes outside the workspace",
            "A promotion would change files that it does not keep and cannot take back.",
            "Write below the workspace, or into a temporary folder.",
        ),
        Check(
            "PN040", "warning", "network access",
            "What comes from elsewhere changes or goes away; the run cannot be repeated.",
            "Fetch it once into the workspace's sources and read it from there.",
        ),
        Check(
            "PN050", "warning", "unseeded randomness",
            "A promotion seeds this by itself and can be made again; run by hand, the notebook "
            "gives something else each time, so what you saw is not what is promoted.",
            "Give a seed, best from a parameter: random_state=seed, np.random.seed(seed).",
        ),
        Check(
            "PN051", "warning", "randomness that no promotion can seed",
            "It takes what the system gives: two promotions differ, and none can be made again.",
            "Make the generator with a seed, best from a parameter: default_rng(seed).",
        ),
        Check(
            "PN060", "warning", "the clock flows into data",
            "The result depends on when the notebook runs.",
            "Make the date a parameter. Times that are only printed or subtracted are fine.",
        ),
        Check(
            "PN070", "error", "a secret in the source",
            "The artifact is copied and read by many; whoever has it has the key.",
            "Withdraw the key, read the new one from outside the notebook, and clear the cell.",
        ),
        Check(
            "PN071", "error", "a secret in an output",
            "The output is saved with the notebook; whoever has it has the key.",
            "Withdraw the key, do not print the new one, and clear the output.",
        ),
        Check(
            "PN072", "warning", "looks like a secret",
            "If it is one, whoever has the artifact has it too.",
            "Read it from outside the notebook; if it is none, mute this check for the cell.",
        ),
        Check(
            "PN080", "error", "not installed",
            "The import fails in this environment, which is the one that runs the notebook.",
            "Install the package here, or correct the name.",
        ),
        Check(
            "PN081", "warning", "not pinned",
            "The module belongs to no installed package and lies outside of the workspace: the "
            "artifact cannot name its version.",
            "Move it into the workspace, or install it as a package.",
        ),
        Check(
            "PN090", "error", "installs packages",
            "The run would change the environment that it is meant to record.",
            "Install before you promote, and delete the line.",
        ),
        Check(
            "PN091", "warning", "shell command",
            "What a program outside of Python does is neither recorded nor the same elsewhere.",
            "Do it in Python, or before the notebook runs.",
        ),
        Check(
            "PN100", "warning", "large output",
            "The notebook becomes slow to open, to compare and to keep.",
            "Show less: a few rows, a picture as PNG; clear the output.",
        ),
        Check(
            "PN101", "warning", "a widget with no static form",
            "Without a live kernel a reader sees nothing.",
            "Show the result as a table or a picture too, in an output of its own.",
        ),
        Check(
            "PN110", "warning", "a mute that mutes nothing",
            "A misspelt code hides nothing, and you may think it does.",
            'Write codes of this list: {"proml": {"mute": ["PN031"]}} in the metadata.',
        ),
    )
}  # fmt: skip
"""Code to check, in their order."""

LARGE = 1_000_000
"""Bytes of one cell's outputs, above which they are large."""
