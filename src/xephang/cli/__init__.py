"""The command line: one thin command a verb. Exit codes: 0 done, 1 failed, 2 wrong input or usage."""

from xephang.cli.app import app, main
from xephang.cli.calibrate import calibrate
from xephang.cli.card import card
from xephang.cli.compile import compile
from xephang.cli.demo import demo
from xephang.cli.evaluate import evaluate
from xephang.cli.export import export
from xephang.cli.index import index
from xephang.cli.judgments import judgments
from xephang.cli.predict import predict
from xephang.cli.rank import rank
from xephang.cli.score import score
from xephang.cli.search import search
from xephang.cli.serve import serve
from xephang.cli.train import train

for command in (rank, predict, score, train, evaluate, calibrate, export, compile, index, search, serve, card, demo):
    app.command()(command)
app.add_typer(judgments)

__all__ = ["app", "main"]
