"""A certificate of our own for an intranet address. Runs inside `.venv`: it needs cryptography.

python script/lib/certificate.py make CERT KEY NAME…    a certificate for these names and addresses
python script/lib/certificate.py convert KEY TARGET     a given key in the form the server reads
"""

import datetime
import ipaddress
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=397)  # browsers refuse longer ones
RENEW_BEFORE = datetime.timedelta(days=30)


def general_name(name: str) -> x509.GeneralName:
    """An address as an address, anything else as a host name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def is_still_good(certificate: Path, key: Path, names: list[str], now: datetime.datetime) -> bool:
    """Whether the certificate on disk covers all names and lasts a while."""
    if not (certificate.exists() and key.exists()):
        return False
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    covered = set(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    return {
        general_name(name) for name in names
    } <= covered and found.not_valid_after_utc - RENEW_BEFORE > now


def make(certificate: Path, key: Path, names: list[str], now: datetime.datetime) -> None:
    """Writes a self-signed certificate for `names` and its key, unless there is a good one."""
    if is_still_good(certificate, key, names, now):
        return
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(map(general_name, names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_key(private, key)
    signed = builder.sign(private, hashes.SHA256())
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def write_key(private: PrivateKeyTypes, target: Path) -> None:
    """Writes a key as PKCS#8, readable by its owner alone."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def main(arguments: list[str]) -> None:
    """The command line above."""
    verb, first, second, *names = arguments
    if verb == "make":
        make(Path(first), Path(second), names, datetime.datetime.now(datetime.UTC))
    else:
        private = serialization.load_pem_private_key(Path(first).read_bytes(), password=None)
        write_key(private, Path(second))


if __name__ == "__main__":
    main(sys.argv[1:])
