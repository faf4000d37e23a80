import pytest

from xephang.server import Settings, create_app


@pytest.fixture(scope="session")
def server_paths():
    """The paths that the server answers."""
    app = create_app(Settings())
    app.state.service.close()
    return {*app.openapi()["paths"], app.openapi_url}
