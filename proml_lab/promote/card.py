"""The card: what the model is, for those who use it and not only for those who made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proml_lab.promote import account
from proml_lab.promote.blocks import Part, markdown
from proml_lab.promote.gates import words as gates
from proml_lab.promote.lint import words as lint

if TYPE_CHECKING:
    from proml_lab.promote.assemble import Draft


def write(draft: Draft) -> str:
    """The card as Markdown; the same for the same inputs: no time, no version stands in it."""
    spec, standing = draft.spec, draft.standing
    status = account.status(draft)
    override = standing.override
    said = [
        *([spec.description] if spec.description else []),
        *([f"**{status}**"] if status else []),
        *([f"The reason given: {override.reason}"] if override else []),
    ]
    parts = [
        Part("What it predicts", (*account.predicts(draft),)),
        Part("How well, and how sure", (*account.quality(draft),)),
        Part("For whom it does worse", (*account.fares_worse(draft),)),
        Part("What drives it", (*account.drivers(draft),)),
        Part("On what data", (*account.data(draft),)),
        Part("Limits", (*account.limits(draft),)),
        Part("How to use it", (*account.use(draft),)),
        Part("What it had to reach", (*gates.blocks(standing.gates),)),
        Part("What lint found", (*lint.blocks(standing.lint),)),
    ]
    texts = [markdown([f"# {spec.name}", *said])]
    texts += [markdown([f"## {part.title}", *part.blocks]) for part in parts]
    return "\n\n".join(texts) + "\n"
