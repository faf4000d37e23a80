"""Pages of other sites, which may not have anything changed."""

import pytest
from starlette.requests import Request

from xephang.server.asking import Refused
from xephang.server.paths import check_site
from xephang.settings import Settings

KEYED = {"keys_file": "keys.txt", "host": "0.0.0.0"}
OPEN = {"allow_anonymous": True, "host": "0.0.0.0"}
HERE = "127.0.0.1:8000"


def check(settings, **headers):
    given = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    check_site(Request({"type": "http", "headers": given}), Settings(model="giay", **settings))


@pytest.mark.parametrize("settings", [{}, KEYED, OPEN])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": HERE},
        {"host": HERE, "origin": f"http://{HERE}"},
        {"host": "LocalHost:8000", "origin": "http://localhost:8000"},
        {"host": "[::1]:8000", "origin": "http://[::1]:8000"},
        {"host": "localhost", "origin": "https://localhost"},
        {"host": HERE, "sec_fetch_site": "none"},
        {"host": HERE, "origin": f"http://{HERE}", "sec_fetch_site": "same-origin"},
        {"host": HERE, "origin": "https://shop.example", "sec_fetch_site": "same-origin"},
    ],
)
def test_programs_and_the_own_page_may(settings, headers):
    check(settings, **headers)


@pytest.mark.parametrize("settings", [{}, KEYED, OPEN | {"cors_origins": ("https://shop.example",)}])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://shop.example"},
        {"host": HERE, "origin": "https://shop.example"},
        {"host": HERE, "origin": "https://shop.example", "sec_fetch_site": "none"},
        {"host": HERE, "origin": "http://127.0.0.1:8001"},
        {"host": HERE, "origin": "http://127.0.0.1"},
        {"host": HERE, "origin": f"http://{HERE}.shop.example"},
        {"host": HERE, "origin": f"http://shop.example/{HERE}"},
        {"host": HERE, "origin": "null"},
        {"host": HERE, "origin": ""},
        {"host": HERE, "origin": "http://["},
        {"host": HERE, "origin": "giày"},
        {"host": HERE, "sec_fetch_site": "same-site"},
        {"host": HERE, "origin": f"http://{HERE}", "sec_fetch_site": "cross-site"},
    ],
)
def test_pages_of_other_origins_may_not(settings, headers):
    with pytest.raises(Refused, match="pages of other sites may not ask for this") as refused:
        check(settings, **{name: value.replace("à", "a") for name, value in headers.items()})
    assert refused.value.kind == "unauthorized"


@pytest.mark.parametrize("site", [{}, {"sec_fetch_site": "same-origin"}])
@pytest.mark.parametrize("host", ["shop.example", "shop.example:8000", "127.0.0.1.shop.example", "[", "10.0.0.1"])
def test_a_name_that_leads_to_an_open_server_of_this_machine_is_not_trusted(host, site):
    headers = {"host": host, "origin": f"http://{host}"} | site
    with pytest.raises(Refused):
        check({}, **headers)
    if host != "[":
        check(KEYED, **headers)
        check(OPEN, **headers)


@pytest.mark.parametrize("path", ["/v1/products", "/v1/judgments", "/v1/judgments/import", "/admin/reload"])
def test_every_path_that_changes_something_asks_for_the_origin(writing_client, path):
    answer = writing_client.post(path, content=b"", headers={"origin": "https://shop.example"})
    assert answer.status_code == 401
    assert "pages of other sites" in answer.json()["message"]
