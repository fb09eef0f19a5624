"""The source `image_folder`: a folder of images for each class; they are read in `netlib.data.sources.image_folder`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, PrivateAttr, field_validator

from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import DataSignature, MissingFileError, SourceSpec, labels
from netlib.spec.sources.images import SUFFIXES, ImagesSpec, checked_name, said
from netlib.spec.sources.known_classes import among_known
from netlib.spec.sources.stamps import stamps

LITTER = frozenset(["thumbs.db", "desktop.ini"])
"""Files that a system leaves in folders; they count as hidden, as names that begin with a dot."""


class ImageFolder(ImagesSpec):
    """Images in a folder for each class: `photos/cat/1.png`. Classes, and the images of each, are in the order of their names.

    Hidden files are not looked at, and beside the class folders there may be files that are no images. The images are PNG, JPEG,
    GIF, BMP or WebP; they become bytes, from 0 to 255, that `preprocess: {image: {Rescale: $(1 / 255)}}` brings to between 0
    and 1.

    An image is turned upright as its EXIF orientation says. Grey becomes colour by repeating it, colour grey by 0.299 R + 0.587 G
    + 0.114 B; a palette is looked up, CMYK becomes RGB, colour profiles are not applied. With 1 or 3 channels, what is
    transparent is laid over the `background`; with 4, what has no opacity of its own gets 255. Of 16 bits a channel the upper 8
    are read, of an animation the first frame.
    """

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The folder that has the class folders.", examples=["photos"])
    target: str = Field("label", description="Name of the target, the number of the image's class.")

    _known: tuple[str, ...] = PrivateAttr(())

    @field_validator("target")
    @classmethod
    def _target_is_a_name(cls, name: str) -> str:
        return checked_name(name)

    def signature(self) -> DataSignature:
        """From the names of the folders, the number of files, and the header of the first where there is no `size`."""
        classes = self.classes()
        files = [file for members in classes.values() for file in members]
        samples = len(files) if self.on_error == "fail" else None
        target = labels(len(classes), tuple(classes))
        return DataSignature({self.input: self.image(files)}, {self.target: target}, samples)

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(file for members in self.classes().values() for file in members)

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; an image, a folder with images at any depth, or a pattern."""
        from netlib.spec.sources.image_files import ImageFiles

        own = {name: value for name, value in self.to_plain().items() if name in ImagesSpec.model_fields}
        return ImageFiles.parse({**own, "path": path})

    def of_classes(self, names: tuple[str, ...]) -> Self:
        """The same, with classes that are known already, in their order: folders need not be there for all of them."""
        copy = self.model_copy()
        copy._known = names
        return copy

    def classes(self) -> dict[str, list[Path]]:
        """Class -> its images, both in the order of their names; or those that are known, of which some may have none.

        Raises:
            MissingFileError: there is no such folder.
            SpecError: it has no class folders, one that has no images, or one of a class that is not known.
        """
        entries = self._entries(Path(self.path))
        folders = [entry for entry in entries if entry.is_dir()]
        loose = [entry.name for entry in entries if not entry.is_dir() and Path(entry.name).suffix.lower() in SUFFIXES]
        form = "an image belongs into the folder of its class, as in photos/cat/1.png"
        if not entries:
            raise self._mistake(f"{said(self.path)} is empty: {form}")
        if loose:
            where = "beside its class folders" if folders else "and no class folders"
            raise self._mistake(f"{said(self.path)} has images {where} ({said(loose[0])}): {form}")
        if not folders:
            raise self._mistake(f"{said(self.path)} has no class folders: {form}")
        found = {_class_name(self, entry.name): self._images(Path(entry.path)) for entry in folders}
        return among_known(found, self._known)

    def _images(self, folder: Path) -> list[Path]:
        entries = self._entries(folder)
        if not entries:
            raise self._mistake(f"class folder {said(folder)} has no images; remove it, or put some there")
        if inner := [entry.name for entry in entries if entry.is_dir()]:
            what = f"{said(folder)} has folders ({', '.join(map(said, inner[:3]))}), where images of one class were expected"
            raise self._mistake(f"{what}; is {said(folder)} the folder that path should name?")
        if odd := [entry.path for entry in entries if not entry.is_file()]:
            raise self._mistake(f"{said(odd[0])} is no file, or a link to nothing")
        return [Path(entry.path) for entry in entries]

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What a folder has and is not hidden, by name."""
        try:
            with os.scandir(folder) as found:
                entries = [entry for entry in found if not _hidden(entry.name)]
        except FileNotFoundError:
            raise MissingFileError([Problem(("path",), f"there is no folder {said(folder)}")], "image_folder") from None
        except NotADirectoryError:
            raise self._mistake(f"{said(folder)} is a file; the folder that has the class folders is needed") from None
        except OSError as error:
            raise self._mistake(f"{said(folder)} cannot be read: {error.strerror}") from None
        return sorted(entries, key=lambda entry: entry.name)

    def _mistake(self, message: str) -> SpecError:
        return SpecError([Problem(("path",), message)], self.type_name())


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in LITTER


def _class_name(source: ImageFolder, name: str) -> str:
    """A folder's name as the class's."""
    if said(name) != name:
        raise SpecError([Problem(("path",), f"the name of class folder {said(name)} is no UTF-8")], source.type_name())
    return name
