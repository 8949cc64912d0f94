"""Ask roc-validator about a crate; run in an environment of its own, for it lowers rich.

``python validate.py CONTEXT FOLDER PROFILE SEVERITY`` prints as JSON how many checks were made, and
for each rule that is not kept a row: severity, check, entity. The two vocabularies that crates name
are not fetched: CONTEXT is a file with that of RO-Crate 1.1, and that of workflow runs stands here.
"""

from __future__ import annotations

import io
import json
import sys
import urllib.request
from pathlib import Path

import requests
import urllib3
from rocrate_validator import models, services

RUNS = "https://w3id.org/ro/terms/workflow-run"
WORDS = (
    *("ParameterConnection", "connection", "sourceParameter", "targetParameter"),
    *("md5", "sha1", "sha256", "sha512"),
)
KNOWN = {
    "https://w3id.org/ro/crate/1.1/context": Path(sys.argv[1]).read_bytes(),
    f"{RUNS}/context": json.dumps(
        {"@context": {word: f"{RUNS}#{word}" for word in WORDS}}
    ).encode(),
}
TYPE = {"Content-Type": "application/ld+json"}


class Handler(urllib.request.HTTPSHandler):
    """Answers for the addresses in KNOWN, and for no other."""

    def https_open(self, request):
        body = io.BytesIO(KNOWN[request.full_url])
        head = urllib.request.email.message.Message()
        head["Content-Type"] = TYPE["Content-Type"]
        answer = urllib.request.addinfourl(body, head, request.full_url, 200)
        answer.msg = "OK"
        return answer


class Adapter(requests.adapters.BaseAdapter):
    """The same for the library requests."""

    def send(self, request, **options):
        answer = requests.Response()
        answer.raw = urllib3.HTTPResponse(
            io.BytesIO(KNOWN[request.url]),
            headers=TYPE,
            status=200,
            preload_content=False,
            request_url=request.url,
        )
        answer.status_code, answer.url, answer.request = 200, request.url, request
        answer.headers.update(TYPE)
        return answer

    def close(self):
        pass


urllib.request.install_opener(urllib.request.build_opener(Handler))
requests.Session.get_adapter = lambda session, url: Adapter()
result = services.validate(
    {
        "rocrate_uri": sys.argv[2],
        "profile_identifier": sys.argv[3],
        "requirement_severity": getattr(models.Severity, sys.argv[4]),
        "cache_path": Path(sys.argv[2]).parent / "cache",
    }
)
rows = {(i.severity.name, i.check.identifier, str(i.violatingEntity)) for i in result.get_issues()}
print(json.dumps({"checks": len(result.executed_checks), "rows": sorted(rows)}))
