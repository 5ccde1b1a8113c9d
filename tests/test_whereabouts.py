"""The address of a state is understood in one way, by what loads the database's library and by what does without."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from pipeline import whereabouts
from pipeline.errors import UserError

BEGINNINGS = st.sampled_from(
    ["sqlite:///", "sqlite://", "postgresql://", "postgres://", "postgresql+psycopg://", "x://"]
)
PIECES = st.sampled_from([*":/@?[]#%.+-,", "::1", "lisa", "host", "5432", "letters", "a=b"])


@given(BEGINNINGS, st.lists(PIECES, max_size=9).map("".join))
def test_what_passes_for_an_address_is_taken_apart_by_sqlalchemy_as_we_do(beginning: str, more: str) -> None:
    url = beginning + more
    try:
        whereabouts.check(url, "url")
    except UserError:
        return
    parsed = sa.make_url(url)
    assert parsed.database
    assert parsed.drivername == beginning.partition(":")[0]
    file = whereabouts.file_of(url, Path("/project"))
    assert file == (Path("/project") / parsed.database if parsed.drivername == "sqlite" else None)
    address, password = whereabouts.apart(url)
    assert password == parsed.password
    assert sa.make_url(address) == parsed._replace(password=None)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///outbox/paperround.sqlite3",
        "sqlite:////srv/letters.sqlite3",
        "sqlite:///x?timeout=5",
        "postgresql://host/letters",
        "postgresql://lisa:hu#s/h?@host:5432/letters?sslmode=require",
        "postgresql+psycopg://lisa@[::1]:5432/letters",
        "postgres:///letters?host=/run/postgresql",
    ],
)
def test_these_are_addresses_of_states(url: str) -> None:
    whereabouts.check(url, "url")


def test_a_password_of_any_letters_is_kept_out_of_the_address() -> None:
    url = "postgresql://lisa:hu#s/h?%40@host/letters?sslmode=require"
    assert whereabouts.apart(url) == ("postgresql://lisa@host/letters?sslmode=require", "hu#s/h?@")


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite:///", "sqlite:///?x", "mysql://h/d", "postgresql://h", "postgresql://h/",
     "postgresql://h:port/d", "postgresql://h:/d", "postgresql://h:5/d@x", "a://b:c/d"],
)  # fmt: skip
def test_these_are_none(url: str) -> None:
    with pytest.raises(
        UserError, match=r"^store\.url: the state is kept in a SQLite file or in PostgreSQL, and this is"
    ):
        whereabouts.check(url, "store.url")


def test_an_address_that_is_none_is_not_repeated_for_it_may_hold_a_password() -> None:
    with pytest.raises(UserError) as fault:
        whereabouts.check("mysql://lisa:hush@host/letters", "store.url")
    assert "hush" not in str(fault.value)
