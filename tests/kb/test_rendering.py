"""Rendering: what Markdown becomes, what is taken out of it, and children that hang, die or eat memory."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

import kb.limited.pool as pool_module
from kb.rendering import Job, Limits, Renderer, RenderPool, render
from kb.rendering.markdown import Part


def job(markdown: str) -> Job:
    return Job((Part(markdown),))


def test_text_is_what_a_reader_sees() -> None:
    made = render(
        "## 原因\n\n記憶體\n不足，見 **heap**。\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```bash\nls -l\n  cd /\n```\n"
    )
    assert made.text == "原因\n\n記憶體不足，見 heap。\n\na | b\n1 | 2\n\nls -l\n  cd /"
    assert made.headings == ("原因",)
    assert made.toc == ((2, "原因", "s-原因"),)
    assert 'class="language-bash"' in made.html


def test_headings_have_anchors_once_each_and_local_links_find_them() -> None:
    made = render("# 步驟\n\n## 步驟\n\n[到](#步驟)")
    assert [entry[2] for entry in made.toc] == ["s-步驟", "s-步驟-1"]
    assert "<h1" not in made.html
    assert 'href="#s-步驟"' in made.html


def test_anchors_do_not_tell_of_sections_that_others_read() -> None:
    parts = (Part("## A"), Part("## A", ("staff",)), Part("## A"))
    anchors = [section.toc[0][2] for section in Renderer().sections(parts)]
    assert anchors[0] == "s-a"
    assert anchors[2] == "s-a-1", "as it would be without the section for staff"
    assert len(set(anchors)) == 3


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>x",
        "<ScRiPt src=//evil.example/a.js></sCrIpT>x",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&#58;alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox(1))",
        '<a href="java\tscript:alert(1)">x</a>',
        "<a href='java&#10;script:alert(1)'>x</a>",
        '<iframe src="https://evil.example"></iframe>',
        "<form action=/sign-out><input name=a><button>x</button></form>",
        '<p style="position:fixed;inset:0">x</p>',
        '<div onclick="alert(1)">x</div>',
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        '![x](https://evil.example/track.png "t")',
        '<base href="https://evil.example/">',
        '<meta http-equiv="refresh" content="0;url=https://evil.example">',
        "```html\n</code></pre><script>alert(1)</script>\n```",
        '[x](https://a.example" onmouseover="alert(1))',
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        '<object data="x"></object><embed src="x">',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    ],
)
def test_nothing_runs_or_calls_home(hostile: str) -> None:
    html = render(hostile).html
    for tag in ("<script", "<iframe", "<svg", "<form", "<base", "<meta", "<object", "<embed", "<style", "<math"):
        assert tag not in html.lower()
    # Quoted or as text it may be there; as a tag's attribute it may not.
    assert not any(_attributes(html) & {"onerror", "onload", "onclick", "onmouseover", "style"})
    for address in _addresses(html):
        assert address.startswith(("https://a.example", "#", "/articles/")), address


def _attributes(html: str) -> set[str]:
    return {name for name, _ in _parsed(html)}


def _addresses(html: str) -> list[str]:
    return [value for name, value in _parsed(html) if name in ("href", "src")]


def _parsed(html: str) -> list[tuple[str, str]]:
    from html.parser import HTMLParser

    found: list[tuple[str, str]] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend((name, value or "") for name, value in attrs)

    Parser().feed(html)
    return found


def test_relative_links_are_those_of_the_import_and_no_others() -> None:
    links = {"other.md": "kb-article:aa", "files/a b.png": "kb-article:bb/attachments/a%20b.png"}
    html = render("[o](other.md#原因) [n](none.md) ![p](files/a%20b.png) ![q](q.png) [u](../../etc/passwd)", links).html
    assert '<a href="kb-article:aa#s-原因">o</a>' in html
    assert 'src="kb-article:bb/attachments/a%20b.png"' in html
    assert "none.md" not in html and "q.png" not in html and "passwd" not in html


@pytest.mark.parametrize("address", ["kb-article:aa", "/articles/KB000001"])
def test_an_article_is_no_picture(address: str) -> None:
    """Shown as if there were no such article: what is read of the text must not tell whether there is."""
    text = "前![圖](other.md)後"
    assert render(text, {"other.md": address}) == render(text)


def test_an_author_cannot_forge_the_address_of_an_import() -> None:
    assert "kb-article:" not in render("[x](kb-article:6162) ![y](kb-article:6162/attachments/a)").html


@pytest.mark.parametrize(
    "deep", [">" * 3000 + " x", "\n".join("  " * n + "- x" for n in range(400)), "<div>" * 20_000, "[" * 5_000]
)
def test_deep_nesting_is_an_answer_or_a_refusal_and_the_next_goes_well(deep: str) -> None:
    with RenderPool(Limits(seconds=3.0), workers=1) as pool:
        first, second = pool.render([job(deep), job("next")])
    assert first.failure in (None, "render_depth", "render_time", "render_memory", "render_died")
    assert second.sections[0].text == "next"


def test_outcomes_come_in_order() -> None:
    with RenderPool(workers=2) as pool:
        texts = [outcome.sections[0].text for outcome in pool.render(job(f"article {n}") for n in range(500))]
    assert texts == [f"article {n}" for n in range(500)]


def test_children_that_are_started_beforehand_do_the_work() -> None:
    with RenderPool(workers=2) as pool:
        pool.open()
        started = set(pool._all)
        pool.open()
        outcomes = list(pool.render(Job((Part(str(number)),)) for number in range(300)))
        assert len(started) == 2 and pool._all == started
    assert [outcome.sections[0].text for outcome in outcomes] == [str(number) for number in range(300)]
    pool.open()
    assert all(child._process.poll() is not None for child in started)


def test_a_slow_article_is_given_up_alone() -> None:
    slow = "\n\n".join("**a** `b` [c](d) " * 40 for _ in range(3_000))
    with RenderPool(Limits(seconds=0.3), workers=1) as pool:
        failures = [outcome.failure for outcome in pool.render([job("a"), job(slow), job("b")])]
    assert failures == [None, "render_time", None]


def test_an_article_that_eats_memory_is_given_up_alone() -> None:
    large = "a\n\n" * 10_000_000
    with RenderPool(Limits(seconds=60.0, memory_mb=192), workers=1) as pool:
        failures = [outcome.failure for outcome in pool.render([job("a"), job(large), job("b")])]
    assert failures[0] is None and failures[2] is None
    assert failures[1] in ("render_memory", "render_died")


def test_a_killed_child_costs_one_article_at_most() -> None:
    with RenderPool(workers=1) as pool:

        def jobs() -> Iterator[Job]:
            yield from (job("x " * 2_000) for _ in range(640))
            for child in list(pool._all):
                os.kill(child._process.pid, signal.SIGKILL)
            yield from (job("y") for _ in range(64))

        outcomes = list(pool.render(jobs()))
    assert len(outcomes) == 704
    assert sum(outcome.failure is not None for outcome in outcomes) <= 1
    assert all("SIGKILL" in outcome.detail for outcome in outcomes if outcome.failure)


def test_a_child_that_hangs_beyond_its_own_alarm_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "GRACE_SECONDS", 0.5)
    with RenderPool(Limits(seconds=0.5), workers=1) as pool:
        assert [outcome.failure for outcome in pool.render([job("a")])] == [None]
        (child,) = pool._all
        os.kill(child._process.pid, signal.SIGSTOP)
        assert [outcome.failure for outcome in pool.render([job("b"), job("c")])] == ["render_time", None]


@pytest.mark.parametrize("wait", [0.0, 0.001, 0.01, 0.1, 0.5])
def test_closing_ends_what_is_still_at_work(wait: float) -> None:
    pool = RenderPool(Limits(seconds=60.0), workers=1)
    outcomes = pool.render([job("\n\n".join("**a** `b` [c](d) " * 40 for _ in range(10_000)))])
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.extend(outcomes))
    thread.start()
    while not pool._all:
        pass
    children = list(pool._all)
    time.sleep(wait)  # the child is sent its work, then starts, then renders
    pool.close()
    thread.join(10)
    assert not thread.is_alive()
    assert all(child._process.returncode is not None for child in children)
