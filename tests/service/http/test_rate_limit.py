import hashlib

from fastapi.testclient import TestClient

from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings, read_settings


def test_each_key_has_a_rate_of_its_own(analyzer: Analyzer) -> None:
    digests = tuple(hashlib.sha256(key.encode()).hexdigest() for key in ("a", "b"))
    settings = Settings(api_keys=digests, rate_limit=read_settings(rate_limit="2/hour").rate_limit)
    with TestClient(make_app(settings, lambda: analyzer)) as client:

        def ask(key: str) -> int:
            return client.get("/v1/model", headers={"Authorization": f"Bearer {key}"}).status_code

        assert [ask("a"), ask("a"), ask("a"), ask("b")] == [200, 200, 429, 200]
        assert client.get("/livez").status_code == 200
        refused = client.get("/v1/model", headers={"Authorization": "Bearer a"})
        assert 1 <= int(refused.headers["retry-after"]) <= 7200
        assert refused.json()["detail"] == "more than 2 per 1 hour; wait and try again"
