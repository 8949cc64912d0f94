from __future__ import annotations

import datetime as dt

import pytest

from proml_lab.errors import NameNotAllowedError, SpecError
from proml_lab.spec import ModelSpec, check_name

FULL = """\
proml: 1
name: flight-delay
label: {column: late, task: binary}
spine: {source: flights, entities: [carrier, tailnum, origin, dest], cutoff: cutoff}
features:
  - weather.at_origin: [temp, wind_speed]
  - carrier.history: {delay: mean_arr_delay_7d}
  - planes.static
transforms: {log_distance: "ln(1 + distance)", hour: "extract(hour from sched_dep)"}
split: {by: time, test_from: 2013-11-01}
learner:
  game:
    - fixed: {l2: 1.0}
    - random: {entity: dest, l2: auto}
evaluate: [auc, log_loss, auc by carrier]
gates: {auc: ">= 0.68", log_loss: "< baseline"}
seed: 7
"""
SMALL = "name: m\nlabel: y\nspine: {source: f}\n"


def test_the_language_is_read_whole() -> None:
    spec = ModelSpec.parse(FULL)
    assert spec.label.task == "binary"
    assert spec.requested() == {
        "weather.at_origin": {"temp": "temp", "wind_speed": "wind_speed"},
        "carrier.history": {"delay": "mean_arr_delay_7d"},
        "planes.static": None,
    }
    assert spec.split.start == dt.datetime(2013, 11, 1, tzinfo=dt.UTC)
    assert spec.learner.name == "game"
    assert spec.learner.options["coordinates"][1] == {"random": {"entity": "dest", "l2": "auto"}}


@pytest.mark.parametrize("text", [FULL, SMALL])
def test_what_is_written_reads_back_equal(text: str) -> None:
    spec = ModelSpec.parse(text)
    assert ModelSpec.parse(spec.to_yaml()) == spec
    assert ModelSpec.parse(spec.to_yaml()).to_yaml() == spec.to_yaml()


def test_but_changes_one_field_and_checks_it() -> None:
    spec = ModelSpec.parse(FULL)
    assert spec.but(learner="linear").learner.name == "linear"
    assert spec.but(learner={"linear": {"l2": 2}}).learner.options == {"l2": 2}
    assert spec.but(seed=8).split == spec.split
    with pytest.raises(SpecError, match=r"flight-delay: sead: unknown field; did you mean 'seed'"):
        spec.but(sead=8)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("label: {column: y, task: binry}", "4: label.task: found 'binry', allowed are 'binary', "),
        ("sede: 3", "4: sede: unknown field; did you mean 'seed'?"),
        ("seed: -1", "4: seed: found -1; it must be at least 0."),
        ("transforms: {a: 'avg(x)'}", "4: transforms.a: SQL 'avg(x)' looks at more than one row"),
        ("transforms: {a b: 'x'}", "4: transforms: found the name 'a b'"),
        ("learner: {trees: {}, linear: {}}", "4: learner: found ['linear', 'trees']; give one"),
        ("split: {by: tim}", "4: split.by: found 'tim', allowed are 'time', 'random', 'str"),
        ("split: {test: 2}", "4: split.test: found 2; it must be less than 1."),
        ("split: {test_from: soon}", "4: split.test_from: found 'soon'; a date such as"),
        ("split: {test_from: 5}", "4: split.test_from: found 5; a date such as 2013-11-01 is"),
        ("split: {test: '0.2'}", "4: split.test: found '0.2'; a number is needed."),
        ("seed: true", "4: seed: found True; a whole number is needed."),
        ("split: {by: random, test_from: 2013-11-01}", "4: split: has test_from, which is for by"),
        (
            "split:\n  gap: a week",
            "5: split.gap: found 'a week'; give a number with its unit, such",
        ),
        ("split:\n  window: all", "5: split.window: found 'all'; give a length such as 7d"),
        (
            "split: {by: random, gap: 7d}",
            "4: split: has gap, which is for by: time, and by: random",
        ),
        ("split: {by: entity, window: 7d}", "4: split: has window, which is for by: time, and by"),
        ("split: {entity: x}", "4: split: has entity, which is for by: entity, and by: time; give"),
        ("split: {test: 0.2, test_from: 2013-11-01}", "4: split: has test and test_from; give one"),
        ("features: weather", "4: features: found 'weather'; a list such as [a, b] is needed."),
        ("proml: 2", "4: proml: found 2, allowed are 1."),
        ("evaluate:\n- auc\n- acu", "6: evaluate[1]: there is no metric 'acu'; did you mean 'auc'"),
        ("evaluate: [acu by x]", "4: evaluate[0]: there is no metric 'acu'; did you mean 'auc'"),
        ("evaluate: ['auc by ']", "4: evaluate[0]: found 'auc by ', which names no column"),
        ("evaluate: [rmse]", "4: evaluate[0]: metric 'rmse' is for task regression or count, this"),
        ("gates:\n  brier: '< 1'\n  acu: '> 1'", "6: gates.acu: there is no metric 'acu'; did you"),
        ("gates: {leak: pass}", "4: gates.leak: there is no metric 'leak'; did you mean 'leakage'"),
        ("gates: {r2: '> 0'}", "4: gates.r2: metric 'r2' is for task regression or count, this is"),
        ("gates:\n  auc: 0.68", "5: gates.auc: found 0.68; write >, >=, < or <= and a number"),
        ("gates: {auc: '> a lot'}", "4: gates.auc: found '> a lot'; write >, >=, < or <= and"),
        ("gates: {auc: pass}", "4: gates: auc has a limit such as '>= 0.68', found 'pass'"),
        ("gates: {drift: '< 1'}", "4: gates: drift is pass or warn, found '< 1'"),
    ],
)
def test_a_wrong_field_says_line_found_and_allowed(line: str, message: str) -> None:
    text = SMALL if not line.startswith("label") else SMALL.replace("label: y", "description: d")
    with pytest.raises(SpecError) as caught:
        ModelSpec.parse(text + line, name="m.proml.yaml")
    assert f"m.proml.yaml:{message}" in str(caught.value)


@pytest.mark.parametrize("limit", [">= 0.68", "<1e-3", "> -2", "<= champion", "< baseline"])
def test_gates_are_limits_of_metrics_and_outcomes_of_checks(limit: str) -> None:
    gates = f"brier: '{limit}', leakage: pass, drift: warn, PN050: pass"
    spec = ModelSpec.parse(f"{SMALL}gates: {{{gates}}}")
    assert spec.gates == {"brier": limit, "leakage": "pass", "drift": "warn", "PN050": "pass"}
    assert ModelSpec.parse(spec.to_yaml()) == spec


def test_a_wrong_label_does_not_hide_a_wrong_metric() -> None:
    text = SMALL.replace("label: y", "label: {task: binry}") + "evaluate: [acu, rmse]"
    with pytest.raises(
        SpecError, match=r"label.task: (.|\n)*evaluate\[0\]: there is no metric"
    ) as e:
        ModelSpec.parse(text)
    assert "evaluate[1]" not in str(e.value)


@pytest.mark.parametrize(
    "name", ["", "A", "a b", "../x", "a/b", "1a", "a--b", "a-", ".a", "a" * 81]
)
def test_names_that_could_not_be_a_folder_are_refused(name: str) -> None:
    with pytest.raises(NameNotAllowedError, match="is not allowed"):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "flight-delay", "m2.v1_x"])
def test_good_names_pass(name: str) -> None:
    assert check_name(name) == name


def test_the_json_schema_describes_every_field() -> None:
    schema = ModelSpec.model_json_schema()
    assert set(schema["properties"]) == set(ModelSpec.model_fields)
    for name, field in schema["properties"].items():
        assert field.get("description") or "$ref" in field or name == "label", name
