"""The training loop: transformers' Trainer over our network, tags and salience together."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor

from copydesk.model.network.heads import Network, NetworkOutput
from copydesk.model.network.windows import SpecialTokens
from copydesk.training.config import TrainingConfig
from copydesk.training.console import Progress, Update
from copydesk.training.fit.checkpoints import checkpoint_step, last_checkpoint
from copydesk.training.fit.examples import Example, ExampleBatch, collate
from copydesk.training.fit.forward import batch_tokens, has_bf16, predict_logits
from copydesk.training.fit.losses import joint_loss, masked_mean_loss, vector_loss
from copydesk.training.fit.trainable import FrozenEncoderNetwork
from copydesk.training.metrics.quality import all_quality, macro_f1

_GPU_READERS = 4  # processes that make batches while a GPU computes
_LAYER = re.compile(r"\.layers?\.(\d+)\.")  # in the names of a transformer's weights


# Any, in what follows: transformers is not typed.


class TagTrainer(transformers.Trainer):  # type: ignore[misc]  # as above
    """Trainer with the joint loss and macro-F1 of the held-out stories as its measure."""

    def __init__(
        self, config: TrainingConfig, held_out: Sequence[Example], special: SpecialTokens, **kwargs: Any
    ) -> None:
        super().__init__(data_collator=partial(collate, special=special, budget=batch_tokens()), **kwargs)
        self._config, self._held_out, self._special = config, held_out, special

    def compute_loss(self, model: Any, inputs: dict[str, ExampleBatch], *args: Any, **kwargs: Any) -> Any:
        """The joint loss of a batch; no outputs are returned."""
        batch = inputs["batch"]
        read = batch.inputs.to(self.args.device) if isinstance(batch.inputs, Tensor) else batch.inputs
        output: NetworkOutput = model(read, batch.layout.to(self.args.device))
        labels, sentences = batch.labels.to(self.args.device), batch.sentences.to(self.args.device)
        loss = joint_loss(output, labels, sentences, self._config.summaries.weight)
        if batch.taught is None:
            return loss
        taught = batch.taught.to(self.args.device)
        return loss + self._config.texts.vector_weight * vector_loss(output.vectors, taught)

    def evaluate(self, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any) -> dict[str, float]:
        """Macro-F1 and loss on the held-out stories."""
        logits = predict_logits(self.model, self._held_out, self._special)
        targets = np.stack([example.labels for example in self._held_out]).astype(np.float64)
        labels = [str(i) for i in range(targets.shape[1])]
        quality = all_quality(targets, logits, [0.0] * len(labels), labels)
        loss = masked_mean_loss(torch.from_numpy(logits), torch.from_numpy(targets))
        metrics = {f"{metric_key_prefix}_macro_f1": macro_f1(quality), f"{metric_key_prefix}_loss": loss}
        self.log(metrics)
        self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        """AdamW with one learning rate for the heads, and one for each of the encoder's layers."""
        settings = self._config.optimizer
        named = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        depths = encoder_depths(named)
        groups: dict[float, list[Any]] = {}
        for name, parameter in named.items():
            rate = settings.head_learning_rate
            if name in depths:
                rate = settings.encoder_learning_rate * settings.layer_decay ** depths[name]
            groups.setdefault(rate, []).append(parameter)
        by_rate = [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]
        self.optimizer = torch.optim.AdamW(by_rate, weight_decay=settings.weight_decay)
        return self.optimizer


class StepCallback(transformers.TrainerCallback):  # type: ignore[misc]  # as above
    """Tells each step with the latest loss and macro-F1, and each evaluation."""

    def __init__(self, progress: Progress, update: Update) -> None:
        self._progress, self._update = progress, update
        self._latest: dict[str, str] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The steps that a checkpoint had done."""
        self._update(state.global_step, state.max_steps, "")

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """One step more."""
        self._update(state.global_step, state.max_steps, ", ".join(self._latest.values()))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **kwargs: Any) -> None:
        """Losses, learning rates and results of evaluations, each when it comes."""
        if "loss" in logs:
            self._latest["loss"] = f"loss {logs['loss']:.3f}"

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **kwargs: Any) -> None:
        """Quality on the stories held out."""
        self._latest["macro_f1"] = f"macro-F1 {metrics['eval_macro_f1']:.3f}"
        text = f"step {state.global_step} of {state.max_steps}: {self._latest['macro_f1']}"
        self._progress.say(f"{text}, loss {metrics['eval_loss']:.3f} on stories held out")


def encoder_depths(names: Iterable[str]) -> dict[str, int]:
    """How many layers of the encoder lie above each of its weights, by name; the embeddings lie under them all."""
    layers = {name: _LAYER.search(name) for name in names if name.startswith("encoder.")}
    numbers = {name: int(found.group(1)) if found else -1 for name, found in layers.items()}
    top = max(numbers.values(), default=0)
    return {name: top - number for name, number in numbers.items()}


def train_network(
    network: Network,
    examples: Sequence[Example],
    held_out: Sequence[Example],
    config: TrainingConfig,
    *,
    special: SpecialTokens,
    directory: Path,
    progress: Progress,
) -> None:
    """Fine-tune a prepared network in place, with checkpoints in `directory`; an interrupted run resumes from them.

    With mode "head" the examples carry the vectors of their sentences. Without stories held out nothing is evaluated.
    """
    # Macro-F1 says nothing of summaries: with extracts to learn from, training runs to the end of its schedule.
    stops_early = bool(held_out) and not any(example.has_key for example in examples)
    trainer = TagTrainer(
        config,
        held_out,
        special,
        model=FrozenEncoderNetwork(network) if config.encoder.mode == "head" else network,
        train_dataset=examples,
        eval_dataset=held_out,
        args=_training_arguments(config, len(examples), directory, evaluates=bool(held_out), stops_early=stops_early),
        callbacks=[transformers.EarlyStoppingCallback(config.optimizer.patience)] if stops_early else [],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    checkpoint = last_checkpoint(directory)
    if checkpoint is not None:
        progress.say(f"going on after step {checkpoint_step(checkpoint)}, from {checkpoint}")
    with progress.task("training", "steps") as update:
        if trainer.is_world_process_zero():
            trainer.add_callback(StepCallback(progress, update))
        trainer.train(resume_from_checkpoint=checkpoint and str(checkpoint))


def _training_arguments(
    config: TrainingConfig, n_examples: int, directory: Path, *, evaluates: bool, stops_early: bool
) -> transformers.TrainingArguments:
    settings, on_gpu = config.optimizer, torch.cuda.is_available()
    n_steps = max(1, n_examples // settings.batch_stories)
    every = max(1, n_steps // settings.evaluations)
    return transformers.TrainingArguments(
        output_dir=str(directory),
        num_train_epochs=1,
        per_device_train_batch_size=settings.batch_stories,
        lr_scheduler_type="cosine",
        warmup_steps=settings.warmup,
        max_grad_norm=1.0,
        bf16=has_bf16(),
        fp16=on_gpu and not has_bf16(),
        use_cpu=not on_gpu and not torch.backends.mps.is_available(),
        eval_strategy="steps" if evaluates else "no",
        save_strategy="steps",
        eval_steps=every,
        save_steps=every,
        save_total_limit=2,
        logging_steps=max(1, every // 5),
        dataloader_num_workers=_GPU_READERS if on_gpu else 0,
        dataloader_pin_memory=False,  # a batch is no tensor
        load_best_model_at_end=stops_early,
        metric_for_best_model="macro_f1",
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to=[],
        seed=config.seed,
        ddp_find_unused_parameters=True,
    )
