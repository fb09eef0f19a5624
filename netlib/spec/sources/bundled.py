"""The real data sets that come with netlab. What they hold is stated here, so that it is known without reading them."""

from __future__ import annotations

from netlib.spec.features import DataSignature, SourceSpec, labels, numbers


class Digits(SourceSpec):
    """Handwritten digits: 1,797 grey images of 8 by 8 (values 0 to 1) and the digit that each shows."""

    def signature(self) -> DataSignature:
        """`image` and `digit`."""
        image = numbers(8, 8, 1, minimum=0.0, maximum=1.0)
        return DataSignature({"image": image}, {"digit": labels(10, tuple("0123456789"))}, samples=1797)


class Iris(SourceSpec):
    """150 irises: four lengths in cm, and the species."""

    def signature(self) -> DataSignature:
        """`features` and `species`."""
        species = labels(3, ("setosa", "versicolor", "virginica"))
        return DataSignature({"features": numbers(4, minimum=0.1, maximum=7.9)}, {"species": species}, samples=150)


class Wine(SourceSpec):
    """178 wines: thirteen chemical measures, and the cultivar."""

    def signature(self) -> DataSignature:
        """`features` and `cultivar`."""
        cultivar = labels(3, ("class_0", "class_1", "class_2"))
        return DataSignature(
            {"features": numbers(13, minimum=0.13, maximum=1680.0)}, {"cultivar": cultivar}, samples=178
        )


class BreastCancer(SourceSpec):
    """569 tumours: thirty measures of the cell nuclei, and whether it is benign or malignant."""

    def signature(self) -> DataSignature:
        """`features` and `diagnosis`."""
        diagnosis = labels(2, ("benign", "malignant"))
        features = numbers(30, minimum=0.0, maximum=4254.0)
        return DataSignature({"features": features}, {"diagnosis": diagnosis}, samples=569)


class Diabetes(SourceSpec):
    """442 patients: ten measures, and how far the disease had gone a year later."""

    def signature(self) -> DataSignature:
        """`features` and `progression`."""
        progression = numbers(1, minimum=25.0, maximum=346.0)
        features = numbers(10, minimum=1.0, maximum=301.0)
        return DataSignature({"features": features}, {"progression": progression}, samples=442)
