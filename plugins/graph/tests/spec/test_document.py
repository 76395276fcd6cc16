"""The documents of a file that nobody trusts."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.document import deployment_of
from seldon_runtime_graph.spec.predictors import read_file

MINIMAL = {"kind": "SeldonDeployment", "spec": {"predictors": [{"graph": {"name": "a"}}]}}


def written(tmp_path, text, name="graph.yaml"):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize("name", ["graph.json", "graph.yaml"])
def test_json_is_read_from_files_of_both_names(tmp_path, name):
    assert read_file(written(tmp_path, json.dumps(MINIMAL), name)).predictors[0].graph.name == "a"


@pytest.mark.parametrize(
    "text",
    [
        "{kind: SeldonDeployment, spec: {predictors: [{graph: {name: a}}]}}",
        '{"kind": "SeldonDeployment", "spec": {"predictors": [{"graph": {"name": "a"},}]}}',
        '{"kind": "Service"}\n---\n' + json.dumps(MINIMAL),
        '{"kind": "Service"}\n---\nkind: SeldonDeployment\nspec: {predictors: [{graph: {name: a}}]}',
    ],
)
def test_yaml_may_begin_with_a_brace(tmp_path, text):
    assert read_file(written(tmp_path, text)).predictors[0].graph.name == "a"
    with pytest.raises(StartupError, match=r"not valid JSON: [^;]*$"):
        read_file(written(tmp_path, text, "graph.json"))


def test_the_deployment_is_found_among_other_documents_and_in_a_list(tmp_path):
    text = "kind: Service\n---\n# nothing\n---\nkind: List\nitems:\n- kind: Secret\n- " + json.dumps(MINIMAL)
    assert read_file(written(tmp_path, text)).predictors[0].graph.name == "a"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "holds nothing, expected kind: SeldonDeployment"),
        ("[1]", "no object"),
        ("kind: InferenceService", "holds InferenceService"),
        ("a: [", "not valid YAML"),
        ("{", "not valid JSON: .*; the file is not valid YAML: "),
        (b"\xff\xfe\x00", "not UTF-8"),
        ("x: " + "y" * 1_600_000, "more than 1500000 bytes"),
        (json.dumps(MINIMAL) + " ", None),
        ("---\n" + json.dumps(MINIMAL) + "\n---\n" + json.dumps(MINIMAL), "2 SeldonDeployments"),
        (json.dumps({"kind": "List", "items": [{**MINIMAL, "metadata": ["x"]}, MINIMAL]}), "2 SeldonDepl"),
        (json.dumps({"kind": "List", "items": [{**MINIMAL, "metadata": "x"}, MINIMAL]}), "2 SeldonDepl"),
        (json.dumps({**MINIMAL, "apiVersion": "machinelearning.seldon.io/v2"}), "v1alpha2"),
        ("a: &a [*a]", "nests more than"),
        ("[" * 5000, "nests too deeply|not valid"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, text, wanted):
    file = written(tmp_path, text)
    if wanted is None:
        deployment_of(file)
        return
    with pytest.raises(StartupError, match=wanted):
        deployment_of(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StartupError, match=r"none\.yaml: the file cannot be read: No such file"):
        read_file(tmp_path / "none.yaml")


def test_aliases_do_not_take_the_memory_of_what_they_stand_for(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(StartupError, match="more than 100000 values, aliases included"):
        deployment_of(written(tmp_path, "\n".join(lines)))


def test_tags_of_python_make_no_objects(tmp_path):
    with pytest.raises(StartupError, match="not valid YAML"):
        deployment_of(written(tmp_path, "a: !!python/object/apply:time.sleep [10]"))


@pytest.mark.parametrize(
    "value",
    [
        "!!bool x",
        "!!timestamp x",
        "!!int x",
        "!!int ''",
        "!!float x",
        "!!binary ä",
        "!!map x",
        "2026-13-45",
    ],
)
def test_a_value_that_does_not_fit_its_tag_is_not_valid_yaml(tmp_path, value):
    with pytest.raises(StartupError, match="the file is not valid YAML: "):
        read_file(written(tmp_path, f"traffic: {value}\n"))


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "1:" * 3000 + "1"])
@pytest.mark.parametrize(
    "place", ["traffic: {}", "labels: {{a: {}}}", "graph: {{name: a, parameters: [{}]}}"]
)
def test_a_number_that_no_message_could_write_is_refused(tmp_path, number, place):
    text = f"kind: SeldonDeployment\nspec:\n  predictors:\n  - {place.format(number)}\n"
    with pytest.raises(StartupError, match=r"graph\.yaml: the file has a whole number of \d+ bits, at most"):
        read_file(written(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("graph.yaml", "kind: SeldonDeployment\nspec:\n  predictors: []\nspec:\n  predictors: []\n"),
        ("graph.yaml", "kind: SeldonDeployment\nspec: {predictors: [{graph: {name: a, spec: 1, spec: 1}}]}"),
        ("graph.yaml", '{"kind": "SeldonDeployment", "spec": {}, "spec": {}}'),
        ("graph.json", '{"kind": "SeldonDeployment", "spec": {}, "spec": {}}'),
    ],
)
def test_a_member_that_stands_twice_in_an_object_is_refused(tmp_path, name, text):
    with pytest.raises(StartupError, match=r"has the member 'spec' twice"):
        read_file(written(tmp_path, text, name))


def test_members_that_yaml_merges_may_stand_in_the_object_too(tmp_path):
    text = "x: &x {name: b, type: ROUTER}\nkind: SeldonDeployment\nspec:\n  predictors:\n"
    found = read_file(written(tmp_path, text + "  - graph: {<<: *x, name: a}\n")).predictors[0].graph
    assert (found.name, found.type) == ("a", "ROUTER")


KEYS = [
    "kind",
    "spec",
    "predictors",
    "graph",
    "name",
    "children",
    "type",
    "methods",
    "parameters",
    "metadata",
    "items",
    "endpoint",
]
LEAVES = st.none() | st.booleans() | st.integers() | st.text()
ANYTHING = st.recursive(LEAVES, lambda each: st.lists(each) | st.dictionaries(st.sampled_from(KEYS), each))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANYTHING | st.fixed_dictionaries({"spec": st.fixed_dictionaries({"predictors": st.lists(ANYTHING)})}))
def test_any_document_is_read_or_refused(tmp_path, document):
    with suppress(StartupError):
        read_file(written(tmp_path, json.dumps(document), "any.json"))


def test_the_line_of_a_fault_of_yaml_is_named(tmp_path):
    with pytest.raises(StartupError) as caught:
        read_file(written(tmp_path, "kind: SeldonDeployment\nspec:\n\tpredictors: []\n"))
    assert str(caught.value).endswith(
        "the file is not valid YAML: line 3, column 1: found character '\\t' that cannot start any token. "
        "Indent with spaces"
    )
    with pytest.raises(StartupError, match=r"line 3, column 3: an object has the member 'a' twice$"):
        read_file(written(tmp_path, "spec:\n  {a: 1, a: 2}\n".replace("{a: 1, a: 2}", "a: 1\n  a: 2")))
