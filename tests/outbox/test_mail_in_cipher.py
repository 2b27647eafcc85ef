"""Mail goes only to a server that shows whose it is: one that vouches for itself is told nothing."""

import ipaddress
import ssl
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from tests.outbox.mail_server import Conversation, MailServer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the file of a key and of a certificate for this machine that vouches for itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), timezone.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    own = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("mail") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *own) + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class InCipher(Conversation):
    """A conversation in cipher: from its first word, or after STARTTLS; a sender who hangs up ends it."""

    def cipher(self):
        """Begin to speak in cipher."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.certificate)
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()

    def handle(self):
        """Answer, and take the end of a sender who does not believe us."""
        try:
            if self.server.how == "use_ssl":
                self.cipher()
            self.say("220 test ESMTP")
            if self.server.how == "use_tls":
                while self.rfile.readline().strip().upper() != b"STARTTLS":
                    self.say("250-test\r\n250 STARTTLS")
                self.say("220 Begin")
                self.cipher()
            self.talk()
        except OSError:
            return
        finally:
            self.request.close()


@pytest.fixture(params=["use_ssl", "use_tls"])
def server(request, certificate):
    """A mail server in cipher; `how` says by which of the two settings it is spoken to."""
    server = MailServer()
    server.RequestHandlerClass, server.certificate = InCipher, certificate
    server.how = request.param
    with server:
        yield server


def send(server):
    host, port = server.server_address
    backend = EmailBackend(host=host, port=port, timeout=5, **{server.how: True})
    backend.send_messages([EmailMessage("Your request", "Hello.", "clinic@clinic.example", ["ann@example.org"])])


def test_a_server_that_vouches_for_itself_gets_no_mail(server):
    with pytest.raises(ssl.SSLCertVerificationError):
        send(server)
    assert server.received == []


def test_the_same_server_gets_it_once_this_machine_trusts_its_certificate(server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    send(server)
    assert [message["To"] for message in server.received] == ["ann@example.org"]
