"""The doubles' provider file, where installed ones are looked for."""

from __future__ import annotations

from types import ModuleType

from tests.doubles import carrier


class Doubles:
    """In place of `pipeline.providers._entry_points`."""

    names = frozenset({"double"})

    def __getitem__(self, name: str) -> Doubles:
        return self

    def load(self) -> ModuleType:
        return carrier
