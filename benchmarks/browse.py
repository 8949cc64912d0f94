"""The feature browser on 100,000 features in 10,000 view files: what a person waits for.

Run: python benchmarks/browse.py [views] [--questions 200]
Files are written, and what was seen of every feature and who uses it is kept, as in a company that
has profiled all. Then, as the page asks: the first answer of a fresh process, before anything is
indexed and after; the whole catalogue, as a check needs it, in the next one; a key stroke (words,
facets, 50 rows with their little histograms, by each of the orders); a scroll to anywhere; a pick;
the first answer after one file changed; and the card of a feature, first and later. Beside it,
what reading one file costs with the YAML reader alone.
Bars: key stroke and scroll p95 50 ms, pick p95 10 ms, first answer after one change 2 s, in this
process and in a fresh one, as is the whole catalogue. That the index after a change is the one made
anew is checked. Ends with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find import opened
from proml_lab.marketplace.find.search import SORTS
from proml_lab.marketplace.find.words import words
from proml_lab.marketplace.know import kept
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.widgets.browse import Browse
from proml_lab.widgets.questions import answer

NOUNS = words("""
account airport article battery booking branch campaign card cart channel claim contract customer
dealer delivery device driver employee engine event flight hotel invoice item lead listing loan
location machine member merchant order parcel passenger patient payment plane player policy product
project query rating refund region rental report review ride route sale seller sensor session
shipment shop station store student supplier team ticket train transfer trip truck user vehicle
vendor visit voucher wallet warehouse weather website worker
""")
MEASURES = words("""
amount balance capacity charge churn clicks completion cost damage delay demand density depth
discount distance duration effort energy error fee frequency gap growth height humidity income
intensity lag latency length level load loss margin mileage noise occupancy pace power pressure
profit quantity rank rate reach recency revenue risk score share size speed spend strength
temperature throughput traffic turnover usage value velocity visibility voltage volume wait weight
wind yield
""")
WAYS = {"mean": "Average", "sum": "Total", "max": "Highest", "min": "Lowest", "count": "Number of"}
WINDOWS = ("1h", "6h", "1d", "3d", "7d", "14d", "30d", "90d", "180d", "365d")
BARS = {
    "key stroke": 0.05, "scroll": 0.05, "pick": 0.01,
    "change": 2.0, "change, fresh": 2.0, "catalogue": 2.0,
}  # fmt: skip
FRESH = """
import sys, time
from proml_lab.marketplace.workspace import open_workspace
from proml_lab.widgets.questions import answer
start = time.perf_counter()
payload = {"text": "delay", "kept": {}}
reply = answer(open_workspace(sys.argv[1]), {"id": "1", "kind": "search", "payload": payload})
print(time.perf_counter() - start, reply["payload"]["total"])
"""
ALL = """
import sys, time
from proml_lab.marketplace.workspace import open_workspace
start = time.perf_counter()
catalog = open_workspace(sys.argv[1]).catalog
print(time.perf_counter() - start, len(catalog.views))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("views", nargs="?", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=200, help="of each kind")
    args = parser.parse_args()
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        workspace, files = write(Path(folder), args.views, rng)
        print(f"{args.views:,} view files, some {args.views * 10:,} features")
        reading(files[:200])
        print(f"{'nothing indexed, fresh process':34}{fresh(workspace):9.2f} s")
        print(f"{'indexed, fresh process':34}{fresh(workspace):9.2f} s")
        took = {"catalogue": fresh(workspace, ALL)}
        print(f"{'catalogue, fresh process':34}{took['catalogue']:9.2f} s")
        keep(workspace)
        took["change, fresh"] = changed(workspace, rng.choice(files), fresh)
        ask(workspace, "search", text="")
        keys, scrolls, picks = typing(workspace, rng, args.questions)
        for name, spent in (("key stroke", keys), ("scroll", scrolls), ("pick", picks)):
            p50, p95, most = (float(x) * 1e3 for x in np.quantile(spent, (0.5, 0.95, 1)))
            took[name] = p95 / 1e3
            print(f"{name:34}p50 {p50:6.1f}  p95 {p95:6.1f}  most {most:6.1f} ms")
        took["change"] = changed(workspace, rng.choice(files), here)
        same(workspace)
        names = workspace.index.features()
        print(f"{'first card':34}{timed(lambda: card(workspace, names[0])):9.2f} s")
        later = [timed(lambda name=name: card(workspace, name)) for name in rng.sample(names, 50)]
        print(f"{'a card':34}{np.median(later) * 1e3:9.1f} ms")
        changed(workspace, rng.choice(files), catalogue)
    missed = [name for name, bar in BARS.items() if took[name] > bar]
    for name, bar in BARS.items():
        verdict = "MISSED" if name in missed else "passed"
        print(f"{name}: {took[name]:.3f} s, bar {bar} s: {verdict}")
    return int(bool(missed))


def write(root: Path, n: int, rng: random.Random) -> tuple[Workspace, list[Path]]:
    """`n` view files in folders, with ten features each."""
    (root / "proml.toml").touch()
    files = []
    for number in range(n):
        noun, other = rng.sample(NOUNS, 2)
        file = root / "features" / noun / f"{noun}.{other}_{number}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        features = dict(feature(noun, other, rng) for _ in range(10))
        view = {
            "view": file.stem,
            "description": f"What is known of each {noun} from its {other}.",
            "owner": f"{rng.choice(NOUNS[:20])}-core",
            "tags": rng.sample(MEASURES, 2),
            "source": f"{noun}/{other}.parquet",
            "entities": [f"{noun}_id"],
            "event_time": "happened_at",
            "status": rng.choice(("active", "active", "draft")),
            "features": features,
        }
        file.write_text(yaml.dump(view, sort_keys=False, Dumper=yaml.CSafeDumper))
        files.append(file)
    return open_workspace(root), files


def feature(noun: str, other: str, rng: random.Random) -> tuple[str, dict[str, object]]:
    way, measure, window = rng.choice([*WAYS]), rng.choice(MEASURES), rng.choice(WINDOWS)
    return f"{way}_{other}_{measure}_{window}", {
        "type": "integer" if way == "count" else "float",
        "aggregate": way,
        "of": f"{other}_{measure}",
        "window": window,
        "unit": rng.choice(("s", "km", "eur")),
        "description": f"{WAYS[way]} {measure} of the {other}s of a {noun} in {window}.",
    }


def keep(workspace: Workspace) -> None:
    """What was seen of every feature, and some uses."""
    now = time.time_ns() // 1000
    names = workspace.index.names.rows()
    seen = [
        kept.Looked(view, one, meaning, "s", nulls=i % 100 / 100, bars="[1, 5, 9, 5, 1]", low="0",
                    high="9", newest=now - i * 10**6, quiet=5 * 10**10)
        for i, (view, one, meaning) in enumerate(names)
    ]  # fmt: skip
    kept.keep(workspace.profiles, seen)
    uses = [Use(*names[i][:2], "notebook", f"{i % 300}.ipynb") for i in range(0, len(names), 7)]
    kept.keep_uses(workspace.profiles, uses, "now")


def reading(files: list[Path]) -> None:
    """What the YAML readers alone take for a file."""
    texts = [file.read_text() for file in files]
    for name, loader in (("plain YAML reader", yaml.SafeLoader), ("libyaml", yaml.CSafeLoader)):
        spent = timed(lambda loader=loader: [yaml.load(text, Loader=loader) for text in texts])
        print(f"{name + ', one file':34}{spent / len(texts) * 1e3:9.2f} ms")
    spent = timed(lambda: Catalog.read(files, root=files[0].parents[2]))
    print(f"{'read, checked and linked, one file':34}{spent / len(texts) * 1e3:9.2f} ms")


def typing(
    workspace: Workspace, rng: random.Random, n: int
) -> tuple[list[float], list[float], list[float]]:
    """Seconds of key strokes, scrolls and picks."""
    keys, scrolls, picks = [], [], []
    shop = Browse(workspace)
    sorts = [*SORTS]
    while len(keys) < n:
        word = f"{rng.choice(NOUNS)} {rng.choice(MEASURES)}"
        sort = rng.choice(sorts)
        for end in range(1, len(word) + 1):
            text = word[:end]
            keys.append(timed(lambda text=text, sort=sort: ask(workspace, "search", text, sort)))
        found = ask(workspace, "search", word[:3], sort)
        start = rng.randrange(max(int(found["total"]), 1))
        scrolls.append(
            timed(lambda: ask(workspace, "rows", word[:3], sort, start=start))  # noqa: B023
        )
        names = [row["name"] for row in found["rows"][:5]]
        picks.append(timed(lambda: setattr(shop, "picked", [*shop.picked[-20:], *names])))  # noqa: B023
    return keys, scrolls, picks


def changed(workspace: Workspace, file: Path, look: Callable[[Workspace], float]) -> float:
    """Seconds that `look` takes after one file changed; the files are looked at anew."""
    text = file.read_text()
    file.write_text(text.replace("description: What is known", "description: All we know", 1))
    opened._ASKED.clear()
    took = look(workspace)
    print(f"{'after one file changed, ' + look.__name__:34}{took:9.2f} s")
    return took


def here(workspace: Workspace) -> float:
    return timed(lambda: ask(workspace, "search", "delay"))


def catalogue(workspace: Workspace) -> float:
    return timed(lambda: workspace.catalog)


def fresh(workspace: Workspace, code: str = FRESH) -> float:
    """The first answer of another process, without its start."""
    command = [sys.executable, "-c", code, str(workspace.root)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(said.split()[0])


def same(workspace: Workspace) -> None:
    """The index that was brought up to date must be the one that is made of the catalogue."""
    ours, anew = workspace.index, workspace.catalog.index
    for name in ("starts", "rows", "places", "name_sizes", "meanings"):
        assert np.array_equal(getattr(ours, name), getattr(anew, name)), name
    assert ours.vocabulary.words == anew.vocabulary.words
    assert ours.table_of_features().equals(anew.table_of_features())


def card(workspace: Workspace, name: str) -> None:
    workspace.card(name, values=False)


def ask(
    workspace: Workspace, kind: str, text: str = "", sort: str = "relevance", **more: object
) -> dict[str, object]:
    payload = {"text": text, "kept": {}, "sort": sort, **more}
    reply = answer(workspace, {"id": "1", "kind": kind, "payload": payload})
    assert reply is not None
    assert "error" not in reply, reply
    return reply["payload"]  # type: ignore[return-value]


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
