"""The doubles' provider file, where installed ones are looked for."""

from __future__ import annotations

from types import ModuleType

from tests.doubles import carrier


class Doubles:
    """In place of `pipeline.installed.brought`."""

    def __init__(self, group: str) -> None:
        self.names = frozenset({"double"} if group == "paperround.providers" else ())

    def __getitem__(self, name: str) -> Doubles:
        return self

    def load(self) -> ModuleType:
        return carrier
