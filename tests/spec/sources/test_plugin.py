from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import MissingFileError
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.plugins.origin import Origin
from netlib.spec.registry import ADDED, spec_class
from netlib.spec.sources.plugin import PluginSource, samples_of
from netlib.spec.sources.plugin_result import EXPECTED, result_of
from netlib.spec.tensors import TensorSpec

COUNTED = """\
CALLS = []

@netlib.source
def counted(samples: int = 4, *, seed: int):
    "Numbers that know their seed."
    CALLS.append(seed)
    return {"x": np.full((samples, 2), seed, np.float64)}, {"y": np.arange(samples)}
"""
HERE = Origin("/somewhere/mine.py", "mine", "mine", 7, None)
X = np.zeros((4, 2))


def loaded(path: Path, name: str) -> type[PluginSource]:
    load_plugins([path])
    found = spec_class("source", name)
    assert issubclass(found, PluginSource)
    return found


def calls() -> list[int]:
    (module,) = (module for name, module in sys.modules.items() if name.startswith("netlab_plugin_"))
    return list(module.CALLS)


def test_it_is_called_once_for_its_signature_and_its_samples(plugin):
    source = loaded(plugin(COUNTED), "counted").parse({"samples": 3}).seeded(5)
    signature = source.signature()
    assert (signature.samples, signature.targets["y"].maximum) == (3, 2)
    assert signature.inputs["x"].tensor == TensorSpec((None, 2), "float32")
    assert (signature.inputs["x"].minimum, signature.inputs["x"].maximum) == (5, 5)
    assert source.signature() is signature
    np.testing.assert_array_equal(samples_of(source).inputs["x"], np.full((3, 2), 5))
    assert calls() == [5]
    samples_of(source)  # they were given away
    assert calls() == [5, 5]


def test_another_seed_or_other_parameters_are_another_call(plugin):
    cls = loaded(plugin(COUNTED), "counted")
    section = DataSpec.parse({"source": "counted"})
    assert section.seeded(0) is section
    assert section.seeded(1).source.signature() == cls.parse({}).seeded(1).signature()
    assert cls.parse({}).seeded(2).signature().inputs["x"].maximum == 2
    cls.parse({"samples": 5}).seeded(2).signature()
    assert calls() == [1, 2, 2]


def test_samples_that_change_are_refused(plugin):
    text = "N = [3, 4]\n@netlib.source\ndef grows():\n    return {'x': np.zeros((N.pop(0), 2))}, {}\n"
    source = loaded(plugin(text), "grows").parse({})
    assert source.signature().samples == 3
    samples_of(source)
    with pytest.raises(NetlabError, match=r"^my_sources.py:6: 'grows' returns other samples when it is called again"):
        samples_of(source)


def test_the_function_stays_a_function_and_its_lists_are_its_own(plugin):
    text = (
        "@netlib.source\ndef sizes(sizes: list[int] = [1, 2]):\n    sizes.append(3)\n"
        "    return {'x': np.zeros((len(sizes), 1))}, {}\n\nassert sizes([1])[0]['x'].shape == (2, 1)\n"
    )
    source = loaded(plugin(text), "sizes").parse({})
    assert source.signature().samples == 3
    assert source.to_plain() == {"sizes": [1, 2]}


def test_an_exception_is_shown_with_the_lines_of_the_user_alone(plugin):
    text = (
        "def helper(n):\n    raise ValueError(f'no {n}\\nhere')\n\n"
        "@netlib.source\ndef fails(n: int = 3):\n    return sorted([n], key=helper)\n"
    )
    with pytest.raises(NetlabError) as caught:
        loaded(plugin(text), "fails").parse({}).signature()
    assert str(caught.value).splitlines() == [
        "my_sources.py:8: 'fails' raised ValueError: no 3 here",
        "  my_sources.py:9, in fails: return sorted([n], key=helper)",
        "  my_sources.py:5, in helper: raise ValueError(f'no {n}\\nhere')",
    ]


def test_a_recursion_without_end_is_cut(plugin):
    text = "@netlib.source\ndef deep():\n    return again()\ndef again():\n    return again()\n"
    with pytest.raises(NetlabError, match="raised RecursionError") as caught:
        loaded(plugin(text), "deep").parse({}).signature()
    lines = str(caught.value).splitlines()
    assert len(lines) == 22
    assert re.fullmatch(r"  \.\.\. and \d+ before", lines[1])


def test_a_file_that_is_not_there_is_a_problem_of_its_parameter(plugin):
    text = (
        "from pathlib import Path\n@netlib.source\ndef texts(path: Path, more: list[Path] = []):\n"
        "    return {'x': [each.read_text() for each in [path, *more]]}, {}\n"
    )
    cls = loaded(plugin(text), "texts")
    assert cls.paths == ("path", "more")
    Path("here.txt").write_text("one")
    with pytest.raises(MissingFileError) as caught:
        cls.parse({"path": "here.txt", "more": ["here.txt", "gone.txt"]}).signature()
    assert [(each.loc, each.message) for each in caught.value.problems] == [(("more", 1), "there is no file gone.txt")]
    source = cls.parse({"path": "here.txt"})
    assert source.signature().inputs["x"].tensor.dtype == "string"
    assert [name for name, *_ in source.stamp()] == [str(Path("my_sources.py").resolve()), "here.txt"]
    Path("here.txt").write_text("other")
    assert samples_of(source).inputs["x"] == ["other"]


def test_parameters_cannot_have_names_of_the_section(plugin):
    for name in ("batch_size", "test", "signature", "kind"):
        text = f"@netlib.source\ndef mine({name}: int = 1): ...\n"
        with pytest.raises(NetlabError, match=f"my_sources.py:5: 'mine': parameter '{name}' has a meaning of its own"):
            load_plugins([plugin(text)])


def test_a_module_that_a_program_imports_registers_too(plugin):
    plugin(f"{COUNTED}\nassert counted(2, seed=3)[0]['x'].shape == (2, 2)\n", "mine.py")
    code = (
        "import sys, mine\nfrom netlib.spec.data import DataSpec\n"
        "print(DataSpec.parse({'source': 'counted'}).signature().samples)\n"
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd())
    assert (done.returncode, done.stdout, done.stderr) == (0, "4\n", "")


def test_a_module_is_imported_again(plugin):
    names: dict[str, object] = {"__name__": "__main__"}
    for file in ("<cell 1>", "<cell 2>"):  # as a notebook runs a changed cell
        exec(compile(plugin(COUNTED).read_text(), file, "exec"), names)
    assert ADDED["source"]["counted"].origin.file == "<cell 2>"
    assert ADDED["source"]["counted"].origin.sha256 is None


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ({"x": X}, f"must return {EXPECTED}; it returned a dict"),
        (({"x": X},), "it returned a tuple of 1"),
        (None, "it returned None"),
        (([X], {}), "its inputs are a list"),
        (({"x": X}, None), "its targets are None"),
        (({}, {}), "returned no input: at least one is needed"),
        (({"x": X}, {"y": X[:3]}), "returned 4 rows as input 'x' and 3 as target 'y': one row is one sample"),
        (({"x": X}, {}, np.ones(5)), "returned 4 rows as input 'x' and 5 as weights"),
        (({"x": X}, {"x": X}), "returned 'x' as an input and as a target"),
        (({"a b": X}, {}), "has a wrong name among its inputs: expected a name of letters"),
        (({3: X}, {}), "has a wrong name among its inputs: expected a name of letters, digits and '_' that begins with no digit"),
        (({"x": X.astype(object)}, {}), "returned Python objects (an array of dtype object) as input 'x'; name a dtype"),
        (({"x": X + 1j}, {}), "returned an array of complex128 as input 'x'; numbers are needed"),
        (({"x": X.tolist()}, {}), "returned a list as input 'x'; numbers are needed as a NumPy array, numpy.asarray(values)"),
        (({"x": 3}, {}), "returned an int as input 'x'"),
        (({"x": pl.DataFrame({"a": [1]})}, {}), "returned a polars.DataFrame as input 'x'"),
        (({"x": np.array(3)}, {}), "returned a single value as input 'x'; one row for each sample is needed"),
        (({"x": X[:0]}, {}), "returned input 'x' in the shape (0, 2): there are no values in it"),
        (({"x": np.array([], "U1")}, {}), "returned input 'x' in the shape (0): there are no values in it"),
        (({"x": np.ma.masked_array(X)}, {}), "returned a masked array as input 'x'; fill it"),
        (({"x": np.array([1, 2**31])}, {}), "returned 2147483648 in row 1 of input 'x', which int32 cannot hold; floats can"),
        (({"x": np.array([1, 2**32 - 1], np.uint32)}, {}), "returned 4294967295 in row 1 of input 'x'"),
        (({"x": ["a", None, 3]}, {}), "has an int among the texts of input 'x', in row 2: 3"),
        (({"x": pl.Series([1, 2])}, {}), "returned a polars series of Int64 as input 'x'; a series holds texts"),
        (({"x": pl.Series([], dtype=pl.String)}, {}), "returned input 'x' as a series without values"),
        (({"x": X}, {}, [1.0] * 4), "must return the weights as an array of one number for each sample; it returned a list"),
        (({"x": X}, {}, np.ones((4, 1))), "it returned (4, 1) float64"),
        (({"x": X}, {}, np.array([1, np.nan, 1, 1])), "returned the weight nan in row 1; a weight is finite and not below 0"),
        (({"x": X}, {}, np.array([1, 1, -2, 1])), "returned the weight -2 in row 2"),
    ],
)  # fmt: skip
def test_what_is_no_result_says_what_was_expected_and_what_came(returned, message):
    with pytest.raises(NetlabError, match=re.escape(message)) as caught:
        result_of(returned, HERE)
    assert str(caught.value).startswith("/somewhere/mine.py:7: 'mine' ")


def test_what_is_known_of_texts_and_times():
    times = pl.Series(["2024-01-02"]).str.to_date()
    signature, result = result_of(({"a": ["x"], "b": pl.Series([None], dtype=pl.String), "c": times}, {}), HERE)
    assert [each.kind for each in signature.inputs.values()] == ["text", "text", "times"]
    assert result.inputs["c"].dtype == pl.Datetime("us")
    assert result_of(({"a": np.array(["x", "yz"])}, {}), HERE)[1].inputs == {"a": ["x", "yz"]}


_DTYPES = st.sampled_from(
    ["float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool", ">i4", ">f8"]
)


@given(arrays.arrays(_DTYPES, arrays.array_shapes(max_dims=3, max_side=3), elements=None, fill=st.just(1)), st.data())
def test_every_array_of_numbers_is_a_feature_of_its_shape(values, data):
    values = np.nan_to_num(values.astype(np.float64)).clip(-100, 100).astype(values.dtype)
    signature, _ = result_of(({"x": values}, {}), HERE)
    feature = signature.inputs["x"]
    is_float = values.dtype.kind == "f"
    assert feature.tensor.dtype == ("float32" if is_float else "int32")
    assert feature.tensor.shape == (None, *(values.shape[1:] or ((1,) if is_float else ())))
    assert (feature.minimum, feature.maximum, signature.samples) == (values.min(), values.max(), len(values))


def test_unknown_parameters_and_values_are_mistakes_of_the_section(plugin):
    load_plugins([plugin(COUNTED)])
    with pytest.raises(SpecError, match=r"source 'counted' has no parameter 'sampels'; did you mean 'samples'\?"):
        DataSpec.parse({"source": "counted", "sampels": 3})
    with pytest.raises(SpecError, match="source 'counted' has no parameter 'seed'"):
        DataSpec.parse({"source": "counted", "seed": 3})
    with pytest.raises(SpecError, match="samples: expected an integer, got 'many'"):
        DataSpec.parse({"source": "counted", "samples": "many"})


def test_another_file_that_is_not_there_is_a_failure_of_the_function(plugin):
    text = (
        "from pathlib import Path\n@netlib.source\ndef cached(file: Path):\n"
        "    return {'x': [Path('gone.txt').read_text()]}, {}\n"
    )
    source = loaded(plugin(text), "cached").parse({"file": "cache.npz"})
    with pytest.raises(NetlabError, match=r"my_sources\.py:6: 'cached' raised FileNotFoundError") as caught:
        source.signature()
    assert not isinstance(caught.value, MissingFileError)
