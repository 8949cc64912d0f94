"""The list of variables that pass: what is needed does, what may be secret does not."""

from __future__ import annotations

import pytest

from proml_lab.promote.run.environment import allowed, passed


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "LC_ALL", "TZ", "OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "VIRTUAL_ENV"),
        *("PYTHONHASHSEED", "PROML_OUTPUTS", "SYSTEMROOT", "SystemRoot", "NUMBA_CACHE_DIR"),
    ],
)
def test_what_a_kernel_needs_passes(name: str) -> None:
    assert allowed({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "MLFLOW_TRACKING_PASSWORD"),
        *("PATHS", "PYTHONSTARTUP", "HTTPS_PROXY", "EDITOR", "PROML_REGISTRY", "PROML_ANY"),
        *("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME"),
        *("POLARS_CLOUD_CLIENT_SECRET", "XDG_SESSION_COOKIE", "NUMBA_AUTH", "PROML_CACHE_PASSWD"),
    ],
)
def test_the_rest_does_not_unless_it_is_asked_for(name: str) -> None:
    assert allowed({name: "x"}) == {}
    assert allowed({name: "x"}, [name]) == {name: "x"}


def test_names_of_what_was_asked_for_and_is_there() -> None:
    environ = {"PATH": "/bin", "B_PROFILE": "b", "A_PROFILE": "a"}
    assert passed(environ, ["B_PROFILE", "A_PROFILE", "ABSENT", "PATH"]) == (
        "A_PROFILE",
        "B_PROFILE",
    )
