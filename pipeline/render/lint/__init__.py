"""The pre-flight list: what would embarrass the author or break the law, found before it goes.

A rule is a function in a file of its family, marked with `rule`; its docstring says why it is there.
"""

from __future__ import annotations

from msgspec.structs import replace

from pipeline.config import RenderSettings
from pipeline.model import Finding, Issue
from pipeline.render.lint import clients, colours, habits, headers, legal, links, pictures, size, structure
from pipeline.render.lint.rule import Checked
from pipeline.render.message import Rendered
from pipeline.render.seen import NOTHING, Seen

FAMILIES = (legal, headers, structure, links, pictures, size, habits, colours, clients)


def lint(
    rendered: Rendered, issue: Issue, settings: RenderSettings, seen: Seen = NOTHING, *, real: bool
) -> tuple[Finding, ...]:
    """Everything found, the blocking first; `real` says whether the provider really sends.

    What the law or a mail host wants of mail that is sent is only advice while nothing leaves this machine.
    """
    checked = Checked(rendered=rendered, issue=issue, settings=settings, seen=seen)
    found = [finding for family in FAMILIES for one in family.RULES for finding in one(checked)]
    eased = [replace(one, level="advisory") if one.code in legal.ONLY_WHEN_SENT and not real else one for one in found]
    return tuple(sorted(eased, key=lambda finding: finding.level != "blocking"))
