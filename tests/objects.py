"""An S3 server of our own, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from moto.server import ThreadedMotoServer


@dataclass(frozen=True)
class Store:
    """An S3 server at `address` with the bucket ``wet``."""

    address: str

    def put(self, key: str, content: bytes, bucket: str = "wet") -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=content)

    @property
    def client(self) -> object:
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            aws_access_key_id="ann",
            aws_secret_access_key="hush",
            region_name="us-east-1",
        )

    @property
    def environment(self) -> dict[str, str]:
        """What Polars needs to read from it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "ann",
            "AWS_SECRET_ACCESS_KEY": "hush",
        }


@contextmanager
def running() -> Iterator[Store]:
    """The server; it ends with the block."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    store = Store(f"http://{host}:{port}")
    store.client.create_bucket(Bucket="wet")
    try:
        yield store
    finally:
        server.stop()
