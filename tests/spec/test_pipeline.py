"""What a config's `preprocess` makes of a source's columns, and every message about steps that do not fit."""

from __future__ import annotations

import pytest

from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import DataSignature, Feature, labels, numbers, text, times
from netlib.spec.pipeline import Pipeline, _mapping
from netlib.spec.tensors import TensorSpec

COLUMNS = {
    "age": numbers(1),
    "rooms": Feature(TensorSpec((None,), "int32")),
    "city": text(),
    "job": text(),
    "day": times(),
}
TABLE = DataSignature(dict(COLUMNS), {"price": numbers(1)}, 100, {"features": tuple(COLUMNS)})
NUMBERS = DataSignature(
    {"age": numbers(1), "rooms": COLUMNS["rooms"], "size": numbers(1)},
    {"kind": text()},
    100,
    {"features": ("age", "rooms", "size")},
)
IMAGES = DataSignature({"image": numbers(28, 28, 1), "side": numbers(4)}, {"digit": labels(10)}, 100)
ENCODED = {"city": "OneHot", "job": "OneHot", "day": "DateParts"}


def pipeline(written: object, raw: DataSignature = TABLE) -> Pipeline:
    return Pipeline.of(_mapping(written), raw)


def problems(written: object, raw: DataSignature = TABLE) -> list[Problem]:
    return list(pipeline(written, raw).problems("csv"))


def only(written: object, raw: DataSignature = TABLE) -> tuple[object, ...]:
    (problem,) = problems(written, raw)
    return problem.loc, problem.message


class TestWritten:
    @pytest.mark.parametrize(
        ("written", "loc", "message"),
        [
            ("all", (), "expected a mapping from input or column to steps, or 'auto', got 'all'"),
            (["auto"], (), "expected a mapping from input or column to steps, or 'auto'"),
            ({3: "Standardize"}, ("3",), "expected the name of an input or column, got 3"),
            ({"age": "Standardise"}, ("age",), "there is no preprocessing 'Standardise'; did you mean 'Standardize'?"),
            ({"age": ["Log", "Standardise"]}, ("age", 1), "did you mean 'Standardize'?"),
            ({"age": {"Log": 1, "Clip": 2}}, ("age",), "expected one preprocessing"),
        ],
    )
    def test_mistakes(self, written, loc, message):
        from netlib.spec.data import DataSpec

        with pytest.raises(SpecError) as caught:
            DataSpec.parse({"source": "iris", "preprocess": written})
        (problem,) = caught.value.problems
        assert tuple(map(str, problem.loc)) == ("preprocess", *map(str, loc))
        assert message in problem.message

    def test_plain_form(self):
        from netlib.spec.data import DataSpec

        spec = DataSpec.parse({"source": "iris", "preprocess": {"*": "auto", "a": ["Log", {"Hash": 9}], "b": []}})
        assert spec.to_plain()["preprocess"] == {
            "*": "auto",
            "a": [{"Log": {"offset": 0.0}}, {"Hash": {"bins": 9}}],
            "b": [],
        }
        assert DataSpec.parse(spec.to_plain()) == spec


class TestSignature:
    def test_columns_are_joined_behind_their_steps(self):
        found = pipeline({**ENCODED, "city": {"OneHot": 3}, "job": {"OneHot": 2}}).signature()
        assert found.inputs == {"features": numbers(1 + 1 + 4 + 3 + 5)}
        assert pipeline(ENCODED).signature().inputs["features"].tensor.shape == (None, None)
        learned = {"city": [{"categories": ("a",)}], "job": [{"categories": ("a", "b")}], "day": [{}]}
        assert pipeline(ENCODED).signature(learned).inputs == {"features": numbers(1 + 1 + 2 + 3 + 5)}

    def test_steps_of_the_join_come_last(self):
        assert problems({"features": "Standardize"}, NUMBERS) == []
        assert pipeline({"features": {"Impute": {"flag": True}}}, NUMBERS).signature().inputs == {
            "features": numbers(6)
        }
        clipped = pipeline({"features": {"Clip": {"minimum": 0, "maximum": 1}}}, NUMBERS).signature()
        assert clipped.inputs == {"features": numbers(3, minimum=0.0, maximum=1.0)}

    def test_texts_are_targets_of_classes(self):
        assert pipeline({}, NUMBERS).signature().targets["kind"].is_label
        named = pipeline({"kind": {"Labels": ["no", "yes"]}}, NUMBERS)
        assert named.signature().targets["kind"] == labels(2, ("no", "yes"))

    def test_auto_keeps_what_numbers_are(self):
        found = pipeline("auto", IMAGES).signature()
        assert found.inputs == {"image": numbers(28, 28, 1), "side": numbers(4)}
        assert found.settled
        assert pipeline("auto", NUMBERS).signature().inputs == {"features": numbers(3)}
        assert not pipeline("auto").signature().settled

    def test_what_fills(self):
        found = pipeline({"*": "auto", "age": "Log", "city": ["OneHot"], "rooms": ["Log", "Impute"]})
        assert [found.fills(name) for name in COLUMNS] == [False, True, True, True, True]
        assert all(pipeline({"features": "Impute"}).fills(name) for name in COLUMNS)


class TestNames:
    def test_unknown(self):
        ages = {"age": "Log", **ENCODED, "agge": "Log"}
        assert only(ages) == (("preprocess", "agge"), "source 'csv' has no input or column 'agge'; did you mean 'age'?")
        assert only({"zzz": "Log"}, IMAGES) == (
            ("preprocess", "zzz"),
            "source 'csv' has no input 'zzz' (it has: image, side)",
        )

    @pytest.mark.parametrize(("name", "what"), [("features", "joined of columns"), ("kind", "a target")])
    def test_auto_is_for_columns(self, name, what):
        message = f"'{name}' is {what}, but 'auto' chooses the steps of columns: name them, or '*' for all"
        assert only({name: "auto"}, NUMBERS) == (("preprocess", name), message)


class TestMisfits:
    @pytest.mark.parametrize(
        ("written", "raw", "loc", "message"),
        [
            (
                {**ENCODED, "city": "Standardize"},
                TABLE,
                ("city", 0),
                "Standardize takes numbers, but 'city' holds text",
            ),
            (
                {**ENCODED, "day": ["DateParts", "DateParts"]},
                TABLE,
                ("day", 1),
                "DateParts takes times, but 'day' holds numbers",
            ),
            ({**ENCODED, "day": "OneHot"}, TABLE, ("day", 0), "OneHot takes numbers or text, but 'day' holds times"),
            ({"age": "Labels"}, NUMBERS, ("age",), "Labels is for targets ('kind'), 'age' is an input"),
            (
                {"digit": "Standardize"},
                IMAGES,
                ("digit",),
                "'digit' is a target; preprocessing is of inputs ('image' or 'side')",
            ),
            (
                {"side": "OneHot"},
                IMAGES,
                ("side", 0),
                "OneHot takes one value a sample, but 'side' has the shape (batch, 4)",
            ),
            (
                {"features": {"Bucketize": {"quantiles": 4}}},
                NUMBERS,
                ("features", 0),
                "Bucketize takes one value a sample, but 'features' has the shape (batch, 3)",
            ),
            (
                {"*": ["Log", "DateParts"], "side": []},
                IMAGES,
                ("*", 1),
                "DateParts takes times, but 'image' holds numbers",
            ),
        ],
    )
    def test_one_column(self, written, raw, loc, message):
        assert only(written, raw) == (("preprocess", *loc), message)

    def test_columns_of_the_rest_are_listed_once(self):
        assert [(problem.loc, problem.message) for problem in problems({"*": "Standardize"})] == [
            (
                ("preprocess", "*", 0),
                "Standardize takes numbers, but these columns hold text: 'city', 'job'; give them steps of their own",
            ),
            (("preprocess", "*", 0), "Standardize takes numbers, but 'day' holds times"),
        ]
        assert only({"*": "Labels"}, IMAGES) == (
            ("preprocess", "*"),
            "Labels is for targets ('digit'), but these are inputs: 'image', 'side'; give them steps of their own",
        )
        wide = {"image": numbers(28, 28), "other": numbers(28, 28)}
        assert only({"*": "OneHot"}, DataSignature(wide, {}, 1)) == (
            ("preprocess", "*", 0),
            (
                "OneHot takes one value a sample, but these have the shape (batch, 28, 28): 'image', 'other';"
                " give them steps of their own"
            ),
        )

    def test_many_columns_are_cut_short(self):
        columns = {f"c{i}": text() for i in range(25)}
        (problem,) = problems({"*": "Log"}, DataSignature(columns, {}, 1))
        assert "'c18', 'c19' and 5 more; give" in problem.message


class TestJoins:
    def test_texts_without_steps(self):
        assert [(problem.loc, problem.message) for problem in problems({"features": "Standardize"})] == [
            (
                ("preprocess",),
                (
                    "columns 'city', 'job' hold text, of which a network reads nothing: give them steps"
                    " (preprocess: {city: OneHot}), or let them be chosen (preprocess: auto)"
                ),
            ),
            (
                ("preprocess",),
                (
                    "column 'day' holds times, of which a network reads nothing: give it a step"
                    " (preprocess: {day: DateParts}), or let it be chosen (preprocess: auto)"
                ),
            ),
        ]

    @pytest.mark.parametrize(
        ("step", "remedy"),
        [
            ("Lookup", "use OneHot"),
            ({"Hash": 10}, "use OneHot"),
            (["Log", {"Bucketize": {"quantiles": 3}}], "use OneHot behind it"),
        ],
    )
    def test_numbers_that_stand_for_something(self, step, remedy):
        column = "age" if isinstance(step, list) else "rooms"
        loc, message = only({column: step}, NUMBERS)
        name = next(iter(step[-1] if isinstance(step, list) else step)) if not isinstance(step, str) else step
        assert loc == ("preprocess", column, 1 if isinstance(step, list) else 0)
        assert message == (
            f"'{column}': {name} gives numbers that stand for something, but 'features' takes them as amounts;"
            f" {remedy}, or make an input of its own of it (inputs: {{features: [...], {column}: {column}}})"
        )

    def test_of_all_columns(self):
        assert only({"*": "Lookup"}, NUMBERS) == (
            ("preprocess", "*", 0),
            (
                "Lookup gives numbers that stand for something, but 'features' takes them as amounts (use OneHot, or"
                " inputs of their own): 'age', 'rooms', 'size'; give them steps of their own"
            ),
        )

    def test_they_are_fine_apart(self):
        apart = DataSignature({"age": numbers(1), "city": text()}, {}, 100, {"features": ("age",)})
        assert problems({"city": "Lookup"}, apart) == []
        assert problems({"rooms": ["Lookup", "Standardize"]}, NUMBERS) == []

    def test_pictures_cannot_be_joined(self):
        raw = DataSignature({"age": numbers(1), "photo": numbers(8, 8, 3)}, {}, 9, {"features": ("age", "photo")})
        assert only({"photo": "Log"}, raw) == (
            ("preprocess", "photo", 0),
            (
                "'photo' has the shape (batch, 8, 8, 3), which cannot stand beside other columns in 'features':"
                " make an input of its own of it (inputs: {features: [...], photo: photo})"
            ),
        )
        assert only({}, raw)[0] == ("preprocess", "photo")


class TestTargets:
    def test_times(self):
        raw = DataSignature({"age": numbers(1)}, {"day": times()}, 9)
        assert only({}, raw) == (("targets",), "target 'day' holds times, which no network can learn")

    def test_texts_whose_labels_are_taken_away(self):
        assert only({"kind": []}, NUMBERS) == (
            ("targets",),
            "target 'kind' holds text, which no network can learn; Labels makes numbers of its classes",
        )
