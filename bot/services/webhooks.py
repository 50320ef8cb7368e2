"""Webhooks: the shop's own systems are told what happens, signed (https://www.standardwebhooks.com).

What is told is planned in the transaction in which it happens, and sent by a job until it was
taken. An event may come twice, then with the same `webhook-id`, and later ones may overtake it.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Signer

from bot.errors import AftersaleError, Unknown
from bot.services.happenings import EVENTS, Happening
from bot.services.jobs import GiveUp, Jobs, plan
from bot.services.outgoing import Unreachable, check_url, send
from bot.store.database import Database
from bot.store.tables import Webhook, WebhookDelivery, new_id, utcnow

JOB = "webhook"
#: Deliveries that are shown; older ones than that many days are forgotten.
SHOWN, KEPT = 100, dt.timedelta(days=30)
MOST = 20


@dataclass(frozen=True)
class WebhookView:
    """A webhook without its secret."""

    id: str
    url: str
    events: list[str]
    active: bool
    created_at: dt.datetime


@dataclass(frozen=True)
class DeliveryView:
    """An event on its way. `error` says why it was not taken."""

    id: str
    event: str
    object_id: str
    state: str
    attempts: int
    status: int | None
    error: str | None
    created_at: dt.datetime
    delivered_at: dt.datetime | None


class Webhooks:
    """Keeps webhooks, plans deliveries and makes them. `private`: see `outgoing`."""

    def __init__(self, database: Database, jobs: Jobs, *, private: bool = False) -> None:
        self._database, self._private = database, private
        jobs.register(JOB, self.deliver)

    def add(self, url: str, events: Sequence[str]) -> tuple[WebhookView, str]:
        """Adds a webhook. Returns it and the secret of its signatures, shown only now.

        Raises AftersaleError for an address or an event that cannot be used.
        """
        check_url(url, private=self._private)
        _check_events(events)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        with self._database.unit_of_work() as session:
            if (session.scalar(sa.select(sa.func.count()).select_from(Webhook)) or 0) >= MOST:
                raise AftersaleError(f"there are {MOST} webhooks already")
            webhook = Webhook(id=new_id(), url=url, secret=secret, events=sorted(set(events)),
                              active=True, created_at=utcnow())
            session.add(webhook)
            return _view(webhook), secret

    def all(self) -> list[WebhookView]:
        """All of them, the oldest first."""
        with self._database.unit_of_work() as session:
            return [_view(each) for each in session.scalars(
                sa.select(Webhook).order_by(Webhook.created_at))]

    def change(self, webhook_id: str, *, url: str | None = None,
               events: Sequence[str] | None = None, active: bool | None = None) -> WebhookView:
        """Changes what is given. Raises Unknown, or AftersaleError as `add` does."""
        with self._database.unit_of_work() as session:
            webhook = _found(session, webhook_id)
            if url is not None:
                check_url(url, private=self._private)
                webhook.url = url
            if events is not None:
                _check_events(events)
                webhook.events = sorted(set(events))
            if active is not None:
                webhook.active = active
            return _view(webhook)

    def remove(self, webhook_id: str) -> None:
        """Removes a webhook and what it was told. Raises Unknown."""
        with self._database.unit_of_work() as session:
            webhook = _found(session, webhook_id)
            session.execute(sa.delete(WebhookDelivery).where(
                WebhookDelivery.webhook_id == webhook_id)
                .execution_options(synchronize_session=False))
            session.delete(webhook)

    def deliveries(self, webhook_id: str) -> list[DeliveryView]:
        """What it was told lately, the newest first. Raises Unknown."""
        with self._database.unit_of_work() as session:
            _found(session, webhook_id)
            return [DeliveryView(row.id, row.event, row.object_id, row.state, row.attempts,
                                 row.status, row.error, row.created_at, row.delivered_at)
                    for row in session.scalars(
                        sa.select(WebhookDelivery)
                        .where(WebhookDelivery.webhook_id == webhook_id)
                        .order_by(WebhookDelivery.created_at.desc()).limit(SHOWN))]

    def heard(self, session: Session, happening: Happening) -> None:
        """Plans the deliveries of an event, in the transaction in which it happens."""
        if happening.event not in EVENTS:
            return
        now = utcnow()
        for webhook in session.scalars(sa.select(Webhook).where(Webhook.active)):
            if happening.event not in webhook.events:
                continue
            delivery = WebhookDelivery(id=new_id(), webhook_id=webhook.id, event=happening.event,
                                       object_id=happening.object_id, state="waiting",
                                       attempts=0, created_at=now)
            body = {"type": happening.event, "timestamp": now.isoformat(),
                    "data": happening.data}
            session.add(delivery)
            plan(session, JOB, {"delivery_id": delivery.id, "body": body},
                 key=f"{JOB}:{delivery.id}")

    def deliver(self, payload: dict[str, Any]) -> None:
        """The job: sends one event. Raises to be tried again, GiveUp where nobody is to be told."""
        delivery_id, body = payload["delivery_id"], json.dumps(payload["body"])
        with self._database.separate_unit_of_work() as session:
            delivery = session.get(WebhookDelivery, delivery_id)
            webhook = delivery and session.get(Webhook, delivery.webhook_id)
        if webhook is None or not webhook.active:
            self._note(delivery_id, state="failed", error="the webhook was removed or turned off")
            raise GiveUp("the webhook was removed or turned off")
        if delivery.state == "delivered":
            return
        try:
            status = send("POST", webhook.url, body.encode(),
                          signed(webhook.secret, delivery_id, body),
                          private=self._private).status
        except AftersaleError as error:
            # Also where the job will be given up after this attempt; `failed` may become delivered.
            self._note(delivery_id, state="failed", status=None, error=str(error)[:300])
            raise
        if status == 410:
            self._note(delivery_id, state="failed", status=status, error="gone")
            with self._database.separate_unit_of_work() as session:
                session.get(Webhook, webhook.id).active = False
            raise GiveUp("the address says that it is gone for good")
        if not 200 <= status < 300:
            self._note(delivery_id, state="failed", status=status, error=f"answered {status}")
            raise Unreachable(f"answered {status}")
        self._note(delivery_id, state="delivered", status=status, error=None,
                   delivered_at=utcnow())

    def forget_old(self) -> None:
        """Removes what was told long ago."""
        with self._database.separate_unit_of_work() as session:
            session.execute(sa.delete(WebhookDelivery).where(
                WebhookDelivery.created_at < utcnow() - KEPT)
                .execution_options(synchronize_session=False))

    def _note(self, delivery_id: str, **values: Any) -> None:
        with self._database.separate_unit_of_work() as session:
            session.execute(
                sa.update(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
                .values(attempts=WebhookDelivery.attempts + 1, **values)
                .execution_options(synchronize_session=False))


def signed(secret: str, message_id: str, body: str) -> dict[str, str]:
    """The headers of a signed message (Standard Webhooks 1.0.0, "Webhook metadata")."""
    now = utcnow()
    return {"Content-Type": "application/json", "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(secret).sign(message_id, now, body)}


def _check_events(events: Sequence[str]) -> None:
    unknown = sorted(set(events) - set(EVENTS))
    if unknown or not events:
        raise AftersaleError(f"the events are {', '.join(EVENTS)}")


def _found(session: Session, webhook_id: str) -> Webhook:
    webhook: Webhook | None = session.get(Webhook, webhook_id)
    if webhook is None:
        raise Unknown("there is no such webhook")
    return webhook


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView(webhook.id, webhook.url, list(webhook.events), webhook.active,
                       webhook.created_at)
