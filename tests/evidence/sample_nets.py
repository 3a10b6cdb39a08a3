"""Small networks whose operators profilers count in different ways."""
# mypy: disable-error-code="no-any-return, operator"

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import relu
from torch.nn.functional import softmax as soft


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

    def __init__(
        self,
        weights: bool = False,
        masked: bool = False,
        crossed: bool = False,
        frozen: bool = False,
        **more: Any,
    ) -> None:
        super().__init__()
        self.weights, self.masked, self.crossed = weights, masked, crossed
        self.norm = nn.LayerNorm(16)
        keys = {"batch_first": True} | more
        self.attention = nn.MultiheadAttention(16, 2, **keys)
        self.attention.requires_grad_(not frozen)
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        mask = x.new_zeros(x.shape[1], x.shape[1]) if self.masked else None
        to = x[:, :3] if self.crossed else x
        made, _ = self.attention(x, to, to, need_weights=self.weights, attn_mask=mask)
        return self.head(made)


def encoder_layer(**more: Any) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, **more)


class Encoder(nn.Module):
    """With a mask of padding torch may run on nested tensors."""

    def __init__(self, masked: bool = False, frozen: bool = False) -> None:
        super().__init__()
        self.masked = masked
        self.encoder = nn.TransformerEncoder(encoder_layer(), 2)
        self.requires_grad_(not frozen)

    def forward(self, x: Tensor) -> Tensor:
        mask = x.new_zeros(x.shape[:2]).bool() if self.masked else None
        return self.encoder(x, src_key_padding_mask=mask)


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(16, 2, 32, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x, x[:, :3])


class Einsums(nn.Module):
    """Equations of every sort: exact ones, long sums, products alone, three factors."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(16, 7, 11))
        self.left = nn.Parameter(torch.zeros(16, 3))
        self.right = nn.Parameter(torch.zeros(3, 9))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (
            torch.einsum("nlc,nld->ncd", x, x),
            torch.einsum("nqc, nkc -> nqk", x, x),
            torch.einsum("...c,cde->...de", x, self.weight),
            torch.einsum("nlc,lc->nlc", x, x[0]),
            torch.einsum("nlc,cr,ro->nlo", x, self.left, self.right),
            torch.einsum("nlc->n", x),
        )


class Unread(nn.Module):
    """A branch that no output depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.side = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)
        self.norm, self.head = nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        self.norm(self.side(x)).mul(2.0)
        return self.head(x)


class Held(nn.Module):
    """One activation, and one convolution, that several modules hold."""

    def __init__(self) -> None:
        super().__init__()
        act, conv = nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1)
        norm = nn.GroupNorm(2, 8)
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), act)
        self.blocks = nn.Sequential(
            *(nn.Sequential(conv, norm, act, nn.Conv2d(8, 8, 1)) for _ in range(3))
        )
        self.last = nn.ModuleList([self.blocks, act])

    def forward(self, x: Tensor) -> Tensor:
        return self.last[1](self.last[0](self.stem(x)))


class ByName(nn.Module):
    """Functions that the code holds itself: what is patched later is another one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = relu(self.conv(x)).mul(2.0)
        return soft(functional.relu(self.head(x.mean((2, 3)))), dim=-1)


class OnWeights(nn.Module):
    """Norms, pooling, sums ... of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 3, 3, 3))
        self.gain = nn.Parameter(torch.ones(8))
        self.place = nn.Parameter(torch.zeros(1, 8, 4, 4))

    def forward(self, x: Tensor) -> Tensor:
        own = functional.batch_norm(
            self.weight.reshape(1, 8, -1), None, None, self.gain, training=True
        ).reshape_as(self.weight)
        x = functional.conv2d(x, torch.mul(own, 2.0), padding=1)
        x = functional.instance_norm(x)
        place = functional.interpolate(self.place, size=(32, 32), mode="bilinear")
        place = functional.layer_norm(place, (32,))
        place = place + functional.adaptive_avg_pool2d(self.place, 1)
        return x + functional.relu(place) + functional.softmax(self.place.mean(), 0)


class OwnStatistics(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, bias=False)
        self.norm = nn.BatchNorm2d(8, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))


class OwnConv(nn.Conv2d):
    """A class of its own is not hooked."""


class OwnLayerNorm(nn.LayerNorm):
    pass


class OwnLinear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 8))
        self.weight_scale = nn.Parameter(torch.ones(4))
        self.shift = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight) * self.weight_scale + self.shift


class OwnClasses(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = OwnConv(3, 8, 3, 2), OwnLayerNorm(8)
        self.linear = OwnLinear()

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.norm(self.conv(x).flatten(2).transpose(1, 2)))


class Sizes(nn.Module):
    """Resizing as it can be asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.up = nn.UpsamplingBilinear2d(scale_factor=2)
        self.given = nn.Upsample((7, 9))

    def forward(self, x: Tensor) -> Tensor:
        x = self.given(self.up(self.conv(x)))
        x = functional.interpolate(x, 8)
        return functional.interpolate(x, size=[5, 6], mode="bicubic")


class Products(nn.Module):
    """addmm and baddbmm of activations."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(5))

    def forward(self, x: Tensor) -> Tensor:
        square = torch.addmm(self.bias, x[0], x[0].t())
        return torch.baddbmm(square.unsqueeze(0), x, x.transpose(1, 2))


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
        self.gated, self.plain = nn.GRUCell(12, 6), nn.RNNCell(6, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(1, 12)
        for at in range(3):
            h, c = self.cell(x[:, at], (h, c))
        return self.plain(self.gated(h))


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


class Transposed(nn.Module):
    """Transposed convolutions in groups, with a bias, with and without new channels."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.ConvTranspose2d(12, 12, 3, 2, 1, groups=3)
        self.more = nn.ConvTranspose2d(12, 16, 4, 2, 1, groups=4)
        self.line = nn.ConvTranspose2d(16, 4, 3, 2, 1, 1, dilation=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.line(self.more(self.same(x)))
