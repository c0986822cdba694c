"""The training loop: transformers' Trainer over our network, tags and salience together."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from model.errors import BundleError
from model.network import Network, NetworkOutput
from model.windows import SpecialTokens
from training.config import EncoderSection, TrainingConfig
from training.examples import UNKNOWN, Example, ExampleBatch, Examples, collate
from training.metrics import Floats, all_quality, macro_f1

# The linear layers of the architectures we load, by the ends of their names.
_LORA_TARGETS = {
    *("query", "key", "value", "dense"),  # bert, roberta, electra
    *("q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"),  # distilbert
    *("q", "k", "v", "o"),  # mpnet
    *("query_proj", "key_proj", "value_proj"),  # deberta-v2
    *("Wqkv", "Wo", "Wi"),  # modernbert
}
_BATCH_TOKENS = 2048  # of one forward pass; activations of larger ones leave the cache


class TagTrainer(transformers.Trainer):  # type: ignore[misc]  # transformers is not typed
    """Trainer with the joint loss and macro-F1 of the held-out stories as its measure."""

    def __init__(
        self, config: TrainingConfig, held_out: Sequence[Example], special: SpecialTokens, **kwargs: Any
    ) -> None:
        super().__init__(data_collator=partial(collate, special=special, budget=_BATCH_TOKENS), **kwargs)
        self._config, self._held_out, self._special = config, held_out, special

    def compute_loss(self, model: Any, inputs: dict[str, ExampleBatch], *args: Any, **kwargs: Any) -> Any:
        """Tag loss plus weighted salience loss of a batch; no outputs are returned."""
        batch = inputs["batch"]
        output: NetworkOutput = model(batch.windows, batch.layout.to(self.args.device))
        salience = masked_loss(output.salience, batch.salience.to(self.args.device))
        return masked_loss(output.logits, batch.labels.to(self.args.device)) + self._config.summaries.weight * salience

    def evaluate(self, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any) -> dict[str, float]:
        """Macro-F1 and loss on the held-out stories."""
        logits = predict_logits(self.model, self._held_out, self._special, self.args.device)
        targets = np.stack([example.labels for example in self._held_out]).astype(np.float64)
        labels = [str(i) for i in range(targets.shape[1])]
        quality = all_quality(targets, logits, [0.0] * len(labels), labels)
        loss = masked_loss(torch.from_numpy(logits), torch.from_numpy(targets)).item()
        metrics = {f"{metric_key_prefix}_macro_f1": macro_f1(quality), f"{metric_key_prefix}_loss": loss}
        self.log(metrics)
        self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        """AdamW with one learning rate for the encoder and one for the heads."""
        settings = self._config.optimizer
        named = [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]
        groups = [
            {"params": [p for name, p in named if name.startswith("encoder.")], "lr": settings.encoder_learning_rate},
            {"params": [p for name, p in named if not name.startswith("encoder.")], "lr": settings.head_learning_rate},
        ]
        groups = [group for group in groups if group["params"]]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        return self.optimizer


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean binary cross-entropy over the known targets; 0 where none is known."""
    known = targets != UNKNOWN
    loss = binary_cross_entropy_with_logits(logits, targets.clamp(min=0), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def train_network(
    network: Network,
    examples: Sequence[Example],
    held_out: Sequence[Example],
    config: TrainingConfig,
    *,
    special: SpecialTokens,
    directory: Path,
) -> None:
    """Fine-tune a prepared network in place, with checkpoints in `directory`; an interrupted run resumes from them."""
    settings = config.optimizer
    on_gpu = torch.cuda.is_available()
    n_steps = max(1, len(examples) // settings.batch_stories)
    every = max(1, n_steps // settings.evaluations)
    trainer = TagTrainer(
        config,
        held_out,
        special,
        model=network,
        train_dataset=Examples(examples),
        eval_dataset=Examples(held_out),
        args=transformers.TrainingArguments(
            output_dir=str(directory),
            num_train_epochs=1,
            per_device_train_batch_size=settings.batch_stories,
            lr_scheduler_type="cosine",
            warmup_steps=settings.warmup,
            max_grad_norm=1.0,
            bf16=_has_bf16(),
            fp16=on_gpu and not _has_bf16(),
            use_cpu=not on_gpu and not torch.backends.mps.is_available(),
            eval_strategy="steps",
            save_strategy="steps",
            eval_steps=every,
            save_steps=every,
            save_total_limit=2,
            logging_steps=max(1, every // 5),
            load_best_model_at_end=True,
            metric_for_best_model="macro_f1",
            remove_unused_columns=False,
            report_to=[],
            seed=config.seed,
            ddp_find_unused_parameters=True,
        ),
        callbacks=[transformers.EarlyStoppingCallback(settings.patience)],
    )
    trainer.train(resume_from_checkpoint=_last_checkpoint(directory))


def prepare_encoder(network: Network, section: EncoderSection) -> None:
    """Freeze what is not trained and add low-rank updates, by the configured mode.

    Frozen weights are kept in bf16: autocast would cast them anew at every step (15 % of it on a CPU).
    """
    body = network.encoder.body
    body.requires_grad_(requires_grad=section.mode == "full")
    if section.mode == "full":
        return
    if _has_bf16():
        body.to(torch.bfloat16)
    if section.mode == "lora":
        names = {
            name.rpartition(".")[2] for name, module in body.named_modules() if isinstance(module, torch.nn.Linear)
        }
        targets = sorted(names & _LORA_TARGETS)
        inject_adapter_in_model(LoraConfig(r=section.rank, lora_alpha=section.alpha, target_modules=targets), body)
        for module in body.modules():
            if isinstance(module, LoraLayer):
                module.cast_input_dtype_enabled = False  # autocast casts the small matrices, not the states
        for parameter in body.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()


def start_from(network: Network, weights: Mapping[str, Tensor]) -> None:
    """Give a prepared network the weights of a bundle, as `trained_weights` made them.

    Raises BundleError when they are of another shape: other labels, rank, mode or encoder.
    """
    adapter = {name.removeprefix("adapter."): t for name, t in weights.items() if name.startswith("adapter.")}
    own = {
        name.replace("encoder.", "encoder.body.", 1): t
        for name, t in weights.items()
        if not name.startswith("adapter.")
    }
    try:
        unknown = network.load_state_dict(own, strict=False).unexpected_keys
        if adapter:
            unknown += set_peft_model_state_dict(network.encoder.body, adapter).unexpected_keys
    except RuntimeError as error:
        raise BundleError(f"the base bundle does not fit the configuration: {error}") from error
    if unknown:
        raise BundleError(f"the base bundle does not fit the configuration: it has {', '.join(unknown[:3])}")


def trained_weights(network: Network, section: EncoderSection) -> dict[str, Tensor]:
    """The tensors that a bundle stores."""
    weights = {name: t for name, t in network.state_dict().items() if not name.startswith("encoder.")}
    if section.mode == "full":
        weights |= {f"encoder.{name}": t for name, t in network.encoder.body.state_dict().items()}
    if section.mode == "lora":
        weights |= {f"adapter.{name}": t for name, t in get_peft_model_state_dict(network.encoder.body).items()}
    return weights


def predict_logits(network: Any, examples: Sequence[Example], special: SpecialTokens, device: torch.device) -> Floats:
    """Tag logits, float64 [stories, labels], in the order of the examples."""
    rows = []
    was_training = network.training
    network.eval()
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=_has_bf16()):
        for start in range(0, len(examples), 16):
            batch = collate(examples[start : start + 16], special, _BATCH_TOKENS)["batch"]
            rows.append(network(batch.windows, batch.layout.to(device)).logits.float().cpu().numpy())
    network.train(was_training)
    return np.concatenate(rows).astype(np.float64)


def _has_bf16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return not torch.backends.mps.is_available()


def _last_checkpoint(directory: Path) -> str | None:
    return transformers.trainer_utils.get_last_checkpoint(str(directory)) if directory.is_dir() else None
