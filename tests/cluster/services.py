"""What runs on each host of the deployment, by the files that docs/deploy.md hands out."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import components
from tests.cluster.hosts import Host, Service
from tests.cluster.shipped import DEPLOY, command, environment, shipped, unit
from tests.sharing import unprivileged

SEARCH = ("search1", "search2", "search3")
DATABASES = ("db1", "db2")
WEB = ("web1", "web2")
PROXY = "proxy"
NAMES = (*SEARCH, *DATABASES, *WEB, PROXY)
HEAP = "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1"


def own(folder: Path, user: str) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user)
    return folder


def add_search(host: Host, home: Path) -> None:
    """A node of OpenSearch, and one of etcd beside it. `home`: where OpenSearch's programs are."""
    user = unprivileged("nobody") or "nobody"
    folder = host.folder / "opensearch"
    config = shutil.copytree(home / "config", folder / "config")
    places = {"/var/lib/opensearch": str(folder / "data"), "/var/log/opensearch": str(folder / "logs")}
    names = {"node.name: search1": f"node.name: {host.name}", "network.host: search1": f"network.host: {host.name}"}
    (config / "opensearch.yml").write_text(shipped(DEPLOY / "opensearch.yml", names | places))
    lines = (config / "jvm.options").read_text().splitlines()
    kept = [line for line in lines if "logs/" not in line and "HeapDump" not in line]
    (config / "jvm.options").write_text("\n".join(kept) + "\n")
    (folder / "tmp").mkdir()
    own(folder, user)
    env = {
        "OPENSEARCH_PATH_CONF": str(config),
        "OPENSEARCH_JAVA_HOME": str(components.require("java")),
        "OPENSEARCH_JAVA_OPTS": HEAP,
        "OPENSEARCH_TMPDIR": str(folder / "tmp"),
    }
    # Other tests fill the disk of this machine as they like.
    limits = ["-Ecluster.routing.allocation.disk.threshold_enabled=false"]
    host.add(Service("opensearch", [home / "bin" / "opensearch", *limits], env, user))
    _add_etcd(host, user)


def _add_etcd(host: Host, user: str) -> None:
    folder = own(host.folder / "etcd", user)
    names = {f"{before}search1{after}": f"{before}{host.name}{after}" for before, after in _ETCD}
    path = folder / "etcd.yml"
    path.write_text(shipped(DEPLOY / "etcd.yml", names | {"/var/lib/etcd": str(folder / "data")}))
    path.chmod(0o644)
    host.add(Service("etcd", ["etcd", "--config-file", path], user=user))


_ETCD = (
    ("name: ", "\n"),
    ("advertise-client-urls: http://", ":"),
    ("initial-advertise-peer-urls: http://", ":"),
)


def add_database(host: Host, name: str) -> None:
    """Patroni, which starts PostgreSQL."""
    user, folder = "postgres", host.folder / "postgresql"
    programs = components.require("postgresql")
    own(folder, user)
    changes = {
        "name: db1": f"name: {name}",
        "connect_address: db1": f"connect_address: {name}",
        "/var/lib/postgresql/15/kb": str(folder / "data"),
        "/usr/lib/postgresql/15/bin": str(programs),
        "/var/lib/postgresql/.pgpass-patroni": str(folder / ".pgpass"),
        "/var/run/postgresql": str(folder),
        "max_connections: 200": "max_connections: 200\n        shared_buffers: 64MB",
    }
    path = folder / "patroni.yml"
    path.write_text(shipped(DEPLOY / "patroni.yml", changes))
    own(folder, user)
    host.add(Service("patroni", ["/usr/bin/patroni", path], user=user))


def web_environment(host: Host) -> dict[str, str]:
    return environment(host.folder / "home")


def add_web(host: Host) -> None:
    """The knowledge base, as its unit says."""
    said = unit()
    host.add(
        Service(
            "kb",
            command(said["ExecStart"]),
            web_environment(host),
            before=command(said["ExecStartPre"]),
            restart_seconds=float(said["RestartSec"]),
        )
    )


def add_proxy(host: Host) -> None:
    path = host.folder / "haproxy.cfg"
    path.write_text(shipped(DEPLOY / "haproxy.cfg", {}))
    host.add(Service("haproxy", ["/usr/sbin/haproxy", "-db", "-f", path]))
