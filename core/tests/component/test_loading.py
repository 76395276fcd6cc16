"""From a reference to a class: every form, and an error that helps for everything that goes wrong."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.component.loading import create, load_class
from seldon_runtime.errors import StartupError

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a module into an own current directory; sys.path and sys.modules are as before afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    before = set(sys.modules)

    def write(name: str, source: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
        return file

    yield write
    for name in set(sys.modules) - before:
        if _comes_from(sys.modules[name], tmp_path):
            del sys.modules[name]
    for entry in [entry for entry in sys.path_importer_cache if entry.startswith(str(tmp_path))]:
        del sys.path_importer_cache[entry]


def _comes_from(module: Any, folder: Path) -> bool:
    places = [getattr(module, "__file__", None) or "", *map(str, getattr(module, "__path__", []))]
    return any(place.startswith(str(folder)) for place in places)


def refusal(reference: str) -> str:
    with pytest.raises(StartupError) as caught:
        load_class(reference)
    return str(caught.value)


MODEL = "class MyModel:\n    def predict(self, X, names): return X\n"


def test_a_single_name_is_module_and_class(write: Write, tmp_path: Path) -> None:
    write("MyModel.py", MODEL)
    found = load_class("MyModel")
    assert found.__name__ == "MyModel"
    assert found.__module__ == "MyModel"
    assert sys.path[0] == str(tmp_path)


@pytest.mark.parametrize("reference", ["shop.floor.till.Till", "shop.floor.till:Till"])
def test_a_dotted_name_is_a_class_in_a_package(write: Write, reference: str) -> None:
    write("shop/__init__.py", "")
    write("shop/floor/__init__.py", "")
    write("shop/floor/till.py", "class Till: pass")
    assert load_class(reference).__module__ == "shop.floor.till"


def test_packages_need_no_init_file(write: Write) -> None:
    write("yard/gate.py", "class Gate: pass")
    assert load_class("yard.gate.Gate").__name__ == "Gate"


def test_a_class_may_be_meant_by_the_module_of_its_name(write: Write) -> None:
    write("pkg/__init__.py", "")
    write("pkg/MyModel.py", MODEL)
    assert load_class("pkg.MyModel").__module__ == "pkg.MyModel"


def test_a_class_the_package_itself_offers_goes_before_the_module_of_its_name(write: Write) -> None:
    write("pkg/__init__.py", "from pkg.other import MyModel")
    write("pkg/MyModel.py", MODEL)
    write("pkg/other.py", "class MyModel: pass")
    assert load_class("pkg.MyModel").__module__ == "pkg.other"


def test_a_file_is_loaded_with_its_folder_first_on_the_path(write: Write, tmp_path: Path) -> None:
    write("models/MyModel.py", "from sibling import MyModel, Other")
    write("models/sibling.py", MODEL + "class Other: pass")
    assert load_class("models/MyModel.py").__name__ == "MyModel"
    assert load_class("models/MyModel.py:Other").__name__ == "Other"
    assert load_class(str(tmp_path / "models" / "MyModel.py")).__name__ == "MyModel"
    assert sys.path[0] == str(tmp_path / "models")
    assert sys.path.count(str(tmp_path / "models")) == 1


def test_a_file_behind_a_link_keeps_its_name(write: Write, tmp_path: Path) -> None:
    write("..data/stored", MODEL)
    (tmp_path / "MyModel.py").symlink_to(tmp_path / "..data" / "stored")
    assert load_class("MyModel.py").__module__ == "MyModel"


def test_the_module_is_run_once(write: Write) -> None:
    write("MyModel.py", "import sys\nsys.counted = getattr(sys, 'counted', 0) + 1\n" + MODEL)
    try:
        assert load_class("MyModel") is load_class("MyModel.py")
        assert sys.counted == 1  # type: ignore[attr-defined]
    finally:
        del sys.counted  # type: ignore[attr-defined]


def test_an_installed_class_can_be_named(write: Write) -> None:
    assert load_class("collections.OrderedDict").__name__ == "OrderedDict"


def test_a_missing_module_names_those_that_are_there(write: Write, tmp_path: Path) -> None:
    write("MyModel.py", MODEL)
    write("other.py", "")
    assert refusal("mymodle") == (
        f"there is no module 'mymodle' in {tmp_path} or installed; "
        "available: MyModel, other. Did you mean MyModel?"
    )


def test_a_missing_module_of_a_package_names_those_that_are_there(write: Write) -> None:
    write("pkg/__init__.py", "")
    write("pkg/model.py", "")
    assert (
        refusal("pkg.modell.X")
        == "there is no module 'modell' in 'pkg'; available: model. Did you mean model?"
    )
    assert refusal("pkg.model.deeper.X") == "there is no module 'deeper' in 'pkg.model'"


def test_a_missing_file_names_those_that_are_there(write: Write, tmp_path: Path) -> None:
    write("models/MyModel.py", MODEL)
    assert refusal("models/MyModl.py") == (
        f"there is no file {tmp_path}/models/MyModl.py; available: MyModel. Did you mean MyModel?"
    )
    assert refusal("nowhere/MyModel.py") == f"there is no file {tmp_path}/nowhere/MyModel.py"


def test_long_lists_are_cut(write: Write) -> None:
    for index in range(25):
        write(f"m{index:02}.py", "")
    assert "m18, m19 and 5 more" in refusal("Nothing")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import not_installed_anywhere", "ModuleNotFoundError: No module named 'not_installed_anywhere'"),
        ("import MyModel.deeper", "ModuleNotFoundError: No module named 'MyModel.deeper'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("raise SystemExit(5)", "SystemExit: 5"),
        ("class E(BaseException):\n    def __str__(self): 1 / 0\nraise E", "E (MyModel.py, line 3)"),
    ],
)
def test_a_module_that_fails_is_told_from_a_missing_one(write: Write, source: str, words: str) -> None:
    write("MyModel.py", source)
    with pytest.raises(StartupError, match="module 'MyModel' could not be imported: ") as caught:
        load_class("MyModel")
    assert words in str(caught.value)
    assert type(caught.value.__cause__).__name__ == re.split("[: ]", words)[0]
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__traceback__ is not None


def test_two_methods_of_one_name_are_told(write: Write) -> None:
    write(
        "MyModel.py",
        """
        from seldon_runtime import method
        class MyModel:
            @method("predict")
            def first(self, X): return X
            @method("predict")
            def second(self, X): return X
        """,
    )
    assert "TypeError: MyModel has two methods for predict: first and second" in refusal("MyModel")


def test_a_package_that_fails_is_named(write: Write) -> None:
    write("pkg/__init__.py", "raise ValueError('no licence')")
    write("pkg/MyModel.py", MODEL)
    assert refusal("pkg.MyModel") == "module 'pkg' could not be imported: ValueError: no licence"


def test_the_person_at_the_keyboard_can_still_interrupt(write: Write) -> None:
    write("MyModel.py", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_class("MyModel")


def test_a_missing_class_names_those_the_module_defines(write: Write, tmp_path: Path) -> None:
    write("fraud.py", "from pathlib import Path\nclass Fraud: pass\nclass Helper: pass\n")
    assert refusal("fraud") == (
        f"module 'fraud' ({tmp_path}/fraud.py) has no class 'fraud'; "
        "it defines Fraud, Helper. Did you mean fraud:Fraud?"
    )
    assert refusal("fraud.py:Missing").endswith(
        "it defines Fraud, Helper. Name one of them behind a colon, such as fraud.py:Fraud"
    )


def test_a_class_in_a_file_of_another_name_is_found(write: Write) -> None:
    write("fraud_model.py", "class Helper: pass\nclass FraudScore(Helper): pass\n")
    write("models/other.py", "class Other: pass\n")
    assert refusal("FraudScore").endswith(". Did you mean fraud_model:FraudScore?")
    assert refusal("models/Other.py").endswith(". Did you mean models/other.py:Other?")
    assert load_class("fraud_model:FraudScore").__name__ == "FraudScore"


def test_a_module_with_functions_only_names_them(write: Write) -> None:
    write("scoring.py", "def load(): pass\ndef predict(X): return X\n")
    assert refusal("scoring").endswith(
        "has no class 'scoring'; it defines no class. To serve a function in place of a class, name it: "
        "scoring:predict"
    )


def test_a_folder_without_a_class_is_named_as_a_folder(write: Write, tmp_path: Path) -> None:
    write("shop/Till.py", "class Till: pass")
    (tmp_path / "empty").mkdir()
    assert refusal("shop") == (
        f"'shop' is the folder {tmp_path}/shop, expected a class in it, such as shop.Till"
    )
    assert refusal("empty") == f"'empty' is the folder {tmp_path}/empty, expected a class in it"


def test_a_missing_file_of_a_relative_path_names_the_folder_where_it_was_looked_for(
    write: Write, tmp_path: Path
) -> None:
    write("MyModel.py", "open('model.joblib')")
    assert refusal("MyModel").endswith(
        "No such file or directory: 'model.joblib'. A relative path starts at the current folder, "
        f"{tmp_path}: run seldon-run in the folder of the file, or build the path from Path(__file__).parent"
    )
    write("Other.py", "open('/nowhere/model.joblib')")
    assert refusal("Other").endswith("'/nowhere/model.joblib'")


def test_what_is_no_class_is_refused(write: Write) -> None:
    write("MyModel.py", "MyModel = 5")
    assert refusal("MyModel") == "MyModel in module 'MyModel' is a int, expected a class or a function"
    write("pkg/__init__.py", "")
    write("pkg/mod.py", "")
    assert "has no class 'mod'" in refusal("pkg.mod")
    assert refusal("pkg:mod") == "mod in module 'pkg' is a module, expected a class or a function"


def test_a_function_becomes_a_class_that_calls_it(write: Write) -> None:
    write("scoring.py", "def score(X, features_names):\n    'Score.'\n    return X, features_names\n")
    found = load_class("scoring:score")
    assert (found.__name__, found.__module__, found.__doc__) == ("score", "scoring", "Score.")
    assert create(found, {}).predict("x", ["a"]) == ("x", ["a"])  # type: ignore[attr-defined]
    with pytest.raises(StartupError, match="score has no parameter 'x'"):
        create(found, {"x": 1})


def test_a_function_may_be_a_partial_or_a_bound_method(write: Write) -> None:
    write(
        "scoring.py",
        """
        from functools import partial
        def scale(X, factor=1): return X * factor
        twice = partial(scale, factor=2)
        class Model:
            def run(self, X): return X + 1
        run = Model().run
        """,
    )
    twice, run = load_class("scoring:twice"), load_class("scoring:run")
    assert (twice.__name__, create(twice, {}).predict(4)) == ("scale", 8)  # type: ignore[attr-defined]
    assert (run.__name__, create(run, {}).predict(4)) == ("run", 5)  # type: ignore[attr-defined]


def test_a_module_that_hands_out_its_names_late_is_supported_and_may_fail(write: Write) -> None:
    write(
        "late.py",
        """
        def __getattr__(name):
            if name == "Late":
                return type(name, (), {})
            if name == "Broken":
                raise ImportError("no such extra")
            raise AttributeError(name)
        """,
    )
    assert load_class("late.Late").__name__ == "Late"
    assert refusal("late.Broken").endswith("from module 'late': ImportError: no such extra")
    assert "has no class 'Missing'" in refusal("late:Missing")


@pytest.mark.parametrize("reference", ["", "models/MyModel", "a..b", "a:b:c", "MyModel()", ".MyModel", "x y"])
def test_a_malformed_reference_names_the_forms(write: Write, reference: str) -> None:
    write("models/MyModel.py", MODEL)
    message = refusal(reference)
    assert "does not name a class, expected MyModel, pkg.mod.Class, pkg.mod:Class, path/MyModel.py" in message
    assert message.endswith("Did you mean models/MyModel.py?") is (reference == "models/MyModel")


def test_a_file_with_a_dot_in_its_name_is_to_be_renamed(write: Write) -> None:
    write("my.model.py", MODEL)
    assert "cannot be imported because of the dot in 'my.model': rename the file" in refusal(
        "my.model.py:MyModel"
    )


def test_a_file_named_like_a_standard_module_is_to_be_renamed(write: Write, tmp_path: Path) -> None:
    write("models/json.py", MODEL)
    write("statistics.py", MODEL)
    assert refusal("models/json.py:MyModel") == (
        f"{tmp_path}/models/json.py has the name of the standard library's module 'json': rename it"
    )
    assert "standard library's module 'statistics': rename it" in refusal("statistics:MyModel")


def test_a_file_named_like_a_loaded_module_is_to_be_renamed(write: Write) -> None:
    write("numpy.py", MODEL)
    write("pytest/__init__.py", MODEL)
    assert "has the name of another module, 'numpy' (" in refusal("numpy.py:MyModel")
    assert "has the name of another module, 'pytest' (" in refusal("pytest:MyModel")


def test_two_files_of_one_name_cannot_be_told_apart(write: Write) -> None:
    write("a/MyModel.py", MODEL)
    write("b/MyModel.py", MODEL)
    load_class("a/MyModel.py")
    assert "has the name of another module, 'MyModel' (" in refusal("b/MyModel.py")


def test_a_package_that_hides_the_file_is_told(write: Write) -> None:
    write("MyModel.py", MODEL)
    write("MyModel/__init__.py", "")
    assert "MyModel.py has the name of another module, 'MyModel' (" in refusal("MyModel.py")


def test_a_class_in_a_module_of_a_package_is_found(write: Write) -> None:
    write("shop/__init__.py", "")
    write("shop/till.py", "class Till: pass\n")
    assert refusal("shop.Till").endswith("it defines none; available: till. Did you mean shop.till:Till?")
    assert refusal("shop/till.py").endswith("it defines Till. Did you mean shop/till.py:Till?")
