"""In the soak only: kill -9 of the MLflow server at every step of registering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from proml_lab.errors import RegistryError
from proml_lab.promote.registry import Registry
from tests.promote.registry.test_server import Server, reserved
from tests.promote.registry.test_survival import STEPS

CALLS = [step.partition(".")[2] for step in STEPS if "." in step]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", [*CALLS, "log_artifacts"])
def test_kill_9_of_the_server_at_every_step(
    server: Server, tmp_path: Path, call: str, moment: str
) -> None:
    there = tmp_path / "here" / "artifacts"
    given: Callable[..., object] = getattr(mlflow.MlflowClient, call)

    def killed(*args: object, **named: object) -> object:
        answer = given(*args, **named) if moment == "after" else None
        server.kill()
        return answer if moment == "after" else given(*args, **named)

    with pytest.MonkeyPatch.context() as patch:
        found = Registry(server.address, there)
        found.open()
        patch.setattr(mlflow.MlflowClient, call, killed)
        if (call, moment) == ("set_model_version_tag", "after"):
            reserved(found)  # it was the last step
        else:
            with pytest.raises(RegistryError, match="cannot be used: it does not answer") as caught:
                reserved(found)
            assert len(str(caught.value).splitlines()) == 2
    server.start()
    before = [v.version for v in Registry(server.address, there).versions("some")]
    again = Registry(server.address, there)
    new = reserved(again)
    after = [v.version for v in again.versions("some")]
    assert after[: len(before)] == before
    assert after[-1] == new
    assert after == again.present("some")
    client = again.connection.client
    experiment = client.get_experiment_by_name("some")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
