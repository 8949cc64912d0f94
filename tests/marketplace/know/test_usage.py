"""Counts of uses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from proml_lab.contracts import Report
from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.know.usage import Use, usage
from proml_lab.marketplace.workspace import Workspace
from proml_lab.plots.svg import to_svg


def day(n: int) -> datetime:
    return datetime(2024, 3, n, tzinfo=UTC)


USES = (
    Use("shop.sales", "price", "artifact", "churn@1", model="churn", version=1, notebook="a.ipynb",
        aliases=("champion",), who="Ada", when=day(2)),
    Use("shop.sales", "price", "artifact", "churn@2", model="churn", version=2, notebook="a.ipynb",
        who="Bob", when=day(5)),
    Use("shop.sales", "price", "notebook", "b.ipynb", who="Ada", when=day(3)),
    Use("shop.sales", "cheap", "spec", "c.proml.yaml", model="other", when=day(1)),
    Use("shop.gone", "old", "artifact", "churn@1", model="churn", version=1),
)  # fmt: skip


def test_counts(shop: Workspace) -> None:
    found = usage(shop.catalog, USES)
    assert isinstance(found, Report)
    rows = {f"{row['view']}.{row['feature']}": row for row in found.frame().to_dicts()}
    price = rows["shop.sales.price"]
    assert [price[n] for n in ("artifacts", "models", "specs", "notebooks", "people")] == [
        2, 1, 0, 2, 2,
    ]  # fmt: skip
    assert (price["champion"], price["last"], price["by"]) == (True, day(5), ["Ada", "Bob"])
    assert rows["shop.sales.n_7d"]["last"] is None
    assert rows["shop.gone.old"]["artifacts"] == 1
    assert next(iter(rows)) == "shop.sales.price"
    assert found.title == "3 of 6 features in use"
    assert found.rows().height == 5
    assert "shop.sales.price" in found._repr_mimebundle_()["text/plain"]
    assert "3 of 6 features in use" in to_svg(found.figure())


def test_of_one_view_or_feature(shop: Workspace) -> None:
    assert usage(shop.catalog, USES, of="shop.worth").frame().height == 2
    one = usage(shop.catalog, USES, of="shop.sales.price", notes=["a.ipynb cannot be read."])
    assert one.title == "1 of 1 feature of shop.sales.price in use"
    assert len(one.uses) == 3
    assert "a.ipynb cannot be read." in one._repr_mimebundle_()["text/plain"]
    with pytest.raises(UnknownNameError, match=r"no view or feature 'shop.sale'.*\n.*shop.sales"):
        usage(shop.catalog, USES, of="shop.sale")
