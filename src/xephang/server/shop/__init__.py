"""What a server does with a search folder: search it, change it, complete queries, take grades."""

from fastapi import FastAPI

from xephang.server.service import Service
from xephang.server.shop.grading import add_grading
from xephang.server.shop.looking import add_looking
from xephang.server.shop.writing import add_writing


def add_shop(app: FastAPI, service: Service) -> None:
    """Add all of its paths."""
    add_looking(app, service)
    add_writing(app, service)
    add_grading(app, service)
