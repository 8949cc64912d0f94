"""Addresses: what they stand for, and that nobody sees what is secret in them."""

from __future__ import annotations

import pytest

from proml_lab.errors import SourceError
from proml_lab.marketplace.source.address import has_password, masked, resolve, shown

OPEN = "postgresql://ann:hush@host:5432/shop?sslmode=require&password=still"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (OPEN, True),
        ("postgresql://ann:hush@host/shop", True),
        ("s3://key:hush@bucket/x", True),
        *((f"https://host/x?a=1&{name}=hush", True) for name in ("token", "PWD", "sig", "secret")),
        ("https://host/x?X-Amz-Signature=hush", True),
        ("odbc://host/x?odbc=a;Pwd=hush", True),
        ("postgresql://ann:${WORD}@host/shop?password=${WORD}", False),
        ("postgresql://ann:a${WORD}@host/shop", True),
        ("postgresql://ann@host:5432/shop", False),
        ("postgresql://host/a:b@c", False),
        ("sqlite:///x.db", False),
        ("https://host/x?signed=1&tokens=2", False),
        ("shop", False),
    ],
)
def test_whether_a_password_stands_in_it(address: str, said: bool) -> None:
    assert has_password(address) is said


def test_what_is_shown_of_it() -> None:
    assert shown(OPEN) == "postgresql://host:5432/shop"
    assert shown("shop") == "shop"
    text = f"cannot open {OPEN}: ann used 'hush', then still"
    assert masked(text, OPEN) == (
        "cannot open postgresql://host:5432/shop: ann used '***', then ***"
    )
    assert masked("fine", "sqlite:///x.db") == "fine"


def test_what_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "hush")
    monkeypatch.delenv("GONE", raising=False)
    named = {"shop": "postgresql://ann:${WORD}@host/shop", "lost": "postgresql://${GONE}@host/x"}
    assert resolve("shop", named, role="It") == "postgresql://ann:hush@host/shop"
    assert resolve("sqlite:///${WORD}.db", {}, role="It") == "sqlite:///hush.db"
    with pytest.raises(SourceError, match=r"It: the workspace names no database 'shpo'") as caught:
        resolve("shpo", named, role="It")
    assert "shop" in caught.value.hint
    with pytest.raises(SourceError, match=r"names no database 'shop'") as caught:
        resolve("shop", {}, role="It")
    assert "[databases] shop" in caught.value.hint
    with pytest.raises(SourceError, match=r"has no variable 'GONE', which .* lost needs") as caught:
        resolve("lost", named, role="It")
    assert "pass_environment" in caught.value.hint
