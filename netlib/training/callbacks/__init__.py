"""What takes part in a training; `callbacks=[...]` of `Model.fit`. `netlib.training.fit.fit` says in which order."""

from netlib.training.callbacks.callback import Callback, Training
from netlib.training.callbacks.checkpoint import Checkpoint
from netlib.training.callbacks.early_stopping import EarlyStopping
from netlib.training.callbacks.ema import EMA
from netlib.training.callbacks.progress_display import ProgressDisplay
from netlib.training.callbacks.record_files import CSVLog, JSONLinesLog
from netlib.training.callbacks.reduce_on_plateau import ReduceOnPlateau
from netlib.training.callbacks.stop_on_nan import StopOnNaN
from netlib.training.callbacks.tensorboard import TensorBoard
from netlib.training.callbacks.time_limit import TimeLimit

__all__ = [
    "EMA",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "JSONLinesLog",
    "ProgressDisplay",
    "ReduceOnPlateau",
    "StopOnNaN",
    "TensorBoard",
    "TimeLimit",
    "Training",
]
