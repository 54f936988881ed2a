"""A backup, restored beside what it is of: the commands of docs/deploy.md, and whether all is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from kb.store import Store
from tests.cluster import services
from tests.cluster.deployment import Deployment
from tests.cluster.shipped import PASSWORDS, ROOT

RESTORED = "restored"
COUNTED = ("article", "article_section", "support_case", "case_event", "vote", "account", "batch")


def missing(deployment: Deployment, folder: Path) -> Iterator[str]:
    """What a dump that is restored into a database of its own lacks, and how an index made from it differs."""
    dump = folder / "kb.dump"
    web = deployment.hosts[services.WEB[0]]
    url = f"postgresql://kb:{PASSWORDS['KB-PASSWORD']}@db1,db2/{{}}?target_session_attrs=read-write"
    web.run("pg_dump", "--format=custom", f"--file={dump}", url.format("kb"))
    deployment.make_database(RESTORED)
    web.run("pg_restore", "--clean", "--if-exists", f"--dbname={url.format(RESTORED)}", dump)
    settings = services.web_environment(web)
    settings["KB_STORE_URL"] = settings["KB_STORE_URL"].replace("/kb?", f"/{RESTORED}?")
    settings["KB_OPENSEARCH_INDEX"] = RESTORED
    for words in (("init",), ("build",), ("check",)):
        web.run(ROOT / ".venv" / "bin" / "kb", *words, env=settings)
    with (
        Store.open(deployment.config().store_url) as given,
        Store.open(deployment.config().store_url.replace("/kb?", f"/{RESTORED}?")) as restored,
        given.reading() as one,
        restored.reading() as other,
    ):
        for table in COUNTED:
            there, here = _count(one, table), _count(other, table)
            if there != here:
                yield f"a restored backup has {here} of {there} rows of {table}"


def _count(connection: Connection, table: str) -> int:
    return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608
