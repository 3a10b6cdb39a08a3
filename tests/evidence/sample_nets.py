"""Small networks whose operators profilers count in different ways."""
# mypy: disable-error-code="no-any-return, operator"

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Attention as ViT code writes it, in one of four ways."""

    def __init__(self, width: int = 16, heads: int = 2, way: str = "sdpa") -> None:
        super().__init__()
        self.heads, self.way = heads, way
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, length, c = x.shape
        parts = self.qkv(x).reshape(n, length, 3, self.heads, c // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        if self.way == "sdpa":
            x = functional.scaled_dot_product_attention(q, k, v)
        elif self.way == "operators":
            x = (q * 0.5 @ k.transpose(-2, -1)).softmax(-1) @ v
        elif self.way == "functions":
            x = torch.matmul(
                functional.softmax(torch.matmul(q, k.transpose(-2, -1)), dim=-1), v
            )
        else:
            a = torch.einsum("nhid,nhjd->nhij", q, k).softmax(-1)
            x = torch.einsum("nhij,nhjd->nhid", a, v)
        return self.proj(x.transpose(1, 2).reshape(n, length, c))


class ViT(nn.Module):
    def __init__(self, way: str = "sdpa") -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.position = nn.Parameter(torch.zeros(1, 17, 16))
        self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.attention = Attention(way=way)
        self.mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1) + self.position
        x = x + self.attention(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return self.head(x[:, 0])


class MultiHead(nn.Module):
    """torch's own multi-head attention, as torchvision's ViT has it."""

    def __init__(self, weights: bool = False) -> None:
        super().__init__()
        self.weights = weights
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        return self.head(self.attention(x, x, x, need_weights=self.weights)[0])


def encoder_layer() -> nn.Module:
    return nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)


class Windows(nn.Module):
    """Attention in windows with a table of relative positions, as in Swin."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, 4)
        self.norm = nn.LayerNorm(16)
        self.qkv, self.proj = nn.Linear(16, 48, bias=False), nn.Linear(16, 16)
        self.table = nn.Parameter(torch.zeros(49, 2))
        sides = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")
        at = torch.stack(sides).flatten(1)
        gap = (at[:, :, None] - at[:, None]).permute(1, 2, 0) + 3
        self.register_buffer("index", (gap * torch.tensor([7, 1])).sum(-1))
        self.softmax = nn.Softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).permute(0, 2, 3, 1)
        n, h, w, c = x.shape
        x = torch.roll(self.norm(x), (-2, -2), (1, 2))
        x = (
            x.view(n, h // 4, 4, w // 4, 4, c)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(-1, 16, c)
        )
        q, k, v = self.qkv(x).reshape(-1, 16, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        a = q * 0.35 @ k.transpose(-2, -1)
        a = a + self.table[self.index.view(-1)].view(16, 16, 2).permute(2, 0, 1)
        a = functional.softmax(a, dim=-1)
        return self.proj((a @ v).transpose(1, 2).reshape(-1, 16, c))


class Recurrent(nn.Module):
    def __init__(
        self, cell: str = "LSTM", layers: int = 1, both: bool = False, bias: bool = True
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        make = getattr(nn, cell)
        keys = {"batch_first": True, "bidirectional": both, "bias": bias}
        self.cell = make(8, 12, layers, **keys)
        self.head = nn.Linear(24 if both else 12, 5)

    def forward(self, words: Tensor) -> Tensor:
        out, _ = self.cell(self.embed(words))
        return self.head(out[:, -1])


class Cells(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(8, 12)

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(1, 12)
        for at in range(3):
            h, c = self.cell(x[:, at], (h, c))
        return h


class UNet(nn.Module):
    def __init__(self, bias: bool = True, norm: str = "batch", groups: int = 1) -> None:
        super().__init__()
        make = {
            "batch": nn.BatchNorm2d,
            "group": lambda c: nn.GroupNorm(4, c),
            "instance": lambda c: nn.InstanceNorm2d(c, affine=True),
            "plain": lambda c: nn.BatchNorm2d(c, affine=False),
        }[norm]
        self.down1 = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), make(8), nn.LeakyReLU(0.1))
        self.pool = nn.MaxPool2d(2)
        self.down2 = nn.Sequential(nn.Conv2d(8, 16, 3, 1, 1), make(16), nn.PReLU(16))
        self.up = nn.ConvTranspose2d(16, 8, 2, 2, bias=bias, groups=groups)
        self.last = nn.Sequential(
            nn.Conv2d(16, 8, 3, 1, 1), nn.ELU(), nn.Conv2d(8, 2, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        a = self.down1(x)
        b = self.down2(self.pool(a))
        return self.last(torch.cat((a, self.up(b)), 1))


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm3d(4)
        self.pool = nn.AvgPool3d(2)
        self.mean = nn.AdaptiveAvgPool3d(1)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(
            self.mean(self.pool(functional.relu(self.norm(self.conv(x))))).flatten(1)
        )


class Sound(nn.Module):
    """One axis."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 8, 5, 2, 2)
        self.norm = nn.BatchNorm1d(8)
        self.pool = nn.AvgPool1d(2)
        self.up = nn.ConvTranspose1d(8, 4, 4, 2, 1, bias=False)
        self.mean = nn.AdaptiveAvgPool1d(1)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(self.pool(functional.silu(self.norm(self.conv(x)))))
        return self.head(self.mean(x).flatten(1))


class Functions(nn.Module):
    """Everything as functions, pooling and resizing included."""

    def __init__(self, resize: str = "nearest") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 3, 3, 3))
        self.bias = nn.Parameter(torch.zeros(8))
        self.last = nn.Conv2d(8, 6, 3, 1, 1, groups=2)
        self.linear = nn.Parameter(torch.zeros(4, 6))
        self.resize = resize

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu6(functional.conv2d(x, self.weight, self.bias, 2, 1))
        x = functional.max_pool2d(x, 2) + functional.avg_pool2d(x, 2)
        x = functional.interpolate(x, scale_factor=2, mode=self.resize)
        x = torch.mul(functional.relu(self.last(x)), 2.0)
        x = functional.adaptive_avg_pool2d(x, 3)
        return functional.linear(torch.add(x, x).mean((2, 3)), self.linear)


class Upsampled(nn.Module):
    def __init__(self, mode: str = "nearest") -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.up = nn.Upsample(scale_factor=2, mode=mode)

    def forward(self, x: Tensor) -> Tensor:
        return self.up(self.conv(x))


class Squeezed(nn.Module):
    """Squeeze-excite with means, as timm writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.norm, self.act = nn.BatchNorm2d(8), nn.SiLU()
        self.less, self.more = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.conv(x)))
        x = (
            x
            * self.more(
                functional.relu(self.less(x.mean((2, 3), keepdim=True)))
            ).sigmoid()
        )
        return self.head(self.pool(x).flatten(1))


class Standardised(nn.Module):
    """Weights that are computed in the run."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 3, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight * 2.0)


class OwnNorm(nn.Module):
    """A module of its own class with weights: LLaMA's norm."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class Llama(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = OwnNorm()
        self.up = nn.Linear(8, 16, bias=False)
        self.down = nn.Linear(8, 8, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.up(self.norm(x)).chunk(2, -1)
        return x + self.down(functional.silu(a) * b)


class Addmm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 6))
        self.bias = nn.Parameter(torch.zeros(6))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x.view(-1, 8), self.weight).mm(self.weight.t())


class Mixer(nn.Module):
    """A layer along the tokens: torch adds the bias of one on a transposed input."""

    def __init__(self) -> None:
        super().__init__()
        self.along, self.across = nn.Linear(5, 5), nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.across(x + self.along(x.transpose(1, 2)).transpose(1, 2))


def transformer(kind: str, how: str | None = None) -> nn.Module:
    """A small network of transformers, from its configuration alone."""
    import transformers

    sizes = {
        "Bert": {"hidden_size": 32, "intermediate_size": 64},
        "Roberta": {"hidden_size": 32, "intermediate_size": 64},
        "Llama": {"hidden_size": 32, "intermediate_size": 64, "use_cache": False},
        "DistilBert": {"dim": 32, "hidden_dim": 64},
        "GPT2": {"n_embd": 32, "use_cache": False},
        "Swin": {"embed_dim": 16, "window_size": 4, "patch_size": 2, "image_size": 32},
        "ViT": {"hidden_size": 32, "intermediate_size": 64, "image_size": 32},
    }[kind]
    make = getattr(transformers, f"{kind}Config")
    layers = {"Swin": {"depths": [2, 2], "num_heads": [2, 2]}}.get(
        kind, {"num_hidden_layers": 2, "num_attention_heads": 2}
    )
    words = {} if kind in ("Swin", "ViT") else {"vocab_size": 100}
    chosen = {} if how is None else {"attn_implementation": how}
    config = make(**sizes, **layers, **words, **chosen)
    network: nn.Module = getattr(transformers, f"{kind}Model")(config)
    return network
