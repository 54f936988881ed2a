"""Signing in and out."""

from __future__ import annotations

import pytest

from tests.site import ReadySite, Visitor


@pytest.fixture
def stranger(site: ReadySite) -> Visitor:
    return Visitor(site.app.test_client())


def test_in_and_out(site: ReadySite, stranger: Visitor) -> None:
    answer = stranger.post("/sign-in", site.credentials("gold"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Windchill 金級" in stranger.get("/").get_data(as_text=True)
    cookie = stranger.client.get_cookie("kb_session")
    assert cookie is not None
    assert "要登出嗎" in stranger.get("/sign-out").get_data(as_text=True)
    answer = stranger.post("/sign-out", {}, form="/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    stranger.client.set_cookie("kb_session", cookie.value)
    assert "您好" not in stranger.get("/").get_data(as_text=True), "the session itself has ended"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("gold@example.com", "wrong"),
        ("nobody@example.com", "wrong"),
        ("", ""),
        ("gold@example.com", "x" * 5_000),
        ("' OR 1=1 --", "\x00"),
    ],
)
def test_a_wrong_password_and_an_unknown_address_are_told_alike(stranger: Visitor, email: str, password: str) -> None:
    answer = stranger.post("/sign-in", {"email": email, "password": password})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert "電子郵件或密碼不正確。" in page
    assert 'role="alert"' in page


@pytest.mark.parametrize("next_page", ["/search?q=%E7%99%BB%E5%85%A5", "/articles/KB900002"])
def test_one_comes_back_to_where_one_was(site: ReadySite, stranger: Visitor, next_page: str) -> None:
    page = stranger.get("/sign-in", headers={"Referer": f"http://localhost{next_page}"}).get_data(as_text=True)
    assert f'name="next" value="{next_page}"' in page
    answer = stranger.post("/sign-in", {**site.credentials("gold"), "next": next_page})
    assert answer.headers["Location"] == next_page


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "/\tx"]
)
def test_never_to_another_site(site: ReadySite, elsewhere: str) -> None:
    stranger = Visitor(site.app.test_client())
    answer = stranger.post("/sign-in", {**site.credentials("gold"), "next": elsewhere})
    assert answer.headers["Location"] == "/"
    stranger = Visitor(site.app.test_client())
    assert stranger.get("/sign-in", query_string={"next": elsewhere}).status_code == 400
    page = stranger.get("/sign-in", headers={"Referer": "https://evil.example/x"}).get_data(as_text=True)
    assert 'name="next" value=""' in page


def test_too_many_attempts_are_told_when_to_come_back(throttled_site: ReadySite) -> None:
    stranger = Visitor(throttled_site.app.test_client())
    wrong = {"email": "someone@example.com", "password": "wrong"}
    answers = [stranger.post("/sign-in", wrong) for _ in range(5)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 15 * 60
    assert "分鐘後再試" in answers[-1].get_data(as_text=True)
