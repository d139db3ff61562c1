"""The payload converter that every client, worker, test environment and replayer uses."""

from dataclasses import replace
from typing import ClassVar

from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter


class SharedPydanticConverter(PydanticPayloadConverter):
    """One converter per process.

    The SDK creates a converter for each workflow, with an empty cache of pydantic adapters.
    Building those again took a third of the worker's time per click.
    """

    _shared: ClassVar["SharedPydanticConverter | None"] = None

    def __new__(cls) -> "SharedPydanticConverter":  # noqa: PYI034 - one instance, one class
        """Return the converter of this process."""
        if cls._shared is None:
            cls._shared = super().__new__(cls)
            PydanticPayloadConverter.__init__(cls._shared)
        return cls._shared

    def __init__(self) -> None:
        """Keep the shared converter and its warm cache."""


data_converter = replace(pydantic_data_converter, payload_converter_class=SharedPydanticConverter)
