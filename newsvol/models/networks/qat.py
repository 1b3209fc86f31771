"""INT8 quantisation-aware training, by torchao.

Weights are rounded per output channel (symmetric), activations per piece (asymmetric, dynamic), as INT8
kernels do when they serve. torchao is imported inside: it takes a second, and only these recipes need it.
"""

import importlib.util
from typing import Any

import torch
from torch import nn

from newsvol.engine.errors import InputError


def require_torchao() -> None:
    """Raise `InputError` if torchao is not installed."""
    if importlib.util.find_spec("torchao") is None:
        raise InputError("quantization_aware needs torchao: pip install 'newsvol[train]'")


def prepare_int8(network: Any) -> None:
    """Let every linear layer of the encoder compute, and learn, with weights and inputs rounded to INT8."""
    _apply(network, "prepare")


def strip_int8(network: Any) -> None:
    """Take the rounding off again; the plain weights, trained to bear it, remain."""
    from torchao.quantization.qat.linear import FakeQuantizedLinear  # noqa: PLC0415 - see above

    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, FakeQuantizedLinear):
                plain = nn.Linear(child.in_features, child.out_features, child.bias is not None, "meta")
                plain.weight, plain.bias = child.weight, child.bias
                setattr(module, name, plain)


def convert_int8(network: Any) -> None:
    """Round the encoder's linear layers for good, in place: what serving in INT8 answers, on the CPU."""
    from torchao.quantization import quantize_  # noqa: PLC0415 - see above

    quantize_(network.bert.encoder, _base())


def _apply(network: Any, step: str) -> None:
    from torchao.quantization import quantize_  # noqa: PLC0415 - see above
    from torchao.quantization.qat import QATConfig  # noqa: PLC0415 - see above

    require_torchao()
    quantize_(network.bert.encoder, QATConfig(_base(), step=step))


def _base() -> Any:
    from torchao.quantization import Int8DynamicActivationIntxWeightConfig  # noqa: PLC0415 - see above
    from torchao.quantization.granularity import PerAxis  # noqa: PLC0415 - see above

    return Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int8, weight_granularity=PerAxis(0))
