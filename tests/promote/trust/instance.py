"""A Sigstore instance on this machine: who hands out identities, who certifies them, and the log.

Three services on one loopback address, with keys of their own: an OpenID issuer (tokens are made
by `Instance.token`), a certificate authority with the API of Fulcio, and a transparency log with
the API of Rekor 1. Signatures, Merkle proofs and time stamps are real; only the trust is local.
Sources: RFC 6962, RFC 7519, the OpenAPI descriptions of Fulcio and Rekor.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

_ISSUERS = ("1.3.6.1.4.1.57264.1.1", "1.3.6.1.4.1.57264.1.8")
_STAMPS = "1.3.6.1.4.1.11129.2.4.2"
_SHA256 = ec.ECDSA(hashes.SHA256())
_DAY = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey


@dataclass
class Instance:
    """The services at `serving`; `refuses` makes one of them answer with an error.

    `address` is what tokens and certificates call it.
    """

    serving: str
    address: str = ""
    refuses: str = ""
    authority: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    stamps: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    log: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    people: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    leaves: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.address = self.address or self.serving
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root of the tests")])
        self.root = (
            _builder(name, name, self.authority.public_key(), _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(_key_id(self.authority), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def token(self, who: str, *, seconds: int = 600, audience: str = "sigstore") -> str:
        """What an issuer hands to `who` after a login: a JSON web token, ES256."""
        now = int(time.time())
        claims = {"iss": self.address, "sub": who, "aud": audience, "iat": now - 900}
        parts = [{"alg": "ES256", "typ": "JWT"}, {**claims, "exp": now + seconds}]
        text = ".".join(_url64(json.dumps(part).encode()) for part in parts)
        r, s = utils.decode_dss_signature(self.people.sign(text.encode(), _SHA256))
        return f"{text}.{_url64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def certify(self, asked: dict[str, Any], token: str) -> dict[str, Any]:
        """A certificate for ten minutes, to whom the token names, with a stamp of the log."""
        head, claims, signature = token.split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        der = utils.encode_dss_signature(*numbers)
        self.people.public_key().verify(der, f"{head}.{claims}".encode(), _SHA256)
        who = json.loads(base64.urlsafe_b64decode(claims + "=="))
        request = x509.load_pem_x509_csr(base64.b64decode(asked["certificateSigningRequest"]))
        if not request.is_signature_valid:
            raise ValueError("the request was not made with its own key")
        builder = (
            _builder(x509.Name([]), self.root.subject, request.public_key(), timedelta(minutes=10))
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(who["sub"])]), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
            .add_extension(_usage(sign=True), critical=True)
            .add_extension(_key_id(request), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()),
                critical=False,
            )
        )
        issuer = who["iss"].encode()
        for oid, value in zip(
            _ISSUERS, (issuer, b"\x0c" + bytes([len(issuer)]) + issuer), strict=True
        ):
            builder = builder.add_extension(_raw(oid, value), critical=False)
        before = builder.sign(self.authority, hashes.SHA256())
        stamp = self._stamp(before.tbs_certificate_bytes)
        octets = b"\x04" + bytes([len(stamp)]) + stamp
        done = builder.add_extension(_raw(_STAMPS, octets), critical=False)
        chain = [done.sign(self.authority, hashes.SHA256()), self.root]
        pems = [one.public_bytes(serialization.Encoding.PEM).decode() for one in chain]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}

    def _stamp(self, certificate: bytes) -> bytes:
        """A list of one signed certificate time stamp, RFC 6962 section 3.2."""
        when = int(time.time() * 1000)
        issuer = hashlib.sha256(_spki(self.authority)).digest()
        body = issuer + len(certificate).to_bytes(3, "big") + certificate
        signed = self.stamps.sign(
            struct.pack("!BBQH", 0, 0, when, 1) + body + struct.pack("!H", 0), _SHA256
        )
        log = hashlib.sha256(_spki(self.stamps)).digest()
        stamp = b"\0" + log + struct.pack("!QHBBH", when, 0, 4, 3, len(signed)) + signed
        return struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp

    def enter(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A new entry of the log, with the promise and the proof that it is in."""
        content = asked["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        payload = base64.b64decode(envelope["payload"])
        (verifier,) = content["verifiers"]
        body = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": _hash(content["envelope"].encode()),
                "payloadHash": _hash(payload),
                "signatures": [
                    {"signature": one["sig"], "verifier": verifier}
                    for one in envelope["signatures"]
                ],
            },
        }
        text = _canonical(body)
        self.leaves.append(text)
        index, when = len(self.leaves) - 1, int(time.time())
        log = hashlib.sha256(_spki(self.log)).hexdigest()
        entry = {
            "body": base64.b64encode(text).decode(),
            "integratedTime": when,
            "logID": log,
            "logIndex": index,
        }
        promise = self.log.sign(_canonical(entry), _SHA256)
        size, root = len(self.leaves), _tree(self.leaves)
        note = f"log of the tests - 1\n{size}\n{base64.b64encode(root).decode()}\n"
        mark = bytes.fromhex(log)[:4] + self.log.sign(note.encode(), _SHA256)
        proof = {
            "checkpoint": f"{note}\n\u2014 log {base64.b64encode(mark).decode()}\n",
            "hashes": [one.hex() for one in _path(index, self.leaves)],
            "logIndex": index,
            "rootHash": root.hex(),
            "treeSize": size,
        }
        verification = {
            "inclusionProof": proof,
            "signedEntryTimestamp": base64.b64encode(promise).decode(),
        }
        return {hashlib.sha256(text).hexdigest(): {**entry, "verification": verification}}

    def trust(self) -> dict[str, Any]:
        """What a client is told of this instance: a ``ClientTrustConfig``."""
        start = (datetime.now(UTC) - _DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
        service = {"majorApiVersion": 1, "operator": "tests", "validFor": {"start": start}}
        certificate = base64.b64encode(self.root.public_bytes(serialization.Encoding.DER)).decode()
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self._log(self.log, start)],
                "ctlogs": [self._log(self.stamps, start)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "tests", "commonName": "root of the tests"},
                        "uri": self.serving,
                        "certChain": {"certificates": [{"rawBytes": certificate}]},
                        "validFor": {"start": start},
                    }
                ],
                "timestampAuthorities": [],
            },
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [{"url": self.serving, **service}],
                "oidcUrls": [{"url": self.serving, **service}],
                "rekorTlogUrls": [{"url": self.serving, **service}],
                "tsaUrls": [],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }

    def _log(self, key: Key, start: str) -> dict[str, Any]:
        der = _spki(key)
        return {
            "baseUrl": self.serving,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64.b64encode(der).decode(),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": start},
            },
            "logId": {"keyId": base64.b64encode(hashlib.sha256(der).digest()).decode()},
        }


@contextmanager
def running() -> Iterator[Instance]:
    """An instance that answers on a port of its own until the block ends."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there = {"authorization_endpoint": "/auth", "token_endpoint": "/token"}
            self._say({name: instance.serving + path for name, path in there.items()})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            if instance.refuses and instance.refuses in self.path:
                self._say({"message": "not today"}, status=500)
            elif self.path.endswith("/signingCert"):
                token = self.headers["Authorization"].removeprefix("Bearer ")
                self._say(instance.certify(json.loads(text), token), status=201)
            else:
                self._say(instance.enter(json.loads(text)), status=201)

        def _say(self, answer: object, *, status: int = 200) -> None:
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Says nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    instance = Instance(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield instance
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Any, valid: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(seconds=5))
        .not_valid_after(now + valid)
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        key_cert_sign=not sign,
        crl_sign=not sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_id(of: Any) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(of.public_key())


def _raw(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(ObjectIdentifier(oid), value)


def _spki(key: Key) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _hash(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _canonical(value: object) -> bytes:
    """RFC 8785 for what is here: texts in ASCII and whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _tree(leaves: list[bytes]) -> bytes:
    """The root of the Merkle tree, RFC 6962 section 2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    cut = _cut(len(leaves))
    return hashlib.sha256(b"\1" + _tree(leaves[:cut]) + _tree(leaves[cut:])).digest()


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    """The proof that leaf `index` is in, RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    cut = _cut(len(leaves))
    if index < cut:
        return [*_path(index, leaves[:cut]), _tree(leaves[cut:])]
    return [*_path(index - cut, leaves[cut:]), _tree(leaves[:cut])]


def _cut(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
