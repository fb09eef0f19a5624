"""Gradients of the loss of a compiled model, to look at: what a step would compute before clipping."""

from __future__ import annotations

import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.nn.derivatives import differentiated
from netlib.nn.module import gradients_by_path
from netlib.nn.random import forward_pass
from netlib.spec.errors import UsageError
from netlib.training.batch import targets_of
from netlib.training.loss_scale import needs_loss_scale
from netlib.training.objective import Objective, need_loss
from netlib.training.samples import tensors_of
from netlib.training.trainer import Trainer


def loss_gradients(trainer: Trainer, samples: Arrays, *, training: bool) -> dict[str, tf.Tensor | None]:
    """The gradient of the mean loss over the samples, with penalties and added losses, by path of the trainable variable.

    Args:
        trainer: of a compiled model.
        samples: inputs and targets, with weights if they have some.
        training: whether layers behave as in training; they draw the random numbers of the step to come.

    Returns:
        A dense tensor for each variable; None where the loss does not depend on it.

    Raises:
        SpecError: the samples do not fit the model or its losses.
        UsageError: it is trained in phases.
    """
    model = trainer.model
    if trainer.train.phases:
        raise UsageError(
            f"{model.name} is trained in phases, so there is no one loss to take the gradients of: compute them by"
            " tf.GradientTape"
        )
    model.ensure_built(*tensors_of(samples))
    heads = trainer.heads(samples)
    trainer.needs(samples, heads).check(samples, "the data")
    batch = tf.nest.map_structure(
        lambda array: None if array is None else tf.constant(array),
        {"inputs": samples.inputs, "targets": samples.targets, "weights": samples.weights},
    )
    named = [each for each in model.named_variables() if each.trainable]
    with tf.GradientTape() as tape, forward_pass(model.seed or 0, tf.constant(trainer.progress.step, tf.int64)):
        objective = Objective(heads)
        outputs = differentiated(model, batch["inputs"], objective.derivatives, training=training)
        need_loss(objective, model)
        losses, _ = objective.mean(outputs, targets_of(batch), batch["weights"], len(samples), model.output_masks)
        loss = tf.add_n([losses[0], *model.losses])
        minimised = trainer.scale.scaled(loss) if needs_loss_scale(model) else loss
    found = gradients_by_path(tape, minimised, named)
    if minimised is loss:
        return found
    return {path: None if each is None else trainer.scale.unscaled([each])[0] for path, each in found.items()}
