"""Compares what is pinned with published advisories, and says plainly when that could not be done.

    python -m tools.audit

Leaves with 0 when every pinned version was looked up and none has an advisory, with 1 when one has, with 3 when some
could not be looked up: an audit that saw nothing is no clean bill. Asks for names and versions only; installs nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")


def main() -> int:
    """Audit each lock; the gravest result counts."""
    return max((_audit(name) for name in LOCKS), key=(0, 3, 1).index)


def _audit(lock: str) -> int:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off"),
            *("--format", "json", "--requirement", str(ROOT / lock)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    code, lines = told(lock, done.stdout, done.stderr)
    print("\n".join(lines))
    return code


def told(lock: str, answer: str, complaint: str) -> tuple[int, list[str]]:
    """The exit code and the words for what pip-audit answered (its JSON), or complained of."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (complaint.strip().splitlines() or ["no answer"])[-1]
        return 3, [f"{lock}: the advisories could not be asked ({last}). Nothing is known; try again with a network."]
    bad = [
        f"{lock}: {one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for one in dependencies
        for flaw in one.get("vulns", ())
    ]
    unseen = [one["name"] for one in dependencies if "skip_reason" in one]
    seen = len(dependencies) - len(unseen)
    lines = [*bad, f"{lock}: {seen} of {len(dependencies)} versions looked up, {len(bad)} advisories."]
    if unseen:
        some = ", ".join(unseen[:5]) + (" …" if len(unseen) > 5 else "")
        lines.append(f"{lock}: nothing is known of {some}; the service does not answer for them here.")
    return (1 if bad else 3 if unseen or not dependencies else 0), lines


if __name__ == "__main__":
    sys.exit(main())
