import threading
import time

import pytest
from sqlalchemy import select, update

from copydesk.service.desk.queue import leases
from copydesk.service.desk.queue.lanes import Lanes
from copydesk.service.desk.queue.leases import ADJUDICATE, MAIN, Lane, Waiting
from copydesk.service.desk.queue.pool import Pools
from copydesk.service.desk.store.database import Database
from copydesk.service.desk.store.judgements import Save, save
from copydesk.service.desk.store.ledger import Ledger
from copydesk.service.desk.store.projects import add_label, change_project, list_labels
from copydesk.service.desk.store.tables import QueueItem, Verdict
from support.desk import ANN, BEN, EVE, add_read_stories

LEASE_S = 60.0
MAIN_LANE = Lane(MAIN)


def claim(database: Database, who: int, lane: Lane = MAIN_LANE) -> QueueItem | None:
    with database.write() as session:
        return leases.claim(session, 1, lane, who, LEASE_S)


def put(database: Database, *waiting: Waiting, lane: Lane = MAIN_LANE) -> None:
    with database.write() as session:
        leases.put(session, 1, lane, list(waiting))


def judge(database: Database, who: int, item: QueueItem, trade: Verdict = "yes") -> str:
    with database.write() as session:
        found = session.get(QueueItem, item.id)
        assert found is not None
        new = Save(f"{time.monotonic_ns()}", item.story_id, {1: trade, 2: "no"})
        save(session, 1, who, new, item.reason)
        return leases.finish(session, found, who)


def test_nobody_gets_a_story_that_another_holds(database: Database, project: int) -> None:
    stories = add_read_stories(database, project, 2)
    put(database, *(Waiting(story, "uncertain") for story in stories))
    first, second = claim(database, ANN), claim(database, BEN)
    assert first
    assert second
    assert [first.story_id, second.story_id] == stories
    assert claim(database, ANN) is None
    assert claim(database, EVE) is None


def test_a_lease_that_ends_frees_the_story_and_a_late_save_is_kept_and_told(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    put(database, Waiting(story, "uncertain"))
    first = claim(database, ANN)
    assert first
    with database.write() as session:
        session.execute(update(QueueItem).values(leased_until=time.time() - 1))
    second = claim(database, BEN)
    assert second
    assert second.id == first.id
    assert "somebody else has it now" in judge(database, ANN, first)
    assert judge(database, BEN, second) == ""
    assert "had judged this story meanwhile" in judge(database, ANN, first)
    with database.read() as session:
        assert len(Ledger().standing(session, project).opinions) == 4


def test_a_page_that_is_loaded_again_shows_what_was_held(database: Database, project: int) -> None:
    put(database, *(Waiting(story, "uncertain") for story in add_read_stories(database, project, 3)))
    held = [claim(database, ANN), claim(database, ANN)]
    with database.read() as session:
        again = leases.held_by(session, project, MAIN_LANE, ANN, 5)
    assert [item.id for item in again] == [item.id for item in held if item]


def test_a_story_for_two_is_judged_by_two(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    put(database, Waiting(story, "uncertain", is_double=True))
    first = claim(database, ANN)
    assert first
    assert claim(database, ANN) is None
    judge(database, ANN, first)
    assert claim(database, ANN) is None
    second = claim(database, BEN)
    assert second
    assert (second.story_id, second.reason) == (story, "second")
    with database.read() as session:
        assert leases.count_seconds(session, project) == 1


def test_what_is_skipped_is_for_others(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    put(database, Waiting(story, "uncertain"))
    item = claim(database, ANN)
    assert item
    with database.write() as session:
        found = session.get(QueueItem, item.id)
        assert found
        leases.skip(session, found, ANN)
        leases.skip(session, found, ANN)
    assert claim(database, ANN) is None
    assert claim(database, BEN) is not None


def test_an_undone_story_is_held_by_the_same_person(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    put(database, Waiting(story, "uncertain"))
    item = claim(database, ANN)
    assert item
    judge(database, ANN, item)
    with database.write() as session:
        assert leases.reopen(session, story, ANN, LEASE_S) is not None
    assert claim(database, BEN) is None


def test_twenty_at_once_never_get_the_same_story(database: Database, project: int) -> None:
    stories = add_read_stories(database, project, 60)
    put(database, *(Waiting(story, "uncertain") for story in stories))
    got: list[int] = []

    def work() -> None:
        for _ in range(3):
            item = claim(database, ANN)
            assert item
            got.append(item.story_id)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(stories)


@pytest.fixture
def lanes(database: Database) -> Lanes:
    return Lanes(database, Pools(), Ledger())


def waiting_in(database: Database, lane: Lane) -> list[QueueItem]:
    with database.read() as session:
        return list(session.scalars(select(QueueItem).where(QueueItem.lane == lane.name).order_by(QueueItem.rank)))


def test_the_main_lane_fills_itself_with_what_nobody_has_judged(database: Database, project: int, lanes: Lanes) -> None:
    stories = add_read_stories(database, project, 100, lambda i: [i / 100, 1 - i / 100])
    lanes.refill(project, MAIN_LANE)
    first = waiting_in(database, MAIN_LANE)
    assert len({item.story_id for item in first if item.slot == 0}) == 60
    for _ in range(40):
        item = claim(database, ANN)
        assert item
        judge(database, ANN, item)
    lanes.refill(project, MAIN_LANE)
    assert {item.story_id for item in waiting_in(database, MAIN_LANE)} == set(stories)
    notes = {item.note for item in first if item.reason == "random" and item.slot == 0}
    assert notes == {"Drawn at random, to measure the model: nothing is preset."}


def test_a_share_of_the_stories_is_for_two(database: Database, project: int, lanes: Lanes) -> None:
    add_read_stories(database, project, 60)
    with database.write() as session:
        change_project(session, project, "news", "", 0.5)
    lanes.refill(project, MAIN_LANE)
    assert 15 < sum(item.slot for item in waiting_in(database, MAIN_LANE)) < 45


def test_a_disputed_story_goes_to_whoever_adjudicates_and_is_settled(
    database: Database, project: int, lanes: Lanes
) -> None:
    (story,) = add_read_stories(database, project, 1)
    put(database, Waiting(story, "uncertain", is_double=True))
    for who, verdict in ((ANN, "yes"), (BEN, "no")):
        item = claim(database, who)
        assert item
        judge(database, who, item, verdict)  # type: ignore[arg-type]  # verdicts
    lanes.refill(project, Lane(ADJUDICATE))
    item = claim(database, EVE, Lane(ADJUDICATE))
    assert item
    assert item.note == "People differ on trade."
    judge(database, EVE, item, "no")
    with database.read() as session:
        standing = Ledger().standing(session, project)
    assert standing.disputed == {}
    assert standing.settled[story, 1] == "no"


def test_a_topic_is_found_by_its_words_and_then_by_the_answers(database: Database, project: int, lanes: Lanes) -> None:
    stories = add_read_stories(database, project, 80)
    with database.write() as session:
        label = add_label(session, project, "seventy", "Stories that speak of number 7 or day 77.")
        n_labels = len(list_labels(session, project))
    lane = Lane(f"topic:{label.id}", label.id)
    lanes.refill(project, lane)
    items = waiting_in(database, lane)
    assert n_labels == 3
    assert 40 <= len(items) <= 60
    assert {item.reason for item in items} == {"topic"}
    for item in items[:20]:
        with database.write() as session:
            verdict: Verdict = "yes" if item.story_id % 2 else "no"
            save(session, project, ANN, Save(f"topic-{item.id}", item.story_id, {label.id: verdict}), "topic")
            found = session.get(QueueItem, item.id)
            assert found
            leases.finish(session, found, ANN)
    lanes.renew(project, lane)
    new = [item for item in waiting_in(database, lane) if item.done_at is None]
    assert {item.note for item in new} == {"Provisional: learned from the answers on seventy so far."}
    assert not {item.story_id for item in new} & {item.story_id for item in items[:20]}
    assert len(stories) == 80


def test_what_one_lane_has_judged_another_does_not_ask_again(database: Database, project: int, lanes: Lanes) -> None:
    add_read_stories(database, project, 50, lambda i: [0.6, 0.4])
    least = Lane("least:1", 1)
    lanes.refill(project, MAIN_LANE)
    lanes.refill(project, least)
    item = claim(database, ANN, least)
    assert item
    assert item.reason == "least_sure"
    judge(database, ANN, item)
    assert item.story_id not in {one.story_id for one in waiting_in(database, MAIN_LANE) if one.slot == 0}
