"""A merchant and its profile: what OAuth user info and Store Info return about the store."""

from dataclasses import dataclass

from fatrina.domain.types import MerchantId, Millis


@dataclass(frozen=True, slots=True)
class Profile:
    """The details of a store and its owner; an empty one has a default in every response."""

    name: str = ""
    email: str = ""
    mobile: str = ""
    domain: str = ""
    """URL of the store."""
    avatar: str = ""
    """URL of the store's logo."""

    def with_defaults(self, code: str) -> "Profile":
        """Return the profile with placeholders for what is empty.

        Integrations use the email address as a key and build URLs from the domain, so no value is
        empty. The host names end in `.example`, which never resolves (RFC 2606).
        """
        host = f"{code.lower()}.example"
        return Profile(
            name=self.name or code,
            email=self.email or f"owner@{host}",
            mobile=self.mobile or "+966500000000",
            domain=self.domain or f"https://{host}",
            avatar=self.avatar or f"https://{host}/logo.png",
        )


@dataclass(frozen=True, slots=True)
class MerchantView:
    """A merchant as the holder of one of its tokens sees it."""

    id: MerchantId
    code: str
    plan: str
    created_at: Millis
    """Milliseconds since the epoch."""
    profile: Profile
