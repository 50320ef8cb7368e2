"""Export shows everything held about a customer; erasure leaves an invoice without a name."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.errors import AftersaleError
from bot.policy import load_terms, replay
from bot.policy.facts import Account, Fact, Source, State
from bot.services.attachments import Attachments
from bot.services.claims import Claims, Statement
from bot.services.mail_out import Letter, OutgoingMails
from bot.services.mail_store import MailStore
from bot.services.order_import import import_orders
from bot.services.orders import Orders, PlacedOrder
from bot.services.privacy import Privacy
from bot.services.ticket_life import TicketLife
from bot.services.ticket_links import TicketLinks
from bot.services.tickets import Tickets
from bot.store import tables as t
from bot.store.database import Database
from tests.unit.test_orders_import import ROW, file, second

ANN, BOB = "ann@example.com", "bob@example.com"
TODAY = dt.date(2026, 11, 22)
BOBS = {"order_number": "B-1", "invoice_number": "B-INV", "customer_name": "Bob Bellows",
        "email": BOB, "phone": "+1 202 555 0199", "postal_code": "94107", "serial_number": "SN-9"}
#: What must not be found anywhere after Ann was erased.
PERSONAL = ("ann@example.com", "ＡＮＮ＠", "Ann Bell", "202 555 0143", "20005", "my wife's car",
            "hums at night", "told me", "please hurry")


@pytest.fixture
def shop(database: Database) -> Database:
    """Ann and Bob each have an order, a conversation, a claim and a ticket."""
    import_orders(database, file({}, second(), BOBS))
    claim(database, "conv-ann", "CG2026-004512", ANN, "My display hums at night")
    claim(database, "conv-bob", "B-1", BOB, "The radio is silent")
    return database


def claim(database: Database, conversation: str, number: str, email: str, symptom: str) -> str:
    talk(database, conversation, f"My e-mail is {email}.", symptom, "It is my wife's car")
    order = Orders(database).verify(conversation, number, [email])
    assert isinstance(order, PlacedOrder)
    tickets = Tickets(database)
    claims = Claims(database, tickets, load_terms())
    fact = Fact("F", State.YES, Source.CONFIRMATION, "message-7")
    assessed = claims.assess(conversation, order, order.items[0], Account().with_facts([fact]),
                             Statement(symptom, "Rain came in, my wife's car"), TODAY)
    with database.unit_of_work() as session:
        session.add(t.ClaimTransition(
            claim_id=assessed.claim_id, ordinal=9, from_state="declined", to_state="in_review",
            actor="agent@example.com", reason="the customer told me so"))
        session.add(t.Job(kind="reminder", payload={"conversation_id": conversation}))
    tickets.open("review", symptom, f"please hurry, {email}", conversation_id=conversation,
                 order_id=order.order_id, claim_id=assessed.claim_id)
    return assessed.claim_id


def talk(database: Database, conversation: str, *said: str, rows: bool = True) -> None:
    with database.unit_of_work() as session:
        if rows:
            session.add(t.Conversation(id=conversation, channel="web"))
            session.flush()
        for seq, text in enumerate(said, start=1):
            event = json.dumps({"event": "user", "text": f"\n{text}"}, ensure_ascii=False)
            session.add(t.TrackerEvent(conversation_id=conversation, seq=seq, type_name="user",
                                       timestamp=1.0, data=event))
            if rows:
                ids = t.new_id(), t.new_id()
                session.add(t.Message(id=ids[0], conversation_id=conversation, seq=seq,
                                      author="customer", text=text,
                                      payload={"custom": {"said": [text]}}))
                session.flush()
                session.add(t.Inbox(id=ids[1], conversation_id=conversation, channel="web",
                                    external_id=str(seq), message_id=ids[0], heard=text))
                session.flush()
                session.add(t.Outbox(conversation_id=conversation, channel="web",
                                     message_id=ids[0], inbox_id=ids[1]))


def dump(database: Database) -> str:
    with database.unit_of_work() as session:
        rows = {table.name: [list(row) for row in session.execute(sa.select(table))]
                for table in t.metadata.sorted_tables}
    return json.dumps(rows, default=str, ensure_ascii=False)


def ids(rows: list[dict[str, Any]], name: str = "id") -> list[str]:
    return [row[name] for row in rows]


# ---------------------------------------------------------------- export


def test_export_has_everything_and_nothing_of_anybody_else(shop: Database) -> None:
    held = json.loads(json.dumps(Privacy(shop).export(" Ann@Example.COM ")))
    assert held["email"] == ANN
    assert ids(held["customers"], "name") == ["Ann Bell"]
    order, = held["orders"]
    assert (order["order_number"], order["invoice_date"]) == ("CG2026-004512", "2026-03-01")
    assert [line["unit_price"] for line in order["lines"]] == ["129.90", "129.90"]
    found, = held["claims"]
    assert found["symptom"] == "My display hums at night"
    assert found["decisions"][0]["outcome"] == "not_covered"
    assert "F" in ids(found["facts"], "name")
    assert [step["to_state"] for step in found["transitions"]][-1] == "in_review"
    ticket, = held["tickets"]
    assert ids(ticket["entries"], "body") == [f"please hurry, {ANN}"]
    conversation, = held["conversations"]
    assert ids(conversation["messages"], "text")[0] == f"My e-mail is {ANN}."
    assert len(conversation["inbox"]) == len(conversation["outbox"]) == 3
    assert conversation["tracker_events"][0]["data"]["event"] == "user"
    assert ids(held["verification_attempts"], "conversation_id") == ["conv-ann"]
    everything = json.dumps(held)
    assert "bob" not in everything.lower() and "B-1" not in everything
    # Which agent it was is the agent's own data.
    assert "agent@example.com" not in everything and found["transitions"][-1]["actor"] == "agent"


def test_conversations_are_found_by_the_address_in_them(shop: Database) -> None:
    talk(shop, "conv-mail", "请写信到ann@example.com谢谢")
    talk(shop, "conv-wide", "ＡＮＮ＠ｅｘａｍｐｌｅ．ｃｏｍ")
    talk(shop, "conv-shell", f"({ANN})", rows=False)
    talk(shop, "conv-other", "joann@example.com", "ann@example.com.au", "x-ann@example.com")
    found = Privacy(shop).export(ANN)["conversations"]
    assert sorted(ids(found)) == ["conv-ann", "conv-mail", "conv-shell", "conv-wide"]


def test_a_conversation_verified_without_the_address_is_found(shop: Database) -> None:
    Orders(shop).verify("conv-postal", "CG2026-004512", [ROW["postal_code"]])
    Orders(shop).verify("conv-guess", "CG2026-004512", ["wrong"])
    talk(shop, "conv-postal", "hello")
    talk(shop, "conv-guess", "hello")
    held = Privacy(shop).export(ANN)
    assert "conv-postal" in ids(held["conversations"])
    # A failed guess is somebody's, but it is an attempt on Ann's order.
    assert "conv-guess" not in ids(held["conversations"])
    assert "conv-guess" in ids(held["verification_attempts"], "conversation_id")


def test_somebody_elses_conversation_with_the_address_is_not_handed_out(shop: Database) -> None:
    mistyped(shop)
    held = Privacy(shop).export(ANN)
    assert ids(held["conversations"]) == ["conv-ann"]
    assert held["mentioned_elsewhere"] == {"messages": 1, "inbox": 1, "tracker_events": 1}


def mistyped(shop: Database) -> None:
    with shop.unit_of_work() as session:
        message = session.scalars(sa.select(t.Message).where(
            t.Message.conversation_id == "conv-bob", t.Message.seq == 2)).one()
        message.text = f"It is {ANN}, no, {BOB}"
        session.scalars(sa.select(t.Inbox).where(t.Inbox.message_id == message.id)).one().heard = (
            message.text)
        event = session.get(t.TrackerEvent, ("conv-bob", 2))
        event.data = json.dumps({"event": "user", "text": f"\n{ANN}"})


@pytest.mark.parametrize("email", ["", " ", "ann", "@", "a b@example.com"])
def test_what_is_no_address_is_refused(email: str, sqlite_database: Database) -> None:
    for act in (Privacy(sqlite_database).export, Privacy(sqlite_database).erase):
        with pytest.raises(AftersaleError, match="is not an e-mail address"):
            act(email)


# ---------------------------------------------------------------- erasure


def test_erasure_leaves_nothing_personal_anywhere(shop: Database) -> None:
    talk(shop, "conv-wide", "ＡＮＮ＠ｅｘａｍｐｌｅ．ｃｏｍ")
    mistyped(shop)
    assert all(text in dump(shop) for text in PERSONAL)
    Privacy(shop).erase("ANN@example.com")
    with shop.unit_of_work() as session:
        # Bob's own story is Bob's.
        session.execute(sa.update(t.Claim).values(incident=""))
    left = dump(shop)
    for text in PERSONAL:
        mine = left.replace("please hurry, bob@example.com", "").replace("told me", "", 1)
        mine = mine.replace("It is my wife's car", "")
        assert text not in mine, text


def test_erasure_keeps_what_an_invoice_needs(shop: Database) -> None:
    Privacy(shop).erase(ANN)
    with shop.unit_of_work() as session:
        order = session.scalars(sa.select(t.Order).where(
            t.Order.order_key == "CG2026004512")).one()
        assert (order.order_number, order.invoice_number) == ("CG2026-004512", "INV-1")
        assert (order.invoice_date, order.country) == (dt.date(2026, 3, 1), "US")
        assert order.email is order.phone is order.postal_code is None
        assert order.customer.name == "" and order.customer.email is order.customer.phone is None
        assert [(line.sku, str(line.unit_price), line.currency) for line in order.lines] == [
            ("HU-1", "129.90", "USD"), ("CAM-2", "129.90", "USD")]


def test_decisions_keep_outcome_and_terms_and_can_be_replayed(shop: Database) -> None:
    with shop.unit_of_work() as session:
        for decision in session.scalars(sa.select(t.Decision)):
            decision.record = {**decision.record, "note": "she told me"}
    Privacy(shop).erase(ANN)
    with shop.unit_of_work() as session:
        claim_, decision = session.execute(
            sa.select(t.Claim, t.Decision).join(t.Decision, t.Decision.claim_id == t.Claim.id)
            .join(t.Order, t.Order.id == t.Claim.order_id)
            .where(t.Order.order_key == "CG2026004512")).one()
        assert claim_.number and claim_.order_line_id and claim_.state == "declined"
        assert claim_.symptom == claim_.incident == "" and claim_.conversation_id is None
        assert (decision.outcome, decision.record["reasons"]) == ("not_covered", ["F"])
        assert decision.terms_version and decision.terms_hash
        assert "message-7" not in json.dumps(decision.record)
        assert replay(decision.record).record() == decision.record
        reasons = session.scalars(sa.select(t.ClaimTransition.reason).where(
            t.ClaimTransition.claim_id == claim_.id)).all()
        assert sorted(filter(None, reasons)) == ["F"]


def test_erasure_touches_nobody_else(shop: Database) -> None:
    before = Privacy(shop).export(BOB)
    Privacy(shop).erase(ANN)
    assert Privacy(shop).export(BOB) == before
    assert Orders(shop).verify("later", "B-1", [BOB]) is not None
    assert Orders(shop).verify("later", "CG2026-004512", [ANN]) is None


def test_somebody_elses_conversation_only_loses_the_address(shop: Database) -> None:
    mistyped(shop)
    Privacy(shop).erase(ANN)
    messages = Privacy(shop).export(BOB)["conversations"][0]["messages"]
    assert [message["text"] for message in messages][1] == f"It is [erased], no, {BOB}"


def test_counts_by_table_and_a_second_erasure_finds_nothing(shop: Database) -> None:
    counts = Privacy(shop).erase(ANN)
    assert {name: n for name, n in counts.items() if n} == {
        "customers": 1, "orders": 1, "claims": 1, "claim_transitions": 1, "decisions": 1,
        "facts": counts["facts"], "tickets": 1, "ticket_entries": 1, "ticket_changes": 1,
        "conversations": 1,
        "messages": 3, "inbox": 3, "outbox": 3, "tracker_events": 3, "verification_attempts": 1,
        "jobs": 1}
    again = Privacy(shop).erase(ANN)
    assert set(again) == set(counts) and not any(again.values())
    held = Privacy(shop).export(ANN)
    assert not any(value for name, value in held.items() if name != "email")


def test_importing_again_does_not_bring_an_erased_customer_back(shop: Database) -> None:
    Privacy(shop).erase(ANN)
    import_orders(shop, file({"status": "refunded"}, second(status="refunded"), BOBS))
    assert not Privacy(shop).export(ANN)["orders"]
    with shop.unit_of_work() as session:
        order = session.scalars(sa.select(t.Order).where(
            t.Order.order_key == "CG2026004512")).one()
        assert (order.status, order.email, order.customer.name) == ("refunded", None, "")
        assert len(order.lines) == 2
    # Who buys again is a customer again.
    import_orders(shop, file({"order_number": "new"}))
    assert ids(Privacy(shop).export(ANN)["orders"], "order_number") == ["new"]


def test_an_erased_name_is_not_in_the_file_either(sqlite_database: Database) -> None:
    import_orders(sqlite_database, file({}, BOBS))
    claim(sqlite_database, "conv-ann", "CG2026-004512", ANN, "My display hums at night")
    Privacy(sqlite_database).erase(ANN)
    path = str(sqlite_database.url.database)
    content = b""
    for suffix in ("", "-wal"):
        with open(path + suffix, "rb") as opened:
            content += opened.read()
    assert b"Bob Bellows" in content
    for text in (b"ann@example.com", b"Ann Bell", b"hums at night"):
        assert text not in content


# ---------------------------------------------------------------- the site chat's own


def evidence(database: Database, folder: Path, conversation: str, name: str) -> Attachments:
    """A PDF that was sent in a conversation, a rating, and the browser that may come back."""
    attachments = Attachments(database, folder / "files")
    with attachments.incoming() as upload:
        upload.write(b"%PDF-1.7 an invoice with a name on it")
        attachments.keep(conversation, upload, name)
    with database.unit_of_work() as session:
        file = session.scalars(sa.select(t.Attachment).where(
            t.Attachment.conversation_id == conversation)).one()
        file.message = session.scalars(sa.select(t.Message).where(
            t.Message.conversation_id == conversation)).first()
        file.ticket = session.scalars(sa.select(t.Ticket).where(
            t.Ticket.conversation_id == conversation)).first()
        session.add(t.Rating(conversation_id=conversation, stars=2, comment="told me off"))
        session.add(t.Visitor(token_hash=name.ljust(64, "0"), conversation_id=conversation,
                              expires_at=t.utcnow() + dt.timedelta(days=3)))
    return attachments


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_ratings_and_visitors_are_exported(shop: Database, tmp_path: Path) -> None:
    attachments = evidence(shop, tmp_path, "conv-ann", "ann's invoice.pdf")
    evidence(shop, tmp_path, "conv-bob", "bob.pdf")
    conversation, = Privacy(shop, attachments).export(ANN)["conversations"]
    file, = conversation["attachments"]
    assert file["name"] == "ann's invoice.pdf"
    assert Path(file["file"]).read_bytes().startswith(b"%PDF")
    assert ids(conversation["ratings"], "comment") == ["told me off"]
    assert len(conversation["visitors"]) == 1 and "token_hash" not in conversation["visitors"][0]


def test_files_ratings_and_visitors_are_erased(shop: Database, tmp_path: Path) -> None:
    attachments = evidence(shop, tmp_path, "conv-ann", "ann.pdf")
    evidence(shop, tmp_path, "conv-bob", "bob.pdf")
    counts = Privacy(shop, attachments).erase(ANN)
    assert (counts["attachments"], counts["ratings"], counts["visitors"]) == (1, 1, 1)
    assert len(files_in(tmp_path / "files")) == 1
    with shop.unit_of_work() as session:
        assert session.scalars(sa.select(t.Attachment.name)).all() == ["bob.pdf"]
    again = Privacy(shop, attachments).erase(ANN)
    assert not any(again.values())


def test_a_file_named_after_somebody_loses_the_address(shop: Database, tmp_path: Path) -> None:
    attachments = evidence(shop, tmp_path, "conv-bob", f"{ANN} and me.pdf")
    assert Privacy(shop, attachments).export(ANN)["mentioned_elsewhere"] == {"attachments": 1}
    Privacy(shop, attachments).erase(ANN)
    with shop.unit_of_work() as session:
        assert session.scalars(sa.select(t.Attachment.name)).all() == ["[erased] and me.pdf"]


def test_a_conversation_held_while_logged_in_is_found(shop: Database) -> None:
    talk(shop, "conv-shop", "hello")
    with shop.unit_of_work() as session:
        session.add(t.Visitor(token_hash="f" * 64, conversation_id="conv-shop",
                              identity_subject="7", identity_email="Ann@example.com",
                              expires_at=t.utcnow() + dt.timedelta(days=3)))
    assert "conv-shop" in ids(Privacy(shop).export(ANN)["conversations"])
    Privacy(shop).erase(ANN)
    assert "Ann@example.com" not in dump(shop)


def test_what_the_desk_added_is_exported_and_erased(shop: Database) -> None:
    with shop.unit_of_work() as session:
        session.add(t.StaffMember(id="mai", email="mai@shop.example", name="Mai",
                                  password_hash="-"))
        session.flush()
        conversation = session.get(t.Conversation, "conv-ann")
        conversation.customer_email, conversation.owner = ANN, "agent"
        conversation.agent_id = "mai"
        session.get(t.Conversation, "conv-bob").merged_into = "conv-ann"
        session.flush()
        session.add_all([
            t.Note(conversation_id="conv-ann", staff_id="mai", body="She told me: hums at night"),
            t.Note(conversation_id="conv-bob", staff_id="mai", body=f"Not {ANN}"),
            t.ConversationTag(conversation_id="conv-ann", tag="display"),
            t.OwnerChange(conversation_id="conv-ann", epoch=1, owner="agent", agent_id="mai",
                          actor="mai@shop.example")])
    privacy = Privacy(shop)
    exported = privacy.export(ANN)["conversations"][0]
    assert exported["notes"][0]["body"] == "She told me: hums at night"
    assert (exported["owners"][0]["actor"], exported["tags"][0]["tag"]) == ("agent", "display")
    assert "mai" not in json.dumps([exported["notes"], exported["owners"]])
    privacy.erase(ANN)
    kept = dump(shop)
    assert not [each for each in (ANN, "Ann Bell", "She told me") if each in kept]
    with shop.unit_of_work() as session:
        assert session.get(t.Conversation, "conv-bob").merged_into is None
def test_tickets_links_and_mails_of_the_address_are_handed_out_and_erased(
        shop: Database, tmp_path: Path) -> None:
    store = MailStore(tmp_path / "mail")
    tickets, links = Tickets(shop), TicketLinks(shop)
    written, merged = (tickets.open("question", "No sound", "It is silent.", conversation_id="t-1",
                                    customer_email="zoe@example.com") for _ in range(2))
    other = tickets.open("question", "No sound", "Mine too.", conversation_id="t-2",
                         customer_email="tim@example.com")
    TicketLife(shop).merge(merged.number, written.number, "lead@example.com")
    token = links.for_ticket(written.id)
    everything = links.for_address("zoe@example.com")
    OutgoingMails(shop, "example.com").write(Letter(
        key="k", to="zoe@example.com", subject="s", text="t", ticket_id=written.id,
        link=f"https://service.example/support/t/{token}"))
    name = store.keep("a:1", b"From: zoe@example.com\r\n\r\nHello")
    with shop.unit_of_work() as session:
        session.add(t.MailIn(source="box:1", mailbox="box", stored_as=name, size=40,
                             sender="zoe@example.com"))
    held = Privacy(shop, mails=store).export("zoe@example.com")
    assert sorted(ids(held["tickets"], "number")) == sorted([written.number, merged.number])
    assert all(row["changes"] for row in held["tickets"])
    assert held["mails_in"][0]["file"].endswith(name) and len(held["mails_out"]) == 1
    assert token not in json.dumps(held) and everything not in json.dumps(held)
    counts = Privacy(shop, mails=store).erase("zoe@example.com")
    assert (counts["ticket_links"], counts["mails_in"], counts["mails_out"]) == (2, 1, 1)
    assert links.open(token) is None and not store.path_of(name).exists()
    assert tickets.find(other.number) is not None
    assert not Privacy(shop, mails=store).export("zoe@example.com")["tickets"]
