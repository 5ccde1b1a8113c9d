"""The audit of what is pinned: an advisory is named, and what could not be looked up is never called clean."""

from __future__ import annotations

import json
from typing import Any

from tools.audit import told


def answer(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


CLEAN: dict[str, Any] = {"name": "click", "version": "8.5.1", "vulns": []}
UNSEEN: dict[str, Any] = {
    "name": "lxml",
    "skip_reason": "Dependency not found on PyPI and could not be audited: lxml (6.1.0)",
}
BAD: dict[str, Any] = {
    "name": "jinja2",
    "version": "3.1.4",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.6"], "aliases": []}],
}


def test_all_looked_up_and_none_found_is_a_pass() -> None:
    assert told("lock", answer(CLEAN), "") == (0, ["lock: 1 of 1 versions looked up, 0 advisories."])


def test_an_advisory_is_named_with_the_version_that_mends_it_whatever_else_is_missing() -> None:
    code, lines = told("lock", answer(CLEAN, UNSEEN, BAD), "")
    assert code == 1
    assert lines[0] == "lock: jinja2 3.1.4: PYSEC-1, mended in 3.1.6"


def test_a_service_that_answers_for_nothing_is_no_pass() -> None:
    code, lines = told("lock", answer(UNSEEN), "No known vulnerabilities found")
    assert code == 3
    assert "nothing is known of lxml" in lines[-1]


def test_no_network_is_said_in_words() -> None:
    code, lines = told("lock", "", "ERROR:pip_audit._cli:Could not connect to the service")
    assert code == 3
    assert "could not be asked (ERROR:pip_audit._cli:Could not connect to the service)" in lines[0]
