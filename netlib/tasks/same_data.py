"""Whether the data is still that with which a run began: by its fingerprint, and where files were touched, by what they hold."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext

from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.sources.stamps import fingerprint_of, stamped_files
from netlib.data.streaming import Samples
from netlib.report.numbers import duration, size
from netlib.runs import data_files
from netlib.runs.digesting import Digesting
from netlib.runs.directory import RunDirectory
from netlib.runs.environment_file import environment_of
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.sources.stamps import StampedFile

SHOWN_FILES = 3


def need_same_data(run: RunDirectory, fingerprint: str, data: DataSpec) -> tuple[str, ...]:
    """Refuses data that is not what the run began with: what was learned and measured would not be comparable.

    The fingerprint of files that stay on the disk is of their names, sizes and times. Where only times differ, and the run knows
    what the files held, those are read.

    Args:
        run: the run.
        fingerprint: of the data as it is now.
        data: where it came from.

    Returns:
        What is to be said of files that were read for that.

    Raises:
        NetlabError: it is other data, or a file of the run is damaged.
    """
    began_with = _began_with(run)
    if began_with == fingerprint:
        return ()
    touched = _touched(run, data, began_with)
    if touched is None:
        raise _changed(run, f" (fingerprint {fingerprint[:12]}, then {began_with[:12]})")
    if not touched:
        return ()
    began = time.perf_counter()
    if others := data_files.others(touched, data_files.known(run)):
        raise _changed(run, f": {_names(others)} {'holds' if len(others) == 1 else 'hold'} something else")
    read = size(sum(file.size for file in touched))
    took = duration(time.perf_counter() - began)
    return (f"touched since the run began, but the same: {_names(touched)} ({read} read in {took})",)


def digesting(run: RunDirectory, splits: Splits[Samples], data: DataSpec) -> AbstractContextManager[object]:
    """Inside, it is found out what the files hold that the samples stay in; nothing is done of samples in memory."""
    if isinstance(splits.train, Arrays) or fingerprint_of(source := data.apart()) != splits.fingerprint:
        return nullcontext()
    return Digesting(run, stamped_files(source))


def fingerprint_anywhere(splits: Splits[Samples], data: DataSpec) -> str:
    """The fingerprint that copies of the data on other machines have, too, whose files have other times."""
    if isinstance(splits.train, Arrays):
        return splits.fingerprint
    source = data.apart()
    return fingerprint_of(source, dict.fromkeys((file.name for file in stamped_files(source)), 0))


def _began_with(run: RunDirectory) -> str:
    with environment_of(run) as facts:
        try:
            return str(facts["data_fingerprint"])
        except KeyError:
            raise ValueError("it has no 'data_fingerprint'") from None


def _touched(run: RunDirectory, data: DataSpec, began_with: str) -> list[StampedFile] | None:
    """The files that may hold something else, where nothing but times differs; None where more does, or cannot be told."""
    then = data_files.known(run)
    if not then:
        return None
    source, times = data.apart(), {name: known.changed[0] for name, known in then.items()}
    if fingerprint_of(source, times) != began_with:
        return None
    return data_files.touched(stamped_files(source), then)


def _changed(run: RunDirectory, how: str) -> NetlabError:
    return NetlabError(f"the data has changed since run '{run.path}' began{how}; restore it, or start a new run")


def _names(files: list[StampedFile]) -> str:
    more = f" and {len(files) - SHOWN_FILES} more" if len(files) > SHOWN_FILES else ""
    return ", ".join(file.name for file in files[:SHOWN_FILES]) + more
