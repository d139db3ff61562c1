"""Ids: their patterns, and how the ids of child workflows derive from their parent's."""

import re

import pytest

from workflows.rules.shared.ids import (
    HR_ID,
    MEMBER_ID,
    ORDER_ID,
    REQUEST_ID,
    approval_id,
    parcel_key,
    parent_id,
    refund_id,
    shipment_id,
)


@pytest.mark.parametrize("parent", ["ORD-7K2M4QXA", "HR-7K2M4QXA"])
def test_the_id_of_an_approval_leads_to_its_parent_and_back(parent: str) -> None:
    child = approval_id(parent)

    assert child == f"{parent}.approval"
    assert parent_id(child) == parent


def test_an_approval_without_a_parent_has_its_own_id() -> None:
    assert parent_id("REQ-7K2M4QXA") == "REQ-7K2M4QXA"


def test_ids_of_shipments_parcels_and_refunds_are_fixed() -> None:
    assert shipment_id("ORD-1", "NORTH") == "ORD-1.shipment.NORTH"
    assert parcel_key("ORD-1", "NORTH") == "ORD-1:ship:NORTH"
    assert refund_id("evt_1") == "refund:evt_1"


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (MEMBER_ID, "U0BORIS", True),
        (MEMBER_ID, "W0BORIS", True),
        (MEMBER_ID, "S0GROUP", False),
        (MEMBER_ID, "u0boris", False),
        (REQUEST_ID, "REQ-INVOICE-2024-17", True),
        (REQUEST_ID, "REQ--17", False),
        (ORDER_ID, "ORD-7K2M4QXA", True),
        (ORDER_ID, "ORD-7K2M4QXI", False),
        (HR_ID, "HR-7K2M4QXA", True),
        (HR_ID, "HR-7K2M4QXA.approval", False),
    ],
)
def test_which_texts_are_ids(pattern: str | re.Pattern[str], text: str, *, matches: bool) -> None:
    assert bool(re.fullmatch(pattern, text)) is matches
