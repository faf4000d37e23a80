"""The page's files: addresses, caches, kinds."""

import re
from importlib.resources import files

import pytest

from xephang.server.page.static import Static

NAMES = sorted(one.name for one in files("xephang.server.page").joinpath("static").iterdir())
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def test_there_are_scripts_and_styles():
    assert {"page.js", "page.css", "icon.svg"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_kept_for_ever_under_its_address(client, name):
    response = client.get(Static().url(name))
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"] == f"{KINDS[name.rsplit('.')[-1]]}; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.content == files("xephang.server.page").joinpath("static", name).read_bytes()


@pytest.mark.parametrize("tag", ["{}", "W/{}", '"other", {}', "*"])
def test_a_known_file_is_not_sent_again(client, tag):
    url = Static().url("page.css")
    etag = client.get(url).headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    response = client.get(url, headers={"if-none-match": tag.format(etag)})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    assert client.get(url, headers={"if-none-match": '"other"'}).status_code == 200


def test_an_old_address_has_the_present_file_and_keeps_it_for_no_time(client):
    response = client.get("/static/0000000000000000/page.js")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["none.js", "page.html", "..%2fwords.toml", "..%2f..%2fapp.py", "%00", "page.js/", ""])
def test_nothing_else_is_served(client, name):
    response = client.get(f"/static/{Static().version}/{name}")
    assert response.status_code == 404
    assert "import" not in response.text


def test_head_asks_for_no_content(client):
    response = client.head(Static().url("page.js"))
    assert (response.status_code, response.content) == (200, b"")


def test_the_address_changes_with_any_content():
    static = Static()
    assert len({static.url(name).split("/")[2] for name in NAMES}) == 1
    assert re.fullmatch("[0-9a-f]{16}", static.version)
    assert static.version == Static().version


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".js")])
def test_scripts_are_short_and_ask_nobody_else(name):
    text = files("xephang.server.page").joinpath("static", name).read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    assert not re.search(
        r"https?://|//[a-z]+\.|eval\(|new Function|document\.write|\.style\b|outerHTML|insertAdjacentHTML", text
    )
    assert set(re.findall(r'from "\./(.+?)"', text)) <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".css")])
def test_styles_ask_for_nothing(name):
    text = files("xephang.server.page").joinpath("static", name).read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|https?:", text)
