"""How a network is written in PyTorch, where that changes what profilers count."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from mnprofile.base.errors import UsageError

Style = Literal["functional", "module"]
STYLES: tuple[Style, ...] = get_args(Style)


@dataclass(frozen=True, slots=True)
class TorchStyle:
    """Pooling and activations as ``nn`` modules or as calls of ``nn.functional``.

    The default is how torchvision writes MobileNetV2. Its V3 has pooling modules.
    """

    pooling: Style = "functional"
    activations: Style = "module"

    def __post_init__(self) -> None:
        for name in ("pooling", "activations"):
            if getattr(self, name) not in STYLES:
                raise UsageError(
                    f"{name}: {getattr(self, name)!r} is not a known style",
                    accepted=", ".join(STYLES),
                )

    def other_pooling(self) -> "TorchStyle":
        """The same with pooling written the other way."""
        other: Style = "module" if self.pooling == "functional" else "functional"
        return replace(self, pooling=other)
