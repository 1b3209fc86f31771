"""What a recipe says of one fit, whatever the network learns."""

from typing import Annotated, Literal

from pydantic import Field

from newsvol.models.config import Config
from newsvol.models.networks.config import Lora


class Fit(Config):
    """One fit.

    With `patience`, the validation part is scored after each epoch, training stops when its measure has not
    risen for that many epochs, and the best epoch is kept. `head_learning_rate` is for the modules that start
    from noise: at the rest's pace a short fit ends before they can say how sure they are.
    """

    epochs: Annotated[float, Field(gt=0)] = 3.0
    learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    head_learning_rate: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(gt=0)] = 32
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    patience: Annotated[int, Field(gt=0)] | None = None
    lora: Lora | None = None


class Intermediate(Config):
    """What a student imitates inside the teacher, beside its answers.

    Attributes
    ----------
    method : str
        ``hidden_attention``: hidden states by mean squared error and attention by divergence, as in TinyBERT
        (Jiao et al. 2020); widths and heads must be equal. ``relations``: query-query, key-key and
        value-value relations as in MiniLMv2 (Wang et al. 2021); widths may differ.
    layers : mapping of int to int
        Student layer to teacher layer, both from 0.
    relation_heads : int
        Into how many heads queries, keys and values are divided for `relations`.
    """

    method: Literal["hidden_attention", "relations"]
    layers: Annotated[dict[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]], Field(min_length=1)]
    weight: Annotated[float, Field(gt=0)] = 1.0
    relation_heads: Annotated[int, Field(gt=0)] = 12
