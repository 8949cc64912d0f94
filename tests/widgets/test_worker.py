from __future__ import annotations

from threading import Event, current_thread, main_thread

from proml_lab.widgets.worker import Worker


def test_of_what_waits_only_the_newest_of_a_kind_is_done() -> None:
    worker, begun, go_on, done = Worker(), Event(), Event(), Event()
    seen: list[str] = []

    def first() -> None:
        begun.set()
        assert go_on.wait(20)
        seen.append("first")

    worker.do("a", first)
    assert begun.wait(20)
    worker.do("a", lambda: seen.append("old"))
    worker.do("b", lambda: seen.append("b"))
    worker.do("a", lambda: (seen.append("new"), done.set()))  # type: ignore[func-returns-value]
    go_on.set()
    assert done.wait(20)
    assert seen == ["first", "b", "new"]


def test_it_works_beside_and_again() -> None:
    worker = Worker()
    for _ in range(20):
        done = Event()
        beside: list[bool] = []

        def work(beside: list[bool] = beside, done: Event = done) -> None:
            beside.append(current_thread() is not main_thread() and current_thread().daemon)
            done.set()

        worker.do("a", work)
        assert done.wait(20)
        assert beside == [True]
