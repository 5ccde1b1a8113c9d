"""Who has installed Python from python.org on a Mac, and nothing more, reads a blog over https all the same."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from pipeline import trust


@pytest.mark.parametrize("folder", [True, False])
def test_where_python_finds_no_authorities_there_are_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: bool
) -> None:
    file, capath = tmp_path / "cert.pem", tmp_path / "certs"
    if folder:
        capath.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(capath))
    assert ssl.create_default_context().cert_store_stats()["x509_ca"] == 0
    assert trust.authorities().cert_store_stats()["x509_ca"] > 50


def test_authorities_of_ones_own_are_the_only_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import certifi

    one = Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----")
    (tmp_path / "own.pem").write_text("".join(one[:2]) + "\n", "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    assert trust.authorities().cert_store_stats()["x509_ca"] == 1
