"""How fast the explorer is: python tests/benchmarks/page_speed.py SITE/index.html

Prints the bytes of the page, the time until it is interactive (navigation to the first
drawn figures), and the time from a slider's step to the frame that shows it. On a busy
machine these are too long, so the CPU time of the page's main thread is printed too.
"""

import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

# Two frames after the event: the first is laid out, the second shows that it was.
STEP = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const slider = document.getElementById("x-alpha");
  const times = [];
  for (let step = 0; step < 200; step += 1) {
    await frame();
    slider.value = String((step * 7) % (Number(slider.max) + 1));
    const start = performance.now();
    slider.dispatchEvent(new Event("input"));
    const counted = performance.now();
    await frame();
    await new Promise((done) => { const c = new MessageChannel();
      c.port1.onmessage = done; c.port2.postMessage(0); });
    times.push([counted - start, performance.now() - start]);
  }
  return times;
}"""


# One step, and the frame that shows it.
ONE = """async (step) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const slider = document.getElementById("x-alpha");
  slider.value = String((step * 7) % (Number(slider.max) + 1));
  slider.dispatchEvent(new Event("input"));
  await frame();
  await frame();
}"""


def thread_seconds(session: Any) -> float:
    """CPU seconds that the tasks of the page's main thread have taken."""
    found = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))


def cpu_times(browser: Any, path: Path) -> tuple[float, list[float]]:
    """CPU milliseconds until the page is interactive, and of each of 100 steps."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    start = thread_seconds(session)
    page.goto(path.as_uri())
    page.wait_for_selector("[data-quantity=macs][data-value]")
    ready = thread_seconds(session) - start
    page.click("#x-pin-a")
    page.select_option("#x-net", "1")
    steps = []
    for step in range(100):
        before = thread_seconds(session)
        page.evaluate(ONE, step)
        steps.append(1000 * (thread_seconds(session) - before))
    page.close()
    return 1000 * ready, steps


def main() -> None:
    path = Path(sys.argv[1]).resolve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        ready = []
        for _ in range(7):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            start = time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_selector("[data-quantity=macs][data-value]")
            ready.append(time.perf_counter() - start)
            page.close()
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(path.as_uri())
        page.click("#x-pin-a")
        page.select_option("#x-net", "1")
        times = page.evaluate(STEP)
        painted = page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
        loaded, cpu = cpu_times(browser, path)
        browser.close()
    script, paint = zip(*times, strict=True)
    print(f"page: {path.stat().st_size:,} bytes")
    print(
        f"interactive: median {1000 * statistics.median(ready):.0f} ms of {len(ready)}"
    )
    print(f"first paint: {painted:.0f} ms; CPU until interactive: {loaded:.0f} ms")
    rows = (("script", script), ("slider to paint", paint), ("CPU of a step", cpu))
    for name, values in rows:
        ordered = sorted(values)
        p95 = ordered[int(0.95 * len(ordered))]
        middle = statistics.median(ordered)
        print(f"{name}: median {middle:.1f} ms, 95th percentile {p95:.1f} ms")


if __name__ == "__main__":
    main()
