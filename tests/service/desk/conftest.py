"""A database of either kind, a desk on it, and people who have signed in."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from copydesk.model.analyzer import Analyzer
from copydesk.service.desk.desk import Desk, first_link, open_desk
from copydesk.service.desk.site import add_desk
from copydesk.service.desk.store.accounts import add_account
from copydesk.service.desk.store.database import Database, sqlite_url
from copydesk.service.desk.store.projects import add_project
from copydesk.service.desk.store.schema import migrate
from copydesk.service.desk.store.tables import Base
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.desk import PASSWORD, TOPICS, post_form
from support.postgres import find_server, run_postgres

SignIn = Callable[..., TestClient]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if find_server() is None:
        pytest.skip("PostgreSQL is not installed")
    with run_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "desk.db")
        return
    address = request.getfixturevalue("postgres_url")
    yield address
    database = Database(address)
    with database.write() as session:
        Base.metadata.drop_all(session.connection())
        session.execute(text("DROP TABLE IF EXISTS alembic_version"))
    database.close()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def project(database: Database) -> int:
    """A project with two labels; ann and ben annotate, eve edits."""
    with database.write() as session:
        for name, role in (("ann", "annotator"), ("ben", "annotator"), ("eve", "editor")):
            add_account(session, name, role)
        return add_project(session, "news", TOPICS).id


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "models").mkdir()
    settings = Settings(models_dir=tmp_path / "models", desk_dir=tmp_path / "desk", watch_s=3600)
    desk = open_desk(settings)
    yield desk
    desk.database.close()


@pytest.fixture
def client(desk: Desk, analyzer: Analyzer) -> Iterator[TestClient]:
    """A browser in which the admin has signed in."""
    app = make_app(desk.settings, lambda: analyzer)
    add_desk(app, desk)
    link = first_link(desk)
    assert link is not None
    with TestClient(app, headers={"Accept": "text/html"}) as client:
        done = client.post("/desk/welcome", data={"token": link.partition("token=")[2], "password": PASSWORD})
        assert done.status_code == 200, done.text
        yield client


@pytest.fixture
def sign_in(client: TestClient) -> SignIn:
    """Another browser, in which somebody new of this role has signed in."""

    def make(name: str, role: str = "annotator") -> TestClient:
        page = post_form(client, "/desk/people", name=name, role=role).text
        token = re.findall(r"token=([\w.-]+)", page)[0]
        other = TestClient(client.app, headers={"Accept": "text/html"})
        other.post("/desk/welcome", data={"token": token, "password": PASSWORD})
        return other

    return make
