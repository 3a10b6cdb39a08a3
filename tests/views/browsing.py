"""A page in Chromium: what it asks for, what it says, and what the explorer shows."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

Page = Any

# The explorer, where there is one, is shown and drawn in one go, and so is each plot.
FILLED_IN = """!document.querySelector('#x-out[hidden]') &&
  [...document.querySelectorAll('.plot[id]')].every((one) =>
    one.querySelector('.main-svg'))"""

# What scrolls can be focused; what is in a closed section is not laid out.
FOCUSABLE = """[...document.querySelectorAll('.scroll')].every((one) =>
  one.closest('details:not([open])') || one.hasAttribute('tabindex')
  || one.scrollWidth <= one.clientWidth)"""


class Watched:
    """A page, its requests and its console messages."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._refuse)

    def _refuse(self, dialog: Any) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def anew(self) -> None:
        """Reset to a new page: empty, wide, light, without notes."""
        self.page.goto("about:blank")
        self.wide()
        self.requests.clear()
        self.complaints.clear()

    def wide(self) -> None:
        """As on a desktop, on screen and light."""
        self.page.set_viewport_size({"width": 1440, "height": 900})
        self.page.emulate_media(media="null", color_scheme="light")

    def open(self, path: Path, fragment: str = "") -> Page:
        """The page at a file, when its script has filled it in; others draw rarely."""
        self.page.bring_to_front()
        self.page.goto(path.as_uri() + fragment)
        until(self.page, FILLED_IN)
        return self.page

    def wait_for_complaints(self, count: int) -> None:
        """Wait for messages, which arrive after their cause."""
        for _ in range(100):
            if len(self.complaints) >= count:
                return
            self.page.wait_for_timeout(50)


def unfold(page: Page) -> None:
    """Open every section; a frame that scrolls can be focused then."""
    page.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )
    until(page, FOCUSABLE)


class Explorer(Watched):
    """The explorer of a report that stays open: a link sets all that it holds."""

    def __init__(self, page: Page, path: Path) -> None:
        super().__init__(page)
        self.path = path
        self.open(path)

    def at(self, rest: str = "", net: int = 0) -> Page:
        """The page at a link to one of its networks, or as it starts."""
        return self.follow(link_to(self.path, net, rest) if rest else "#")

    def follow(self, fragment: str) -> Page:
        """The page at an address, as after going back to it."""
        self.page.bring_to_front()
        self.page.evaluate(
            """(fragment) => {
              document.activeElement.blur();
              history.replaceState(null, "", fragment);
              window.dispatchEvent(new PopStateEvent("popstate"));
            }""",
            fragment,
        )
        return self.page


def until(page: Page, expression: str) -> None:
    """Wait for something; asked from outside, as the page itself evaluates nothing."""
    for _ in range(500):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(20)
    raise AssertionError(expression)


def resize(page: Page, width: int, height: int = 800) -> None:
    """Another size of the window, once the page has it and its frames follow."""
    page.set_viewport_size({"width": width, "height": height})
    until(page, f"innerWidth === {width} && {FOCUSABLE}")


def repaint(page: Page, scheme: str) -> None:
    """The light or dark theme, once every plot is drawn in it."""
    page.emulate_media(color_scheme=scheme)
    until(
        page,
        "[...document.querySelectorAll('.plot[id] .main-svg:first-child')].every((one)"
        " => one.style.background === getComputedStyle(document.body).backgroundColor)",
    )


def shown(page: Page) -> dict[str, int]:
    """The explorer's figures, as exact integers; not its latency."""
    values: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-quantity]')]"
        ".map((node) => [node.dataset.quantity, node.dataset.value]))"
    )
    return {name: int(value) for name, value in values.items() if name != "latency_ms"}


def stage_bars(page: Page) -> list[dict[str, int]]:
    """The numbers next to the explorer's bars: stage to value, per quantity."""
    tables: list[list[list[str]]] = page.evaluate(
        "[...document.querySelectorAll('#x-bars table')].map((table) =>"
        " [...table.tBodies[0].rows].map((row) =>"
        " [row.cells[0].textContent, row.cells[2].textContent]))"
    )
    return [
        {stage: int(value.replace(",", "")) for stage, value in rows} for rows in tables
    ]


def drag(page: Page, net: int, places: list[float]) -> str:
    """Choose a table, put its sliders at parts of their range; the command shown."""
    command: str = page.evaluate(
        """([net, places]) => {
          const set = (id, value, kind) => {
            const node = document.getElementById(id);
            node.value = String(value);
            node.dispatchEvent(new Event(kind));
          };
          set("x-net", net, "change");
          ["x-alpha", "x-res", "x-t"].forEach((id, index) => {
            const most = document.getElementById(id).max;
            set(id, Math.round(places[index] * most), "input");
          });
          return document.getElementById("x-command").value;
        }""",
        [net, places],
    )
    return command


def link_to(path: Path, net: int, rest: str) -> str:
    """A fragment for a network of a report, by its name and the hash of its content."""
    return f"#net={id_of(path, net)}&{rest}"


def id_of(path: Path, net: int) -> str:
    """What the links of a report call one of its networks."""
    return ids_of(path)[net]


@cache
def ids_of(path: Path) -> list[str]:
    """What the links of a report call its networks."""
    found = re.search(
        r'<script type="application/json" id="mnp-data">(.*?)</script>',
        path.read_text("utf-8"),
    )
    assert found is not None
    return [f"{one['name']}.{one['hash']}" for one in json.loads(found[1])["nets"]]
