"""The page over HTTP: whole, in parts, refused, locked; and its headers."""

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from serving import demo_products

from xephang.product import Product
from xephang.search import Results, Search, Shop
from xephang.server.asking import Refused
from xephang.server.formats import documents
from xephang.server.page.rendering import link
from xephang.server.service import refusal, refusal_headers

FRAGMENT = {"X-Xephang-Fragment": "results"}
QUERY = "/?q=giay+chay+bo+nu"
VOID = {"area", "base", "br", "hr", "img", "input", "link", "meta", "source", "wbr", "path", "rect"}


class Elements(HTMLParser):
    """Read elements and their attributes; fail where tags do not close in the order in which they opened."""

    def __init__(self, text):
        super().__init__()
        self.found, self._open = [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        assert len(dict(attributes)) == len(attributes), attributes
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def page(client, path=QUERY, status=200, **options):
    response = client.get(path, **options)
    assert response.status_code == status
    return response.text


def ids(text):
    return [html.unescape(id) for id in re.findall(r'<article [^>]*data-id="(.*?)"', text)]


@pytest.mark.parametrize("view", ["list", "compare", "grade"])
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("query", ["", "giay chay bo nu duoi 1tr mau den", "giayf adidas", "xyzzyqqq nike", "👟"])
def test_pages_are_sound(shop_client, view, language, query):
    text = page(shop_client, "/", params={"q": query, "view": view, "lang": language, "brand": "nike"})
    elements = Elements(text)
    named = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(named) == len(set(named))
    assert elements.all("html") == [{"lang": language}]
    assert len(elements.all("h1")) == len(elements.all("main")) == 1
    labelled = re.findall(r'(?:for|aria-labelledby|aria-controls|form)="([^"]+)"', text)
    assert set(labelled) <= set(named)


def test_nothing_is_inline_and_nothing_from_elsewhere(shop_client):
    elements = Elements(page(shop_client))
    assert all(set(script) == {"type", "src"} for script in elements.all("script"))
    assert elements.all("style") == []
    for _, attributes in elements.found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href", "action"):
            assert attributes.get(name, "/").startswith(("/", "#"))


def test_the_policy_is_strict_and_said_once(shop_client):
    for path in (QUERY, "/?page=x"):
        headers = shop_client.get(path).headers
        assert headers.get_list("content-security-policy") == [
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-type"] == "text/html; charset=utf-8"


def test_the_page_shows_what_the_search_finds(shop_client, shop):
    found = shop.search(Search("giay chay bo nu"))
    text = page(shop_client)
    assert ids(text) == [hit.id for hit in found.hits]
    assert f"{found.found.total} sản phẩm" in text
    for hit in found.hits:
        assert html.escape(hit.product.value("title").split()[0]) in text


def test_results_alone_are_a_part_of_the_page(shop_client):
    part, whole = page(shop_client, headers=FRAGMENT), page(shop_client)
    timeless = re.compile(r"[\d.,]+\s*ms|<svg.*?</svg>", re.S)
    assert part.startswith('<div id="found"')
    assert "<html" not in part
    assert timeless.sub("", part).strip() in timeless.sub("", whole)
    assert shop_client.get(QUERY, headers=FRAGMENT).headers["vary"] == "x-xephang-fragment"
    assert page(shop_client, headers={"X-Xephang-Fragment": "other"}).startswith("<!doctype html>")


def test_filters_and_pages_are_taken_from_the_address(shop_client, shop):
    wanted = shop.search(Search("giay", {"gender": ["nam"]}, price=(100_000, None), sort="price", page=2))
    text = page(shop_client, "/?q=giay&gender=nam&min=100k&sort=price&page=2")
    assert ids(text) == [hit.id for hit in wanted.hits]
    checked = [one["value"] for one in Elements(text).all("input") if "checked" in one and one["type"] == "checkbox"]
    assert checked == ["nam"]


def test_links_keep_the_rest_of_the_address(shop_client):
    text = page(shop_client, "/?q=giay+duoi+500k&gender=nam&sort=price&lang=en")
    links = [one["href"] for one in Elements(text).all("a") if "data-go" in one]
    assert len(links) >= 5
    assert all("lang=en" in link for link in links)
    assert [link for link in links if "ignore=price" in link and "gender=nam" in link and "sort=price" in link]


def test_highlights_come_from_the_search(shop_client):
    marks = re.findall(r"<mark>(.*?)</mark>", page(shop_client, "/?q=giay+chay+bo"))
    assert {mark.lower() for mark in marks} & {"giày chạy bộ", "giay chay bo"}


def test_what_could_not_be_read_is_told(shop_client):
    text = page(shop_client, "/?q=giay&page=x&sort=y&lang=en")
    assert "“page” in the address can not be read" in text
    assert "“sort” in the address can not be read" in text


def test_head_answers_as_get_without_the_page(shop_client):
    response = shop_client.head(QUERY)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-security-policy"]


def test_only_get(shop_client):
    assert shop_client.post("/").status_code == 405


@pytest.mark.parametrize("folder", [None, "compiled"])
def test_without_a_search_folder_the_page_says_how_to_have_one(make_client, folder, giay, tmp_path):
    given = {}
    if folder:
        from xephang.compiled import CompiledCatalogue

        CompiledCatalogue.build(giay, demo_products(20), tmp_path / "compiled")
        given = {"model": "giay", "catalogue": str(tmp_path / "compiled")}
    text = page(make_client(**given), QUERY, 404)
    assert "xephang index" in text
    Elements(text)


def test_a_query_that_the_shop_refuses_is_told(shop_client, monkeypatch):
    from xephang.errors import InputError

    def refuse(self, search):
        raise InputError("no <b>such</b> thing")

    monkeypatch.setattr(Shop, "find", refuse)
    text = page(shop_client, "/?q=giay&lang=en", 400)
    assert "no &lt;b&gt;such&lt;/b&gt; thing" in text
    assert 'href="/?q=giay&amp;lang=en"' in text


def test_a_bug_is_no_traceback(shop_client, monkeypatch):
    monkeypatch.setattr(Shop, "find", lambda self, search: 1 / 0)
    text = page(shop_client, QUERY, 500)
    assert "Máy chủ gặp lỗi" in text
    assert "division" not in text


@pytest.fixture
def locked(make_shop_client, tmp_path):
    (tmp_path / "keys").write_text("shopper\nmetrics watcher\n", encoding="utf-8")
    return make_shop_client(keys_file=str(tmp_path / "keys"), judgments=str(tmp_path / "grades.jsonl"))


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer nobody"}, {"authorization": "watcher"}])
def test_without_a_key_the_page_is_a_form_for_one(locked, header):
    response = locked.get("/?q=giay&lang=en", headers=header)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert 'id="key-text" type="password"' in response.text
    assert "name=" not in response.text[response.text.index('<form id="key"') :].partition("</form>")[0]
    assert ids(response.text) == []
    Elements(response.text)


def test_with_a_key_it_is_the_page(locked):
    headers = {"authorization": "Bearer shopper"}
    assert ids(page(locked, QUERY, headers=headers))
    assert ids(page(locked, QUERY, headers=headers | FRAGMENT))
    assert page(locked, QUERY, 401, headers=FRAGMENT).startswith('<div id="found"')


def test_files_need_no_key(locked):
    text = page(locked, QUERY, 401)
    for path in re.findall(r'"(/static/[^"]+)"', text):
        assert locked.get(path).status_code == 200


def test_grades_stand_in_the_page(writing_client):
    path = "/?q=giay+the+thao&view=grade"
    id = ids(page(writing_client, path))[2]
    body = {"query": "giay the thao", "product_id": id, "grade": 2}
    assert writing_client.post("/v1/judgments", json=body).status_code == 200
    text = page(writing_client, path)
    assert f'data-id="{html.escape(id)}" aria-labelledby="title-3" tabindex="-1" data-grade="2"' in text
    assert text.count('aria-pressed="true"') == 1
    assert 'aria-pressed="true"' not in page(writing_client, "/?q=giay&view=grade")


def test_where_no_grades_are_kept_the_page_says_so(shop_client):
    text = page(shop_client, f"{QUERY}&view=grade")
    assert "--judgments" in text
    assert "data-set" not in text


def test_words_for_scripts_are_whole(shop_client):
    for language in ("vi", "en"):
        body = Elements(page(shop_client, f"{QUERY}&lang={language}")).all("body")[0]
        words = json.loads(body["data-words"])
        assert len(words) > 5 and all(words.values())


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://shop.example/a?b=c", True),
        ("HTTP://shop.example", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//shop.example", False),
        ("https:shop", False),
        ("https://" + "x" * 2000, False),
        ("", False),
        (7, False),
        (["https://shop.example"], False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_are_links(url, linked):
    assert link(Product(extra={"url": url})) == (url if linked else "")
    assert link(Product(extra={"link": url})) == (url if linked else "")


def test_the_last_page_that_can_be_seen_leads_no_further(shop_client, monkeypatch):
    put_together = Shop.page

    def far(self, search, *given, **options):
        return replace(put_together(self, replace(search, page=1), *given, **options), page=search.page)

    monkeypatch.setattr(Shop, "page", far)
    monkeypatch.setattr(Results, "pages", 2500)
    for number, further in ((499, True), (500, False)):
        text = page(shop_client, f"/?q=giay&page={number}")
        assert ('rel="next"' in text) is further
        assert "page=501" not in text


@pytest.mark.parametrize("view", ["list", "compare", "grade"])
def test_no_more_is_reranked_than_the_server_allows(make_shop_client, view):
    client = make_shop_client(max_documents=7)
    text = page(client, "/", params={"q": "giay", "view": view})
    assert client.app.state.service.metrics.candidates._sum.get() == 7
    Elements(text)


@pytest.mark.parametrize(
    ("refused", "headers"),
    [
        (Refused("overloaded", "wait", retry_after=2.4), {"retry-after": "2"}),
        (Refused("full", "wait", retry_after=0.1), {"retry-after": "1", "connection": "close"}),
        (Refused("unauthorized", "no"), {"www-authenticate": "Bearer"}),
        (Refused("slow", "no"), {"connection": "close"}),
        (Refused("validation", "no"), {}),
    ],
)
def test_refusals_have_the_same_headers_everywhere(refused, headers):
    assert refusal_headers(refused) == headers
    assert dict(refusal(refused, documents, "1").headers).items() >= headers.items()
