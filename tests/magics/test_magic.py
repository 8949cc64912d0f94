"""The magic in a real kernel."""

from __future__ import annotations

import json
import re

import pytest

from tests.magics.conftest import Kernel

OWNERS = ("engineering", "met-office")


@pytest.fixture
def ready(kernel: Kernel) -> Kernel:
    """The kernel with a spec, a dataset and two models."""
    if kernel.run("'linear' in globals()").plain == "False":
        for line in (
            "%proml spec delay.proml.yaml -o spec;",
            "%proml dataset spec -o train;",
            "%proml fit gbm --spec spec --on train;",
            "%proml fit linear --spec spec --on train --learner linear;",
        ):
            reply = kernel.run(line)
            assert not reply.error, reply.error
    return kernel


def test_help_lists_the_verbs(kernel: Kernel) -> None:
    for line in ("%proml", "%proml help", "%proml --help"):
        assert re.search(r"  fit +fit a model and call it by a name", kernel.run(line).plain)


def test_every_verb_says_how_it_is_used(kernel: Kernel) -> None:
    assert kernel.run("%proml help fit").plain == kernel.run("%proml fit --help").plain
    assert "usage: %proml fit" in kernel.run("%proml fit -h").plain


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%proml fitt gbm", "UsageError: There is no verb 'fitt'.\nHint: did you mean 'fit'?"),
        ("%proml help fitt", "UsageError: There is no verb 'fitt'.\nHint: did you mean 'fit'?"),
        ("%proml fit g --sepc s", "no option '--sepc'.\nHint: did you mean '--spec'"),
        ("%proml fit gbm", "UsageError: What to fit is not said."),
        ("%proml fit 1gbm --spec spec", "'1gbm' cannot be a variable"),
        ("%proml fit g --spec nosuch.yaml", "SourceError: There is no file 'nosuch.yaml'"),
        ("%proml compare gmb", "There is no variable 'gmb'.\nHint: did you mean 'gbm'?"),
        ("%proml compare train", "'train' is a Dataset, not a model.\nHint: there is gbm"),
        ("%proml fit g --spec train", "'train' is a Dataset, not a model spec."),
        ("%proml fit g --spec spec --on gbm", "'gbm' is a Model, not a dataset."),
        ("%proml fit g --spec spec --learner tree", "There is no learner 'tree'"),
        ("%proml fit g --spec spec --on train --set leaves=3", "leaves: unknown"),
        ("%proml compare gbm --metric acu", "There is no metric 'acu'"),
        ("%proml explain gbm --feature tmep", "'tmep'.\nHint: did you mean 'temp'?"),
        ("%proml explain gbm --kind pie", "There is no kind of picture 'pie'"),
        ("%proml explain gbm --row 4000", "There is no row 4,000.\nHint: rows are 0 to 200."),
        ("%proml dataset", "What to join is not said: --spine and --features missing"),
        ("%proml dataset spec --spine flights", "A spec and parts of one were given"),
        (
            "%proml dataset --spine flights --features weather.hourly.wnd --cutoff cutoff",
            "UnknownNameError: There is no feature 'weather.hourly.wnd'.\n"
            "Hint: did you mean 'weather.hourly.wind'",
        ),
        (
            "%proml dataset --spine flights --features weather.houry --cutoff cutoff",
            "There is no feature 'weather.houry'.",
        ),
        ("%proml spec", "No spec was named"),
        ("%proml spec spec --label late", "--label belongs to a draft"),
        ("%proml spec draft --from gbm", "'gbm' is a Model: a draft is made from"),
        ("%proml output model", "'model' is not a setting"),
        ("%proml output metrics=gbm", "Output 'metrics' is a model"),
        ("%proml output model=gmb", "There is no variable 'gmb'"),
        ("%proml promote absent.ipynb --name x", "NotebookError"),
        ("%proml promote absent.ipynb --name x -p n", "There is no notebook 'absent.ipynb'"),
        ("%proml artifacts nothing@1", "no artifact 'nothing'"),
        ("%proml features 'wind", 'A quote in "features \'wind" is not closed'),
        ("%proml features {{1 +}}", "does not hold one Python expression"),
        ("%%proml features\nwind", "%%proml features reads no cell body"),
        ("%%proml spec\n   ", "The body of %%proml spec is empty"),
        ("%%proml spec spec\nname: a", "A cell body holds the whole spec"),
        ("%%proml fit g --spec spec\nname: a", "A spec and a cell body were given"),
        ("%%proml spec\nname: a\nlabel: y\nspine: {source: f}\nsede: 1", "cell:5: sede: unknown"),
        ("%proml init --example fligths", "There is no example 'fligths'"),
        ("%proml features --workspace nowhere", "WorkspaceError: There is no folder"),
    ],
)
def test_an_error_of_ours_is_one_line_and_a_hint(ready: Kernel, line: str, said: str) -> None:
    error = ready.run(line).error
    assert said in error
    assert "Traceback" not in error
    assert "proml_lab/" not in error
    assert len(error.splitlines()) <= 3


def test_an_error_of_the_user_keeps_its_traceback(kernel: Kernel) -> None:
    error = kernel.run("%proml features {{1 / 0}}").error
    assert "ZeroDivisionError" in error
    assert "Traceback" in error


def test_a_cell_writes_a_spec_with_values_of_the_notebook(kernel: Kernel) -> None:
    kernel.run("n, start = 25, '2013-01-07'")
    reply = kernel.run(
        "%%proml spec -o inner\n"
        "name: inner\nlabel: late\n"
        "spine: {source: flights, entities: [origin], cutoff: cutoff}\n"
        "features: [weather.hourly]\n"
        "split: {by: time, test_from: {{start}}}\n"
        "learner: {trees: {n_trees: {{n}}}}\n"
    )
    assert "name: inner" in reply.plain
    assert "<code>" in reply.html
    shown = kernel.run("inner.learner.options, str(inner.split.test_from)").plain
    assert shown == "({'n_trees': 25}, '2013-01-07')"


def test_a_cell_fits_what_its_body_says(ready: Kernel) -> None:
    reply = ready.run(
        "%%proml fit rate\nname: rate\nlabel: late\n"
        "spine: {source: flights, entities: [origin], cutoff: cutoff}\n"
        "features: [weather.hourly]\nsplit: {by: time, test: 0.25}\nlearner: baseline\n"
    )
    assert not reply.error, reply.error
    assert ready.run("rate.learner, type(rate).__name__").plain == "('baseline', 'Model')"


def test_fit_binds_the_name_and_returns_the_model(ready: Kernel) -> None:
    reply = ready.run("%proml fit other --spec spec --on train --set num_leaves=5 --seed 3")
    assert "Model delay: trees" in reply.plain
    assert "<table" in reply.html or "<div" in reply.html
    shown = ready.run("(other.spec.learner.options, other.spec.seed, _ is other)").plain
    assert shown == "({'n_trees': 20, 'num_leaves': 5}, 3, True)"


def test_another_learner_starts_from_its_own_defaults(ready: Kernel) -> None:
    assert ready.run("linear.spec.learner.options").plain == "{}"


def test_a_semicolon_shows_nothing_and_output_keeps_the_result(ready: Kernel) -> None:
    reply = ready.run("%proml compare gbm linear -o board;")
    assert not reply.bundles
    assert ready.run("board.names").plain == "('gbm', 'linear')"


def test_an_assignment_gets_the_object(ready: Kernel) -> None:
    ready.run("mine = %proml compare gbm --metric auc")
    assert ready.run("mine.frame()['metric'].to_list()").plain == "['auc']"


def test_values_stand_in_options_too(ready: Kernel) -> None:
    ready.run("names, n = ['auc', 'log_loss'], 2")
    reply = ready.run("%proml compare gbm --metric {{names}} -o asked;")
    assert not reply.error, reply.error
    assert ready.run("sorted(set(asked.frame()['metric']))").plain == "['auc', 'log_loss']"
    assert "row 3" in ready.run("%proml explain gbm --row {{n + 1}}").html


def test_explain_shows_all_or_one_picture_without_script(ready: Kernel) -> None:
    whole = ready.run("%proml explain gbm -o why")
    assert ready.run("type(why).__name__").plain == "'Explanation'"
    for reply in (whole, ready.run("%proml explain gbm --kind beeswarm")):
        assert "<svg" in reply.html
        assert "<script" not in reply.html
    assert ready.run("%proml explain gbm --feature wind").plain.startswith("Contribution against")


def test_output_outside_of_a_promotion_only_checks(ready: Kernel) -> None:
    ready.run("%proml compare gbm linear -o board;")
    said = ready.run("%proml output model=gbm metrics=board n_trees=20").plain
    assert "A promotion of this notebook records model" in said


def test_a_draft_is_offered_as_the_next_cell(ready: Kernel) -> None:
    reply = ready.run("%proml spec draft --from train --name mine -o drafted")
    (offered,) = [p for p in reply.payload if p["source"] == "set_next_input"]
    assert offered["text"].startswith("%%proml spec -o spec\nproml: 1\nname: mine\n")
    again = ready.run(offered["text"])
    assert not again.error, again.error
    assert ready.run("spec == drafted").plain == "True"
    ready.run("%proml spec delay.proml.yaml -o spec;")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("%proml spec spec -o a", "a.to_yaml()"),
        ("%proml dataset spec -o a", "a.fingerprint"),
        (
            "%proml dataset --spine flights --features weather.hourly.wind,fleet.planes "
            "--entities origin,plane --cutoff cutoff --label late -o a",
            "a.fingerprint",
        ),
        ("%proml fit a --spec spec --on train --set num_leaves=5 --seed 3", "a.spec, a.data"),
        ("%proml fit a --spec delay.proml.yaml --learner linear", "a.spec, a.data"),
        ("%proml fit a --spec spec --on train --learner trees --set n_trees=3", "a.spec"),
        ("%proml compare gbm linear -o a", "a.frame().to_dicts()"),
        ("%proml explain gbm -o a", "a.frame().to_dicts()"),
        ("%proml output model=gbm n=3 -o a", "str(a)"),
        ("%proml artifacts -o a", "str(a)"),
        ("%%proml fit a --seed 9\n" + "{{spec.to_yaml()}}", "a.spec, a.data"),
        ("%%proml spec -o a\n" + "{{spec.to_yaml()}}", "a.to_yaml()"),
        ("%%proml spec -o a\n" + '{{spec.to_yaml()}}description: "\\u00b0"', "a.to_yaml()"),
        ("%proml spec draft --from train --name b -o a", "a.to_yaml()"),
        ("%proml spec delay.proml.yaml -o a", "a.to_yaml()"),
    ],
)
def test_the_code_does_the_same(ready: Kernel, line: str, shown: str) -> None:
    first, *body = line.split("\n")
    done = ready.run("\n".join([first + ";", *body]))
    assert not done.error, done.error
    want = ready.run(shown).plain
    printed = ready.run("\n".join([first + " --code", *body]))
    assert not printed.bundles
    assert printed.stdout, printed.error
    fresh = ready.run(f"del a\n{printed.stdout}")
    assert not fresh.error, fresh.error
    assert ready.run(shown).plain == want


def test_the_code_of_a_workspace_elsewhere_names_it(kernel: Kernel) -> None:
    printed = kernel.run("%proml features wind --workspace '..' --code").stdout
    assert printed == (
        "from proml_lab import open_workspace\n"
        "from proml_lab.magics.users import with_users\n\n"
        "with_users(open_workspace('..')).search('wind')\n"
    )


def test_config(kernel: Kernel) -> None:
    said = kernel.run("%config ProML").stdout
    assert "ProML.progress" in said
    assert "ProML.workspace" in said
    kernel.run("%config ProML.workspace = 'nowhere'")
    assert "There is no folder" in kernel.run("%proml artifacts").error
    kernel.run("%config ProML.workspace = ''")
    assert not kernel.run("%proml artifacts").error


def test_rows_are_those_of_the_settings_or_of_the_workspace(kernel: Kernel) -> None:
    assert "more" not in kernel.run("%proml features").plain
    kernel.run("%config ProML.rows = 1")
    assert "and 3 more" in kernel.run("%proml features").plain
    kernel.run("%config ProML.rows = 0")
    kernel.run("open('proml.toml', 'w').write('rows = 2');")
    assert "and 2 more" in kernel.run("%proml features").plain
    kernel.run("open('proml.toml', 'w').write('');")
    assert "more" not in kernel.run("%proml features").plain


def test_the_workspace_follows_the_current_folder(kernel: Kernel) -> None:
    before = kernel.run("import os; here = os.getcwd(); os.chdir('/')")
    assert not before.error
    assert "No workspace in / or above it" in kernel.run("%proml artifacts").error
    kernel.run("os.chdir(here)")
    assert not kernel.run("%proml artifacts").error


def test_a_long_work_shows_one_bar_that_updates_in_place(kernel: Kernel) -> None:
    reply = kernel.run(
        "import time\n"
        "from proml_lab.magics.progress import progress\n"
        "with progress('gbm', 'bar') as tell:\n"
        "    for i in range(8):\n"
        "        time.sleep(0.12)\n"
        "        tell(i / 8, 'trees')\n"
    )
    assert len(reply.bundles) == 1
    assert 'role="progressbar"' in reply.html
    assert len(reply.updates) > 2
    assert reply.updates[-1]["text/plain"].startswith("gbm: done after")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%proml fe", ["%proml features"]),
        ("%%proml fi", ["%%proml fit"]),
        ("x = %proml comp", ["x = %proml compare"]),
        ("%proml fit a --spec spec --on tra", ["%proml fit a --spec spec --on train"]),
        ("%proml fit a --le", ["%proml fit a --learner"]),
        ("%proml fit a --learner lin", ["%proml fit a --learner linear"]),
        ("%proml explain gb", ["%proml explain gbm"]),
        (
            "%proml dataset --features fleet.planes.seats,weather.hourly.w",
            ["%proml dataset --features fleet.planes.seats,weather.hourly.wind"],
        ),
        (
            "%proml explain gbm --feature ",
            [f"%proml explain gbm --feature {name}" for name in ("seats", "temp", "wind")],
        ),
        ("%proml features --owner ", [f"%proml features --owner {o}" for o in OWNERS]),
        ("%proml fit gb", []),
        ("%proml compare gbm --on nothing", []),
        ("%proml output metrics=gb", ["%proml output metrics=gbm"]),
        ("%proml features {{tra", ["%proml features {{train"]),
        ("x = 1\n%proml arti", ["x = 1\n%proml artifacts"]),
    ],
)
def test_completion_in_the_kernel(ready: Kernel, typed: str, offered: list[str]) -> None:
    ready.run("%proml features --workspace nowhere")  # holds for that line alone
    assert ready.complete(typed) == offered


def test_loading_twice_is_once_and_unloading_takes_it_away(kernel: Kernel) -> None:
    kernel.run("%reload_ext proml_lab")
    count = (
        "import json; shell = get_ipython(); print(json.dumps([sum(type(c).__name__ == 'ProML' "
        "for c in shell.configurables), sum(type(m).__name__ == 'Completion' "
        "for m in shell.Completer.custom_matchers)]))"
    )
    assert json.loads(kernel.run(count).stdout) == [1, 1]
    kernel.run("%unload_ext proml_lab")
    assert json.loads(kernel.run(count).stdout) == [0, 0]
    assert "`%proml` not found" in kernel.run("%proml help").stderr
    kernel.run("%load_ext proml_lab")
    assert json.loads(kernel.run(count).stdout) == [1, 1]
