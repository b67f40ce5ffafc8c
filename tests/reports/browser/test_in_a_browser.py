"""The HTML in a real browser: nothing is fetched, nothing fails, and it stays quick."""

import importlib.util
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azstaging import reports
from azstaging.model.report import Report

pytestmark = pytest.mark.chromium

AXE = (
    Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0])
    / "axe.min.js"
)
VIEWS = reports.VIEW_NAMES
# On a machine that computes no longer than usual; on another one in proportion.
FIRST_SCREEN_MS = 2_000
FILTER_MS = 200
USUAL_MS = 200
USUAL = """(() => {
  const start = performance.now(), rows = [];
  for (let i = 0; i < 100000; i++) rows.push({name: 'srv-' + i, key: 'Srv ' + i * 7919 % 100000});
  const read = JSON.parse(JSON.stringify(rows));
  read.sort((one, other) => (one.key < other.key ? -1 : 1));
  return performance.now() - start;
})()"""
IN_DOM = "document.querySelectorAll('.table-items tbody tr:not(.pad)').length"


@pytest.fixture(scope="module")
def folder(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("views")
    for name, content in reports.render_all(report, formats=["html"]).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("width", "height"), [(1366, 900), (390, 844)])
def test_a_view_opens_without_an_error_or_a_request(
    open_tab: Callable[..., Any], folder: Path, view: str, width: int, height: int
) -> None:
    page = open_tab(width, height)
    page.open(folder / f"{view}.html")

    assert page.problems == []
    assert page.requests == []
    seen = page.run("document.elementFromPoint(innerWidth / 2, 200).closest('#answer').innerText")
    assert "of 24 workloads can be released." in seen
    assert "Incomplete" in seen
    assert page.run("document.documentElement.scrollWidth <= innerWidth") is True
    assert len(page.keep(f"{view}-{width}")) > 20_000


def test_without_scripts_the_answer_and_the_blockers_are_there(
    open_tab: Callable[..., Any], folder: Path
) -> None:
    page = open_tab(java_script_enabled=False)
    page.open(folder / "operations.html")

    text = page.run("document.body.innerText")
    assert "can be released." in text
    assert "What holds the held workloads" in text
    assert "Clean up the test migration." in text
    assert page.run("document.querySelectorAll('.tools').length") == 0


def test_rows_are_filtered_sorted_and_opened(open_tab: Callable[..., Any], folder: Path) -> None:
    page = open_tab()
    page.open(folder / "engineer.html")
    assert page.run(IN_DOM) == 60

    page.run(
        """(() => {
          const input = document.querySelector('.table-items input');
          input.value = 'PAYROLL held'; input.dispatchEvent(new Event('input'));
        })()"""
    )
    assert page.run(IN_DOM) == 3
    assert page.run("document.querySelector('.table-items output').textContent") == "3 of 60 rows"

    page.run("document.querySelectorAll('.table-items .sort')[1].click()")
    names = "[...document.querySelectorAll('.table-items .open-row')].map((a) => a.textContent)"
    rising = page.run(names)
    page.run("document.querySelectorAll('.table-items .sort')[1].click()")
    assert page.run(names) == rising[::-1]
    assert page.run("document.querySelectorAll('.table-items [aria-sort]').length") == 1

    page.run("document.querySelector('.table-items .open-row').click()")
    assert page.run("document.querySelector('dialog').open") is True
    assert page.run("document.querySelector('dialog h3').textContent") == rising[-1]
    assert page.run("location.hash").startswith("#item-")
    page.run("document.querySelector('dialog button').click()")
    assert page.run("document.querySelector('dialog').open") is False
    assert page.problems == []


def test_a_deep_link_opens_its_item_and_its_workload(
    open_tab: Callable[..., Any], folder: Path
) -> None:
    page = open_tab()
    page.open(folder / "engineer.html")
    anchor = page.run("document.querySelectorAll('.table-items tbody tr')[7].id")
    name = page.run("document.querySelectorAll('.table-items .open-row')[7].textContent")
    workload = page.run("document.querySelectorAll('details.workload')[2].id")

    page = open_tab()
    page.open(folder / "engineer.html", anchor=anchor)
    assert page.run("document.querySelector('dialog[open] h3').textContent") == name

    page = open_tab()
    page.open(folder / "engineer.html", anchor=workload)
    assert page.run(f"document.getElementById('{workload}').open") is True


def test_hostile_names_stay_text(open_tab: Callable[..., Any], folder: Path) -> None:
    page = open_tab()
    page.open(folder / "engineer.html")

    assert page.run("document.querySelectorAll('.table-items b, .table-items script').length") == 0
    text = page.run("document.querySelector('.table-items').innerText")
    assert "<b>web</b>" in text
    assert "</script><script>alert(1)</script>" in text
    assert "invoice\\u202egnp.exe" in text
    assert "\u202e" not in text


def test_printing_shows_every_row_and_every_workload(
    open_tab: Callable[..., Any], folder: Path
) -> None:
    page = open_tab()
    page.open(folder / "engineer.html")
    states = "[...document.querySelectorAll('details.workload')].map((d) => d.open)"
    page.run(
        "addEventListener('beforeprint', () => { window.opened = " + states + ".every(Boolean); })"
    )
    page.keep_printed("engineer")
    assert page.run("window.opened") is True
    assert not any(page.run(states))


def test_the_manager_prints_one_page_and_says_where_the_rest_is(
    open_tab: Callable[..., Any], folder: Path
) -> None:
    page = open_tab()
    page.open(folder / "manager.html")
    printed = page.keep_printed("manager")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
    portrait = rb"/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]"
    assert re.search(portrait, printed), "one page of A4"
    page.page.emulate_media(media="print")
    shown = page.run("document.querySelector('main').innerText")
    for words in ("Blockers", "Progress", "Waivers", "Changes of scope", "report.xlsx"):
        assert words in shown
    page.keep("manager-print", whole=True)


def test_both_colour_schemes_differ_and_keep_contrast(
    open_tab: Callable[..., Any], folder: Path
) -> None:
    page = open_tab()
    page.open(folder / "engineer.html")
    grounds = set()
    for scheme in ("light", "dark"):
        page.prefer(scheme)
        grounds.add(page.run("getComputedStyle(document.body).backgroundColor"))
        assert page.run(CONTRASTS) == []
    assert len(grounds) == 2


# WCAG 2: 4.5 to 1 for text. Elements whose own text is on the page's own ground.
CONTRASTS = """(() => {
  const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = rgb(colour).map((v) => {
      v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!/(, 0\\)|\\/ 0\\)|transparent|\\/ 0\\.)/.test(colour)) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const bad = new Set();
  for (const e of document.querySelectorAll('main *, nav *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    if (!e.getClientRects().length || e.closest('svg')) continue;
    const a = light(getComputedStyle(e).color), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`${e.className} ${getComputedStyle(e).color} ${ratio.toFixed(2)}`);
  }
  return [...bad];
})()"""


def test_tables_and_controls_have_names(open_tab: Callable[..., Any], folder: Path) -> None:
    page = open_tab()
    page.open(folder / "engineer.html")
    unnamed = page.run(
        """[...document.querySelectorAll('table')].filter((t) => !t.caption?.textContent).length
         + [...document.querySelectorAll('th')].filter((h) => !h.scope).length
         + [...document.querySelectorAll('input, select')]
             .filter((c) => !c.getAttribute('aria-label')).length
         + [...document.querySelectorAll('button, a')].filter((c) => !c.textContent.trim()).length
         + [...document.querySelectorAll('[role=img]')]
             .filter((c) => !c.getAttribute('aria-label')).length"""
    )
    assert unnamed == 0
    ids = page.run("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    assert page.run("document.querySelectorAll('h1').length") == 1


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    open_tab: Callable[..., Any], folder: Path, view: str, scheme: str
) -> None:
    page = open_tab(bypass_csp=True)
    page.prefer(scheme)
    page.open(folder / f"{view}.html")
    for workload in page.page.locator("details.workload").all()[:2]:
        workload.evaluate("(found) => { found.open = true; }")
    page.run(AXE.read_text("utf-8"))
    found = page.run("axe.run({ resultTypes: ['violations'] })")["violations"]
    told = [
        (rule["id"], rule["impact"], [node["html"][:160] for node in rule["nodes"][:3]])
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]
    assert told == []


def test_axe_would_find_what_is_serious(open_tab: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text("<!doctype html><title>x</title><main><img src=data:,><button></button>")
    page = open_tab()
    page.open(path)
    page.run(AXE.read_text("utf-8"))
    found = page.run("axe.run()")["violations"]
    assert {"button-name", "html-has-lang", "image-alt"} <= {rule["id"] for rule in found}


def test_twenty_thousand_items_are_drawn_as_far_as_they_are_seen(
    open_tab: Callable[..., Any], large: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "engineer.html"
    path.write_bytes(large["engineer.html"])
    page = open_tab()
    page.open(path)

    assert _usual_ms(open_tab, lambda: _first_screen(open_tab, path)) <= FIRST_SCREEN_MS
    assert page.requests == []
    assert page.problems == []
    assert page.run("document.querySelector('.table-items output').textContent") == "20,000 rows"
    assert 20 <= page.run(IN_DOM) <= 100
    last = """(async () => {
      const box = document.querySelector('.table-items .scroll');
      box.scrollTop = box.scrollHeight;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return [...box.querySelectorAll('tbody tr:not(.pad)')].pop().getAttribute('aria-rowindex');
    })()"""
    assert page.run(last) == "20001"
    found = page.run(
        """(() => {
          const input = document.querySelector('.table-items input');
          input.value = 'srv-19999'; input.dispatchEvent(new Event('input'));
          return document.querySelector('.table-items output').textContent;
        })()"""
    )
    assert found == "1 of 20,000 rows"
    assert page.run(IN_DOM) == 1


def _first_screen(open_tab: Callable[..., Any], path: Path) -> list[float]:
    page = open_tab()
    page.open(path)
    times: list[float] = page.run(
        """(() => {
          const [paint] = performance.getEntriesByName('first-contentful-paint');
          const [page] = performance.getEntriesByType('navigation');
          return [paint.startTime, page.loadEventEnd];
        })()"""
    )
    return times


def test_a_filter_over_twenty_thousand_items_is_quick(
    open_tab: Callable[..., Any], large: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "engineer.html"
    path.write_bytes(large["engineer.html"])
    assert _usual_ms(open_tab, lambda: _filter(open_tab, path)) <= FILTER_MS


def _usual_ms(open_tab: Callable[..., Any], measure: Callable[[], list[float]]) -> float:
    """Return the longest of some times, as a machine would take that computes as usual.

    What else the machine does can only add, so the best of three counts. It comes and goes: each
    is set beside the same work as ever, done before and after it, of which the quicker counts.
    """
    best, before = math.inf, _work_ms(open_tab)
    for _ in range(3):
        taken = measure()
        after = _work_ms(open_tab)
        slowness = max(1.0, min(before, after) / USUAL_MS)
        print(f"20,000 items: {', '.join(f'{ms:.0f} ms' for ms in taken)}; {slowness:.2f} x usual")
        best, before = min(best, max(taken) / slowness), after
    return best


def _work_ms(open_tab: Callable[..., Any]) -> float:
    return float(min(open_tab().run(USUAL) for _ in range(3)))


def _filter(open_tab: Callable[..., Any], path: Path) -> list[float]:
    page = open_tab()
    page.open(path)
    taken: list[float] = page.run(
        """(async () => {
          const input = document.querySelector('.table-items input');
          const taken = [];
          for (const words of ['srv', 'srv-1 held', 'srv-19999', '']) {
            const start = performance.now();
            input.value = words; input.dispatchEvent(new Event('input'));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            taken.push(performance.now() - start);
          }
          return taken;
        })()"""
    )
    return taken
