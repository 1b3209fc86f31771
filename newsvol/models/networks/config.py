"""What a recipe says of networks: adapters, and what is pruned away."""

from typing import Annotated

from pydantic import Field

from newsvol.models.config import Config, Share


class Lora(Config):
    """Low-rank adapters (Hu et al. 2021): W + (alpha / r) B A on the layers whose names end in a target.

    Pooler and classifier are trained whole. The adapters are merged before anything is saved.
    """

    r: Annotated[int, Field(gt=0)] = 16
    alpha: Annotated[int, Field(gt=0)] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    targets: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "query",
        "key",
        "value",
        "intermediate.dense",
        "output.dense",
    )


class Prune(Config):
    """Structured pruning: `share` of every layer's inner neurons and heads goes, then the rest recovers.

    What goes is chosen by first-order importance over `scored` training texts. `heads` is a share of its
    own for the heads; at 0 the student stays a plain BERT.
    """

    share: Share
    heads: Annotated[float, Field(ge=0, lt=1)] | None = None
    scored: Annotated[int, Field(gt=0)] = 512
    epochs: Annotated[float, Field(gt=0)] = 1.0
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
