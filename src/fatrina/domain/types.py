"""Types of ids and timestamps, so that mypy finds one that is passed for another."""

from typing import NewType

MerchantId = NewType("MerchantId", int)
ProductId = NewType("ProductId", int)
ImageId = NewType("ImageId", int)
TokenId = NewType("TokenId", int)
AppId = NewType("AppId", int)
GrantId = NewType("GrantId", int)
SubscriptionId = NewType("SubscriptionId", int)
DeliveryId = NewType("DeliveryId", int)
Millis = NewType("Millis", int)
"""Milliseconds: a timestamp since the epoch, or a duration."""
