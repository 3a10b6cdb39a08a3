"""A profiler, and how often it counts a quantity."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mnprofile.graph.written import Written

# How often one unit of a quantity is counted; None: not known.
Rule = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Profiler:
    """A profiler (or one of its backends), what it prints, and its rule.

    ``rule`` is for every way in which a quantity is written. ``hooks`` come on top of
    it in a module of torch's own, but for ``unhooked`` classes; ``patches`` where the
    code calls a function in ``patched``; ``inside`` in modules that a hook counts as a
    whole, of which those in ``closed`` hide the hooks in them. Hooks and patches count
    once for every way that leads to a module, to the power of ``paths``.

    The profiler does not see into ``unseen`` modules, where torch runs one operator of
    its own, and may not into ``fused`` ones. ``is_traced``: it sees only what outputs
    depend on. ``otherwise`` are multiply-adds that another quantity stands for. Unless
    ``is_complete``, what is not in the rule is not known, else it counts as zero.
    """

    name: str
    package: str  # on PyPI
    release: str  # that the rule is for
    prints: str
    rule: Rule
    hooks: Rule = field(default_factory=dict)
    patches: Rule = field(default_factory=dict)
    patched: frozenset[str] = frozenset()
    inside: Mapping[str, Rule] = field(default_factory=dict)
    closed: tuple[str, ...] = ()
    paths: tuple[int, int] = (0, 0)  # of hooks, of patches
    unhooked: tuple[str, ...] = ()
    fused: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    is_traced: bool = False
    otherwise: tuple[str, ...] = ()
    is_complete: bool = True

    def factor(self, quantity: str, written: Written) -> int | None:
        """How often one unit of a quantity is counted, or None if it is not known."""
        if written.within in self.fused:
            return None
        if not self.is_complete and quantity not in {*self.rule, *self.hooks}:
            return None
        if self.is_traced and not written.is_read:
            return 0
        hooked, patched = (written.paths**power for power in self.paths)
        parts = []
        if written.within in self.inside:
            parts.append((hooked, self.inside[written.within]))
        if written.within not in self.unseen:
            parts.append((1, self.rule))
            if written.module and not self._is_hidden(written):
                parts.append((hooked, self.hooks))
            if written.function in self.patched:
                parts.append((patched, self.patches))
        total = 0
        for times, rule in parts:
            factor = rule.get(quantity, 0)
            if factor is None:
                return None
            total += times * factor
        return total

    def _is_hidden(self, written: Written) -> bool:
        """Whether no hook of a module counts."""
        return written.within in self.closed or written.module in self.unhooked

    @property
    def counts_macs(self) -> bool:
        return any("macs" in one for one in (self.rule, self.hooks, self.patches))
