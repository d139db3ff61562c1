"""Connecting to Temporal: every wrong setting becomes one sentence that names the variable to check."""

import asyncio
from collections.abc import Mapping

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode

from bot.runtime.proxies import NO_PROXIES, Proxies
from bot.temporal.calls import TemporalUnavailableError, require_namespace
from workflows.payloads import data_converter

CONNECT_TIMEOUT = 10
"""Seconds to wait for an address that neither answers nor refuses."""


class TemporalSettingsError(TemporalUnavailableError):
    """A setting for Temporal is wrong. The text names the variable to check."""


async def connect(environment: Mapping[str, str], proxies: Proxies = NO_PROXIES) -> Client:
    """Connect as TEMPORAL_ADDRESS, _NAMESPACE, _API_KEY, _TLS_* of `environment` or a profile say.

    Raises:
        TemporalSettingsError: a setting cannot be used.
        NamespaceMissingError: the server has no such namespace. The SDK connects nevertheless, and
            each later call would look as if its workflow did not exist.
        TemporalUnavailableError: nothing answers at that address.

    """
    config = _read(environment)
    config.setdefault("target_host", "127.0.0.1:7233")
    address = config["target_host"]
    is_local = address.startswith(("127.0.0.1:", "localhost:"))
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            client = await Client.connect(
                **config,
                http_connect_proxy_config=proxies.for_temporal(address),
                data_converter=data_converter,
                # On one machine, compression costs processor time and saves no network.
                grpc_compression=GrpcCompression.NONE if is_local else GrpcCompression.GZIP,
            )
            await _require_usable(client, address)
    except ValueError as error:
        raise TemporalSettingsError(
            f"Temporal's address {address} cannot be used: {error}. Check TEMPORAL_ADDRESS (host:port)."
        ) from error
    except RuntimeError as error:  # what the SDK raises if the first connection fails
        raise _connection_error(address, str(error), has_key="api_key" in config) from error
    except TimeoutError:
        raise _no_answer(address) from None
    return client


def _read(environment: Mapping[str, str]) -> ClientConnectConfig:
    try:
        return ClientConfig.load_client_connect_config(override_env_vars=environment)
    except OSError as error:  # a certificate or key
        raise TemporalSettingsError(
            f"Temporal's settings cannot be used: {error.filename} cannot be read ({error.strerror}). "
            "Check TEMPORAL_TLS_CLIENT_CERT_PATH, _TLS_CLIENT_KEY_PATH and _TLS_SERVER_CA_CERT_PATH."
        ) from error
    except (RuntimeError, ValueError) as error:  # the profile
        why = str(error).splitlines()[0]
        raise TemporalSettingsError(
            f"Temporal's settings cannot be used: {why}. Check TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE."
        ) from error


async def _require_usable(client: Client, address: str) -> None:
    """Raise if the namespace does not exist, or if the server refuses our key.

    A key may lack the permission to describe its namespace, so other answers prove nothing.
    """
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        require_namespace(client, error)
        if error.status is RPCStatusCode.UNAUTHENTICATED:
            raise _refused(address) from error


def _connection_error(address: str, why: str, *, has_key: bool) -> TemporalUnavailableError:
    """Return the error for a failed first connection, of which the SDK only gives a text."""
    if "InvalidContentType" in why:  # the server answered our TLS handshake in plain text
        remedy = (
            "TEMPORAL_API_KEY turns TLS on: remove the key, or check TEMPORAL_ADDRESS."
            if has_key
            else "Unset TEMPORAL_TLS and TEMPORAL_TLS_*, or check TEMPORAL_ADDRESS."
        )
        return TemporalSettingsError(
            f"Temporal at {address} does not use TLS, but our settings do. {remedy}"
        )
    if "PrivateKeyParseError" in why or "CertificateParseError" in why or "certificate" in why:
        return TemporalSettingsError(
            f"The TLS certificates for Temporal at {address} cannot be used. Check "
            "TEMPORAL_TLS_CLIENT_CERT_PATH, _TLS_CLIENT_KEY_PATH and _TLS_SERVER_CA_CERT_PATH."
        )
    if "Unauthenticated" in why or "PermissionDenied" in why:
        return _refused(address)
    return _no_answer(address)


def _refused(address: str) -> TemporalSettingsError:
    return TemporalSettingsError(
        f"Temporal at {address} refuses our credentials. Check TEMPORAL_API_KEY and TEMPORAL_TLS_*."
    )


def _no_answer(address: str) -> TemporalUnavailableError:
    return TemporalUnavailableError(
        f"Temporal does not answer at {address}. Start it, or set TEMPORAL_ADDRESS."
    )
