"""Webhooks: subscriptions, the outbox, and the dispatcher that delivers it."""
