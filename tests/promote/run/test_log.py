"""The log: a line an event, readable whatever a crash left."""

from __future__ import annotations

from pathlib import Path

from proml_lab.promote.run import log


def test_events_come_back_in_order_without_a_line_that_was_cut_off(tmp_path: Path) -> None:
    for number in range(2):
        file = log.RunLog(tmp_path)
        file.write("start", cell=number, id="ä")
        file.close()
    with (tmp_path / "run.jsonl").open("a") as text:
        text.write('[1]\n{"event": "en')
    found = list(log.events(tmp_path))
    assert [(e["event"], e["cell"], e["id"]) for e in found] == [
        ("start", 0, "ä"),
        ("start", 1, "ä"),
    ]
    assert all(str(e["at"]).endswith("+00:00") for e in found)
