"""SeaweedFS from the wheel as the S3 store, with every door but the S3 one closed."""

import json
import os
import signal
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from zilliance.devstack.home import Home, write_private
from zilliance.devstack.keys import Keys
from zilliance.devstack.part import Part, PartName
from zilliance.devstack.ports import LOOPBACK
from zilliance.devstack.sentinel import Sentinel

REGION = "us-east-1"
VOLUME_MEGABYTES = 1024
MOST_VOLUMES = 200
# One volume a collection at a time; files grow with their content, so nothing is set aside.
INTERNAL_PORTS = (
    "s3_grpc", "s3_master", "s3_master_grpc", "s3_volume", "s3_volume_grpc", "s3_filer", "s3_filer_grpc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The store of one home.

    As shipped its filer hands out every file and its master every write permission to whoever asks. Here both answer
    no HTTP at all, its volumes want signed tokens, and the gRPC inside wants a certificate of this home's authority.
    """

    home: Home
    ports: dict[str, int]
    keys: Keys

    def part(self) -> Part:
        return Part(
            name=PartName.S3,
            command=(str(binary()), "-logtostderr=true", "server", *self._options()),
            environment=self._environment(),
            where=f"http://{LOOPBACK}:{self.ports['s3']}",
            prepare=self._write_files,
            check=self._check,
            tidy=self._remove_sockets,
            folder=self.home.s3,  # where it looks for a security.toml, and there is none
            # Asked to stop, it waits 15 s for a subscriber of its own before it closes anything. What it answered is in
            # its files by then, and it recovers from this as from any kill; whoever writes to it was stopped before.
            stop_signal=signal.SIGKILL,
        )

    def _options(self) -> list[str]:
        port = self.ports
        return [
            f"-dir={self.home.s3 / 'data'}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}",
            f"-master.port={port['s3_master']}", f"-master.port.grpc={port['s3_master_grpc']}",
            f"-volume.port={port['s3_volume']}", f"-volume.port.grpc={port['s3_volume_grpc']}",
            "-filer", f"-filer.port={port['s3_filer']}", f"-filer.port.grpc={port['s3_filer_grpc']}",
            "-s3", f"-s3.port={port['s3']}", f"-s3.port.grpc={port['s3_grpc']}",
            f"-s3.config={self.home.s3 / 'identities.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-s3.autoCreateBucket=false",
            f"-filer.localSocket={self.home.s3 / 'filer.sock'}", f"-s3.localSocket={self.home.s3 / 's3.sock'}",
            "-disableHttp", "-filer.disableHttp", "-filer.exposeDirectoryData=false",
            # Alone it need not wait for others to be elected; as shipped a second start takes 17 s.
            "-master.electionTimeout=500ms", "-master.heartbeatInterval=100ms",
            "-master.telemetry=false", f"-master.volumeSizeLimitMB={VOLUME_MEGABYTES}",
            f"-volume.max={MOST_VOLUMES}", "-volume.preStopSeconds=0",
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        signing = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
        members = ("MASTER", "VOLUME", "FILER", "S3", "CLIENT")
        return {
            "PATH": os.defpath,
            "HOME": str(self.home.s3),
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
            **{f"WEED_JWT_{name}_KEY": f"{name}:{self.keys.s3_internal_secret}" for name in signing},
            "WEED_GRPC_CA": str(self.home.s3 / "authority.pem"),
            **{f"WEED_GRPC_{name}_CERT": str(self.home.s3 / "certificate.pem") for name in members},
            **{f"WEED_GRPC_{name}_KEY": str(self.home.s3 / "certificate-key.pem") for name in members},
        }

    async def _write_files(self) -> None:
        (self.home.s3 / "data").mkdir(mode=0o700, exist_ok=True)
        credential = {"accessKey": self.keys.s3_access_key, "secretKey": self.keys.s3_secret_key}
        identity = {
            "name": "zilliance",
            "credentials": [credential],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        write_private(self.home.s3 / "identities.json", json.dumps({"identities": [identity]}))
        write_private(self.home.s3 / "authority.pem", self.keys.s3_authority)
        write_private(self.home.s3 / "certificate.pem", self.keys.s3_certificate)
        write_private(self.home.s3 / "certificate-key.pem", self.keys.s3_certificate_key)

    def _remove_sockets(self) -> None:
        """Remove the sockets that it puts into /tmp, whatever it is told, and leaves there."""
        for name in ("s3_master_grpc", "s3_volume_grpc", "s3_filer_grpc", "s3_grpc"):
            service = name.removeprefix("s3_").removesuffix("_grpc") if name != "s3_grpc" else "s3"
            Path(f"/tmp/seaweedfs-{service}-grpc-{self.ports[name]}.sock").unlink(missing_ok=True)  # noqa: S108  its choice

    async def _check(self) -> None:
        access, secret = self.keys.s3_access_key, self.keys.s3_secret_key
        await Sentinel(self.ports["s3"], access, secret, REGION).read()


def binary() -> Path:
    """The program of the SeaweedFS wheel."""
    return Path(sysconfig.get_path("scripts")) / "weed"
