"""Run as a child: MJML in, HTML out. Deep nesting can kill the compiler, and then it must not take us along."""

from __future__ import annotations


def work(mjml: bytes) -> bytes:
    """The HTML that MJML makes, both UTF-8. Raises ValueError with a sentence when the MJML is wrong."""
    from mjml import mjml2html

    try:
        made: str = mjml2html(mjml.decode("utf-8"))
    except ValueError as fault:
        raise ValueError(f"the MJML is wrong: {fault}") from None
    return made.encode("utf-8")
