"""What docs/serving-speed.md says comes from what was measured, and what measures can be trusted."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from xephang import Product

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "benchmarks" / "server"
PAGE = ROOT / "docs" / "serving-speed.md"
NAMES = ("server", "server-tuning", "soak", "chaos")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


def result(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def modules():
    """The benchmark's own modules, which import each other by bare names."""
    sys.path.insert(0, str(SERVER))
    try:
        import checking
        import client
        import figures
        import load
    finally:
        sys.path.remove(str(SERVER))
    spec = importlib.util.spec_from_file_location("serving_tables", SERVER / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    return {"checking": checking, "client": client, "figures": figures, "load": load, "tables": tables}


@pytest.fixture(scope="module")
def figures(modules):
    return modules["figures"]


@pytest.fixture(scope="module")
def tables(modules):
    return modules["tables"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_quoted_was_no_quick_trial(name):
    found = result(name)
    assert not found.get("quick") and not found.get("settings", {}).get("quick")
    assert found["machine"]["cpu"] and found["when"]


def test_the_page_has_the_tables_that_the_figures_make(tables):
    page = PAGE.read_text(encoding="utf-8")
    made = tables.tables()
    assert [name for name, one in made.items() if f"<!-- table: {name} -->\n{one}\n<!-- end -->" not in page] == []
    assert tables.filled(page, made) == page


def test_every_server_has_a_row(tables):
    found = result("server")
    assert list(found["servers"]) == list(tables.LABELS) == list(found["capacity"])
    assert list(found["overload"]) == list(tables.OVERLOADED)


def windows():
    found = result("server")
    for name, rows in found["rates"].items():
        yield from (pytest.param(row, row["seconds"], id=f"{name} at {row['rate']:.3g}") for row in rows)
    for name, row in found["overload"].items():
        yield pytest.param(row, row["seconds"], id=f"{name}, too much")


@pytest.mark.parametrize(("row", "seconds"), list(windows()))
def test_a_row_is_what_its_requests_come_to(figures, row, seconds):
    again = figures.summary(row["window"], seconds)
    assert {name: row[name] for name in again} == again
    assert len(row["window"]["latency"]) == row["requests"]


def test_capacities_and_recoveries_are_what_their_requests_come_to(figures):
    found = result("server")
    for row in found["capacity"].values():
        assert {name: row[name] for name in ("requests", "candidates")} == figures.capacity(row["window"])
    for row in found["overload"].values():
        again = figures.recovery(row["window"]["probes"], row["calm"], row["seconds"], 5)
        assert row["recovery_seconds"] == again


def test_no_server_answered_less_than_it_was_asked_for(tables):
    """A status of -1 is an answer that lacks candidates; rates that the generator could not keep would show as late."""
    found = result("server")
    rows = [row for rows in found["rates"].values() for row in rows] + list(found["overload"].values())
    assert {status for row in rows for status in row["window"]["status"]} <= {200, 429, 503, 0}
    assert max(row["latest_ms"] for row in rows) < 100


def test_all_servers_of_the_one_model_do_the_same_work():
    off = result("server")["same_scores"]
    assert set(off) == {name for name, one in result("server")["servers"].items() if one["family"] == "six"}
    assert all(off[name] < 1e-4 for name in ("naive", "infinity torch", "xephang"))
    assert all(value < 0.05 for value in off.values())


def test_the_soak_found_nothing_wrong():
    found = result("soak")
    assert found["good"] and not found["problems"]
    assert set(found["verdicts"]) <= {"right", "hung up sending", "hung up waiting"}
    assert set(found["forms"]) == {"ids", "texts", "products", "tei"}
    assert all(one["resident"]["growth"] <= 0.05 for one in found["memory"])


def test_chaos_lost_only_what_was_on_killed_workers():
    found = result("chaos")
    assert all(one["back_seconds"] is not None and not one["lost_elsewhere"] for one in found["kills"]["times"])
    assert set(found["reloads"]["verdicts"]) == {"right"}
    assert all(one["first_new_seconds"] and not one["old_after_new"] for one in found["reloads"]["turns"])


def test_a_quantile_is_a_value_that_was_measured(figures):
    assert figures.quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert figures.quantile(list(range(1, 101)), 0.95) == 95
    assert figures.quantile([7.0], 0.99) == 7.0


def test_a_summary_counts_whole_answers_only(figures):
    window = {"latency": [0.2, 3.0, 0.1, 0.1], "status": [200, 200, 429, -1], "latest": 0.001}
    found = figures.summary(window, seconds=2.0)
    assert (found["offered"], found["answered"], found["goodput"], found["refused"]) == (2.0, 1.0, 0.5, 0.25)
    assert (found["p50_ms"], found["p99_ms"]) == (200.0, 3000.0)


@pytest.mark.parametrize(
    ("latencies", "statuses", "expected"),
    [
        pytest.param([0.9, 0.8, 0.01, 0.01, 0.01], [200] * 5, 1.0, id="slow at first"),
        pytest.param([0.01, 0.01, 0.9, 0.01, 0.01, 0.01], [200] * 6, 1.5, id="fast, slow once more, fast"),
        pytest.param([0.01] * 5, [429, 429, 200, 200, 200], 1.0, id="refused at first"),
        pytest.param([0.9] * 5, [200] * 5, None, id="never"),
    ],
)
def test_recovery_is_when_answers_stay_fast(figures, latencies, statuses, expected):
    due = [10.0 + 0.5 * i for i in range(len(latencies))]
    probes = {"due": due, "latency": latencies, "status": statuses}
    assert figures.recovery(probes, 0.05, 10.0, in_row=3) == expected


def test_tables_are_written_between_their_marks(tables):
    page = "a\n<!-- table: x -->\nold\n<!-- end -->\nb <!-- table: y -->\n<!-- end -->\n"
    new = "a\n<!-- table: x -->\n1\n<!-- end -->\nb <!-- table: y -->\n2\n<!-- end -->\n"
    assert tables.filled(page, {"x": "1", "y": "2"}) == new


class Server:
    """A small HTTP server that does with each request what it is told."""

    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                self.asked += 1
                await self.answer(self, writer, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def run(self, use):
        """Serve while `use(port)` runs, and return what it returns."""

        async def both():
            async with await asyncio.start_server(self.serve, "127.0.0.1", 0) as server:
                return await use(server.sockets[0].getsockname()[1])

        return asyncio.run(both())


def sized(body):
    content = json.dumps({"results": [{}] * len(json.loads(body)["documents"])}).encode()
    return ANSWER % (len(content), content)


REQUESTS = [(n, json.dumps({"documents": ["giày"] * n}).encode()) for n in (3, 1, 2)]


def test_an_open_loop_does_not_wait_for_answers(modules):
    """This server answers nobody until all have asked; who waits for an answer before asking on would wait for ever."""
    load, together = modules["load"], asyncio.Event()
    expected = len(load.arrivals(200.0, 0.1, 1))
    assert expected > 5

    async def answer(server, writer, body):
        if server.asked == expected:
            together.set()
        await together.wait()
        writer.write(sized(body))

    plan = {"traffic": "", "rate": 200.0, "seconds": 0.1, "seed": 1, "first": 1}
    found = Server(answer).run(lambda port: load.window(load.Plan(port=port, **plan), REQUESTS))
    assert found["status"] == [200] * expected
    assert found["sizes"][:4] == [1, 2, 3, 1]
    ends = [due + latency for due, latency in zip(found["due"], found["latency"], strict=True)]
    assert min(ends) >= max(found["due"])


def test_arrivals_are_the_same_for_the_same_seed(modules):
    arrivals = modules["load"].arrivals
    assert arrivals(50.0, 10.0, 3) == arrivals(50.0, 10.0, 3) != arrivals(50.0, 10.0, 4)
    assert abs(len(arrivals(50.0, 100.0, 3)) - 5000) < 300


def test_an_answer_that_lacks_candidates_does_not_count(modules):
    load = modules["load"]

    async def answer(server, writer, body):
        writer.write(ANSWER % (14, b'{"results":[]}') if server.asked % 2 else sized(body))

    plan = {"traffic": "", "clients": 1, "seconds": 0.3}
    found = Server(answer).run(lambda port: load.window(load.Plan(port=port, **plan), REQUESTS))
    assert set(found["status"]) == {200, -1}


async def refuse(server, writer, body):
    writer.write(b"HTTP/1.1 429 Too Many\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


async def break_off(server, writer, body):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()


async def chunked(server, writer, body):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{ \n\r\n1\r\n}\r\n0\r\n\r\n")


async def hang(server, writer, body):
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("answer", "status", "why", "body"),
    [
        pytest.param(refuse, 429, "", b"{}", id="refused"),
        pytest.param(break_off, 0, "closed", b"", id="broken off"),
        pytest.param(chunked, 200, "", b"{ \n}", id="in chunks"),
        pytest.param(hang, 0, "timeout", b"", id="no answer"),
    ],
)
def test_the_client_says_what_happened(modules, answer, status, why, body):
    async def use(port):
        client = modules["client"].Client("127.0.0.1", port, patience=0.5)
        replies = [await client.post("/rerank", b"{}") for _ in range(2)]
        client.close()
        return replies

    for reply in Server(answer).run(use):
        assert (reply.status, reply.why, reply.body) == (status, why, body)


def test_nobody_there_is_told_from_a_broken_connection(modules):
    servers_port = Server(refuse).run(lambda port: asyncio.sleep(0, port))
    reply = asyncio.run(modules["client"].Client("127.0.0.1", servers_port).post("/rerank", b"{}"))
    assert (reply.status, reply.why) == (0, "unreachable")


@pytest.fixture
def known(modules):
    scores = {"old": np.array([[0.9, 0.5, 0.1]], np.float32), "new": np.array([[0.8, 0.6, 0.1]], np.float32)}
    products = [Product(id=str(i), title=f"Giày {i}") for i in range(3)]
    return modules["checking"].Known(["giày"], products, ["Giày 0", "Giày 1", "Giày 2"], scores)


@pytest.mark.parametrize(
    ("scores", "verdict", "of"),
    [
        pytest.param([(0, 0.9), (1, 0.5), (2, 0.1)], "right", ("old",), id="right"),
        pytest.param([(0, 0.8), (1, 0.6), (2, 0.1)], "right", ("new",), id="of the other model"),
        pytest.param([(0, 0.9), (1, 0.6), (2, 0.1)], "wrong", (), id="mixed"),
        pytest.param([(0, 0.9), (2, 0.1), (1, 0.5)], "wrong", (), id="not in order"),
        pytest.param([(0, 0.9), (1, 0.5)], "wrong", (), id="one is missing"),
        pytest.param([(0, 0.9), (1, 0.5), (1, 0.1)], "wrong", (), id="one comes twice"),
        pytest.param([(0, 0.9), (1, 0.50001), (2, 0.1)], "wrong", (), id="off by little"),
    ],
)
def test_an_answer_is_held_against_all_scores_of_one_model(modules, known, scores, verdict, of):
    question = modules["checking"].Question("texts", 0, (0, 1, 2), b"")
    body = json.dumps({"results": [{"index": i, "relevance_score": score} for i, score in scores]}).encode()
    assert known.check(question, 200, body) == (verdict, of)
    tei = json.dumps([{"index": i, "score": score} for i, score in scores]).encode()
    assert known.check(modules["checking"].Question("tei", 0, (0, 1, 2), b""), 200, tei) == (verdict, of)


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [(0, b"", "lost"), (429, b"{}", "refused"), (500, b"", "failed"), (200, b"{", "wrong")],
)
def test_what_is_no_answer_is_told_apart(modules, known, status, body, verdict):
    assert known.check(modules["checking"].Question("texts", 0, (0, 1, 2), b""), status, body) == (verdict, ())


def test_questions_come_in_all_forms_and_are_the_same_again(known):
    first = [question for question, _ in zip(known.questions(1), range(60), strict=False)]
    again = [question for question, _ in zip(known.questions(1), range(60), strict=False)]
    assert first == again
    bodies = {question.form: json.loads(question.body) for question in first}
    assert set(bodies) == {"ids", "texts", "products", "tei"}
    assert isinstance(bodies["products"]["documents"][0], dict) and "texts" in bodies["tei"]
