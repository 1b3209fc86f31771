"""Low-rank adapters: put around a network for a fit, and merged into it before anything is saved."""

import warnings
from typing import Any

from peft import LoraConfig, TaskType, get_peft_model

from newsvol.engine.errors import RecipeError
from newsvol.models.networks.config import Lora


def with_adapters(network: Any, lora: Lora) -> Any:
    """Return `network` with adapters on `lora.targets` (Hu et al. 2021); only they and the head will train.

    Raises
    ------
    RecipeError
        No module's name ends in one of the targets.
    """
    known = [name for name, _ in network.named_modules()]
    for target in lora.targets:
        if not any(name == target or name.endswith(f".{target}") for name in known):
            raise RecipeError(f"lora.targets: no module's name ends in {target!r}; try query, key, value")
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        modules_to_save=["pooler", "classifier"],
    )
    with warnings.catch_warnings():
        # peft asks transformers under a name that transformers 5 has deprecated
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        return get_peft_model(network, config)


def merge_adapters(adapted: Any) -> Any:
    """Add the adapters to the weights under them and return the plain network, all of it trainable again."""
    network = adapted.merge_and_unload()
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    return network
