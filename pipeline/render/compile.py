"""Run as a child: MJML in, HTML out. Deep nesting can kill the compiler, and then it must not take us along."""

from __future__ import annotations

import sys


def main() -> None:
    """MJML on standard input, HTML on standard output; a fault's sentence on standard error."""
    from mjml import mjml2html

    try:
        made = mjml2html(sys.stdin.buffer.read().decode("utf-8"))
    except ValueError as fault:
        sys.exit(f"the MJML is wrong: {fault}")
    sys.stdout.buffer.write(made.encode("utf-8"))


if __name__ == "__main__":
    main()
