"""Grades over HTTP: given, taken back, read, written out and read in."""

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from xephang.errors import InputError
from xephang.judgments import open_judgments
from xephang.server.shop import grading
from xephang.server.shop.bodies import GradesAnswer, JudgmentAnswer, JudgmentsAnswer

QUERY = "giay chay bo nu"


@pytest.fixture
def log(tmp_path):
    return tmp_path / "grades.jsonl"


@pytest.fixture
def client(make_shop_client, log):
    return make_shop_client(judgments=str(log))


@pytest.fixture
def ids(shop):
    return shop.compiled.ids()


def give(client, id, grade, query=QUERY, **more):
    return client.post("/v1/judgments", json={"query": query, "product_id": id, "grade": grade} | more)


def given(client, *args, **more):
    response = give(client, *args, **more)
    assert response.status_code == 200, response.text
    JudgmentAnswer.model_validate_json(response.text)
    return response.json()


def grades(client, query=QUERY):
    response = client.get("/v1/judgments", params={"query": query})
    assert response.status_code == 200, response.text
    GradesAnswer.model_validate_json(response.text)
    return response.json()["grades"]


def test_a_grade_stands_until_another_is_given_or_it_is_taken_back(client, ids):
    assert grades(client) == {}
    answer = given(client, ids[0], 3, by="lan")
    assert answer == {
        "object": "judgment", "query": QUERY, "product_id": ids[0], "grade": 3, "graded_at": answer["graded_at"],
        "by": "lan",
    }  # fmt: skip
    assert grades(client) == {ids[0]: 3}
    given(client, ids[1], 0)
    given(client, ids[0], 1)
    assert grades(client) == {ids[0]: 1, ids[1]: 0}
    assert given(client, ids[0], None)["grade"] is None
    assert grades(client) == {ids[1]: 0}


def test_every_grade_is_a_line_of_the_file(client, ids, log, shop):
    for grade in (2, 3, None):
        given(client, ids[5], grade)
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [row["grade"] for row in rows] == [2, 3, None]
    assert rows[0]["document_id"] == ids[5]
    assert rows[0]["product"] == shop.compiled.products([ids[5]])[0].to_dict()


@pytest.mark.parametrize("way", [unicodedata.normalize("NFD", "giày nữ"), " giày  nữ ", "ｇｉày nữ", "giày\u200b nữ"])
def test_a_query_is_the_same_however_it_is_written(client, ids, way):
    given(client, ids[0], 2, query="giày nữ")
    assert grades(client, way) == {ids[0]: 2}
    given(client, ids[0], 1, query=way)
    assert grades(client, "giày nữ") == {ids[0]: 1}


def test_a_query_without_diacritics_is_another_one(client, ids):
    given(client, ids[0], 2, query="giày nữ")
    assert grades(client, "giay nu") == {}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"grade": 4}, "grade: Input should be less than or equal to 3"),
        ({"grade": -1}, "grade: Input should be greater than or equal to 0"),
        ({"grade": "3"}, "grade: Input should be a valid integer"),
        ({"grade": True}, "grade: Input should be a valid integer"),
        ({"grade": 1.5}, "grade: "),
        ({"query": 7}, "query: Input should be a valid string"),
        ({"query": ""}, "query"),
        ({"query": " \u200b\t"}, "query"),
        ({"product_id": 7}, "product_id: Input should be a valid string"),
        ({"by": "x" * 101}, "by: String should have at most 100 characters"),
        ({"query": "x" * 100_001}, "query has 100,001 characters"),
    ],
)
def test_a_grade_that_can_not_be_is_refused(client, ids, log, body, problem):
    response = client.post("/v1/judgments", json={"query": QUERY, "product_id": ids[0], "grade": 3} | body)
    assert response.status_code == 400
    assert problem in response.json()["message"]
    assert not log.exists() or not log.read_text(encoding="utf-8")


@pytest.mark.parametrize("missing", ["query", "product_id", "grade"])
def test_a_grade_is_of_something_for_something(client, ids, missing):
    body = {"query": QUERY, "product_id": ids[0], "grade": 3}
    del body[missing]
    response = client.post("/v1/judgments", json=body)
    assert response.status_code == 400
    assert response.json()["message"] == f"{missing}: Field required"


def test_a_product_that_is_not_there_can_not_be_graded_but_its_grade_taken_back(client, ids):
    refused = give(client, "none", 3)
    assert (refused.status_code, refused.json()["message"]) == (404, "there is no product 'none'")
    given(client, ids[0], 3)
    assert client.post("/v1/products", content=json.dumps({"delete": ids[0]})).status_code == 200
    assert give(client, ids[0], 2).status_code == 404
    assert grades(client) == {ids[0]: 3}
    given(client, ids[0], None)
    assert grades(client) == {}


def test_without_a_file_no_grades_are_taken(shop_client, ids):
    for response in (
        give(shop_client, ids[0], 3),
        shop_client.get("/v1/judgments", params={"query": QUERY}),
        shop_client.get("/v1/judgments/export"),
        shop_client.post("/v1/judgments/import", content=b""),
    ):
        assert response.status_code == 404
        assert response.json()["message"] == "grading is off: start the server with --judgments FILE"


@pytest.mark.parametrize("path", ["/v1/judgments", "/v1/judgments/import"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_page_of_another_site_can_grade(client, ids, path, site):
    body = json.dumps({"query": QUERY, "product_id": ids[0], "grade": 3})
    assert client.post(path, content=body, headers={"sec-fetch-site": site}).status_code == 401
    assert grades(client) == {}
    assert client.post(path, content=body, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_many_give_grades_at_once_and_none_is_lost(client, ids):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: given(client, ids[n % 50], n % 4, query=f"giày {n // 50}"), range(200)))
    for number in range(4):
        assert grades(client, f"giày {number}") == {ids[n % 50]: n % 4 for n in range(50 * number, 50 * number + 50)}


def test_other_workers_see_grades(make_shop_client, ids, log):
    here, there = (make_shop_client(judgments=str(log)) for _ in range(2))
    given(here, ids[0], 3)
    assert grades(there) == {ids[0]: 3}
    given(there, ids[0], None)
    assert grades(here) == {}


def export(client):
    response = client.get("/v1/judgments/export")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"] == 'attachment; filename="judgments.jsonl"'
    return response


def test_what_stands_is_exported(client, ids):
    assert export(client).content == b""
    for id, grade in ((ids[0], 3), (ids[1], 2), (ids[0], 1), (ids[1], None), (ids[2], 0)):
        given(client, id, grade)
    rows = [json.loads(line) for line in export(client).text.splitlines()]
    assert [(row["document_id"], row["grade"]) for row in rows] == [(ids[0], 1), (ids[2], 0)]
    assert all(row["query"] == QUERY and row["product"]["title"] and row["graded_at"] for row in rows)


def take(client, *rows, status=200):
    body = "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)
    response = client.post("/v1/judgments/import", content=body.encode("utf-8", "surrogatepass"))
    assert response.status_code == status, response.text
    JudgmentsAnswer.model_validate_json(response.text)
    return response.json()


def test_an_export_can_be_imported_elsewhere(client, make_shop_client, ids, tmp_path):
    for number, id in enumerate(ids[:20]):
        given(client, id, number % 4, query=f"giày {number % 3}")
    other = make_shop_client(judgments=str(tmp_path / "other.jsonl"))
    exported = export(client)
    answer = take(other, *exported.text.splitlines())
    assert (answer["created"], answer["failed"], len(answer["rows"])) == (20, 0, 20)
    assert export(other).content == exported.content
    assert take(other, *exported.text.splitlines())["unchanged"] == 20


def test_each_row_of_an_import_is_told(client, ids):
    answer = take(
        client,
        {"query": QUERY, "product_id": ids[0], "grade": 3},
        {"query": QUERY, "document_id": ids[0], "grade": 2},
        {"query": QUERY, "product_id": "none", "grade": 3},
        {"query": QUERY, "product_id": ids[1], "grade": 7},
        "{",
        {"query": QUERY, "product_id": ids[0], "grade": None},
    )
    assert [row["status"] for row in answer["rows"]] == [
        "created", "replaced", "failed", "failed", "failed", "removed"
    ]  # fmt: skip
    assert [row["row"] for row in answer["rows"]] == [1, 2, 3, 4, 5, 6]
    assert answer["failed"] == 3
    assert all(row["problem"] for row in answer["rows"] if row["status"] == "failed")
    assert "row 5" in answer["rows"][4]["problem"]
    assert grades(client) == {}


@pytest.mark.parametrize("rows", [["<html>"], ["[]", "7"], [{}], ['{"query": "\\ud800", "product_id": "a"}']])
def test_an_import_without_a_good_row_is_refused(client, rows):
    assert take(client, *rows, status=400)["failed"] == len(rows)


def test_an_import_of_nothing_is_nothing(client):
    assert take(client)["rows"] == []


def test_a_grade_that_is_older_than_what_stands_changes_nothing(client, ids):
    given(client, ids[0], 3)
    old = {"query": QUERY, "product_id": ids[0], "grade": 0, "graded_at": "2020-01-01T00:00:00Z"}
    assert take(client, old)["older"] == 1
    assert grades(client) == {ids[0]: 3}


def test_the_log_is_what_evaluation_reads(client, ids, log):
    given(client, ids[0], 3)
    given(client, ids[1], 0)
    given(client, ids[2], 2)
    given(client, ids[2], None)
    judged = open_judgments(log)
    assert [(one.document_id, one.grade) for one in judged.candidates] == [(ids[0], 3), (ids[1], 0)]
    assert {one.query for one in judged.candidates} == {QUERY}


def test_a_file_that_is_no_log_is_said_before_anything_is_served(make_shop_client, tmp_path):
    (tmp_path / "other.jsonl").write_text('{"query": "a", "document": "b", "label": 1}\n', encoding="utf-8")
    with pytest.raises(InputError, match="holds rows without 'graded_at', so it is no log"):
        make_shop_client(judgments=str(tmp_path / "other.jsonl"))
    with pytest.raises(InputError, match="grades are written as JSONL"):
        make_shop_client(judgments=str(tmp_path / "grades.csv"))


def test_a_log_that_can_not_be_written_any_more_says_so(client, ids, log, caplog):
    given(client, ids[0], 3)
    log.unlink()
    log.mkdir()
    for response in (give(client, ids[0], 2), client.get("/v1/judgments?query=a"), client.get("/v1/judgments/export")):
        assert response.status_code == 424
        assert response.json()["message"].endswith("; the server's log says why")
        assert str(log.parent) not in response.text
    assert str(log) in caplog.records[-1].problem
    answer = client.post("/v1/judgments/import", json={"query": QUERY, "product_id": ids[0], "grade": 3})
    assert answer.status_code == 424
    assert answer.json()["message"] == "the grades were not kept, or not all of them; the server's log says why"
    page = client.get("/", params={"q": QUERY, "view": "grade"})
    assert page.status_code == 424
    assert str(log.parent) not in page.text


def test_a_body_that_can_not_be_read_to_its_end_keeps_nothing(client, ids, log):
    row = json.dumps({"query": QUERY, "product_id": ids[0], "grade": 3}) + "\n"
    response = client.post("/v1/judgments/import", content=row.encode("utf-16")[:-1])
    assert response.status_code == 400
    assert "no whole utf-16-le text" in response.json()["message"]
    assert not log.exists() or not log.read_bytes()


def test_a_time_out_of_all_time_is_a_bad_row(client, ids):
    row = {"query": QUERY, "product_id": ids[0], "grade": 3, "graded_at": "0001-01-01T00:00:00+05:00"}
    assert "graded_at" in take(client, row, status=400)["rows"][0]["problem"]


def test_an_export_is_read_some_rows_at_a_time(client, ids, monkeypatch):
    monkeypatch.setattr(grading, "_AT_ONCE", 7)
    read = []
    monkeypatch.setattr(grading, "islice", lambda rows, count: read.append(count) or islice(rows, count))
    for number in range(20):
        given(client, ids[number], number % 4)
    rows = [json.loads(line) for line in export(client).text.splitlines()]
    assert [row["document_id"] for row in rows] == list(ids[:20])
    assert read == [7, 7, 7, 7]
