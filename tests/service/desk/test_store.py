import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from copydesk.model.errors import ConfigError
from copydesk.service.desk.errors import ConflictError, DeskError, MissingError
from copydesk.service.desk.queue.leases import MAIN, Lane, Waiting, put
from copydesk.service.desk.store import judgements
from copydesk.service.desk.store.database import Database, sqlite_url
from copydesk.service.desk.store.judgements import Save, list_choices, list_opinions
from copydesk.service.desk.store.ledger import Ledger
from copydesk.service.desk.store.predictions import find_unread
from copydesk.service.desk.store.projects import add_label, change_label, list_labels, remove_label
from copydesk.service.desk.store.schema import migrate
from copydesk.service.desk.store.stories import NewStory, add_stories, erase_old, erase_story
from copydesk.service.desk.store.tables import Base, Choice, Judgement, Prediction, QueueItem, Reason, Story, Verdict
from support.desk import ANN, BEN, DIGEST, EVE, add_read_stories

TRADE, DRUGS = 1, 2


def save(
    session: Session,
    story_id: int,
    trade: Verdict,
    drugs: Verdict = "no",
    *,
    who: int = ANN,
    reason: Reason = "uncertain",
    save_id: str = "",
) -> str:
    save_id = save_id or f"save-{time.monotonic_ns()}"
    new = Save(save_id, story_id, {TRADE: trade, DRUGS: drugs}, {"summary": [(0, 14)]})
    judgements.save(session, 1, who, new, reason)
    return save_id


def count(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_steps_give_the_schema_that_the_tables_say(database: Database) -> None:
    with database.read() as session:
        assert compare_metadata(MigrationContext.configure(session.connection()), Base.metadata) == []


def test_a_database_of_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DeskError, match=r"schema 9999, this copydesk knows up to 0001; upgrade copydesk"):
        migrate(database)
    with database.read() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_migrating_twice_changes_nothing(database: Database, project: int) -> None:
    migrate(database)
    with database.read() as session:
        assert len(list_labels(session, project)) == 2


@pytest.mark.parametrize("url", ["mysql://host/desk", "desk.db", "postgres://host/x"], ids=["kind", "path", "old"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^COPYDESK_DATABASE_URL: .*expected"):
        Database(url)


def test_a_lost_database_is_said_without_its_password() -> None:
    database = Database("postgresql://me:secret@127.0.0.1:1/desk?connect_timeout=1")
    with pytest.raises(DeskError, match="does not answer") as caught, database.read() as session:
        session.execute(text("SELECT 1"))
    assert "secret" not in str(caught.value)


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "desk.db"))
    migrate(database)
    with database.write() as session:
        session.execute(text("INSERT INTO project VALUES (1, 'news', '', 1, 0.1, 0)"))
        pages = session.scalar(text("PRAGMA page_count")) or 0
    database.close()
    full = Database(sqlite_url(tmp_path / "desk.db"))
    with full.read() as session:
        session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(DeskError, match="there is no room to write; nothing was saved"), full.write() as session:
        add_stories(session, 1, [NewStory(f"{i} " * 5_000) for i in range(20)])
    full.close()
    with Database(sqlite_url(tmp_path / "desk.db")).read() as session:
        assert count(session, Story) == 0


def test_a_text_is_kept_once_in_a_project(database: Database, project: int) -> None:
    with database.write() as session:
        first = add_stories(session, project, [NewStory("One  story."), NewStory("Another.")])
        again = add_stories(session, project, [NewStory("One story."), NewStory("A third."), NewStory("A third.")])
    assert (first.n_new, first.n_known) == (2, 0)
    assert (again.n_new, again.n_known) == (1, 2)
    assert again.ids[0] == first.ids[0]
    assert again.ids[1] == again.ids[2]


def test_the_newest_judgement_of_a_person_counts_and_every_row_stays(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    with database.write() as session:
        save(session, story, "yes")
        save(session, story, "no", who=BEN)
        save(session, story, "unsure")
    with database.read() as session:
        found = {(one.annotator_id, one.label_id): one.verdict for one in list_opinions(session, story)}
        assert found == {(ANN, TRADE): "unsure", (ANN, DRUGS): "no", (BEN, TRADE): "no", (BEN, DRUGS): "no"}
        assert count(session, Judgement) == 6


def test_undoing_adds_rows_and_brings_back_nothing_of_before(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    with database.write() as session:
        saved = save(session, story, "yes")
        assert judgements.undo(session, ANN, saved, "undo-one") == story
        assert list_opinions(session, story) == []
        assert list_choices(session, [story]) == {}
        assert (count(session, Judgement), count(session, Choice)) == (4, 2)
        with pytest.raises(ConflictError, match="undone or judged anew already"):
            judgements.undo(session, ANN, saved, "undo-two")
        with pytest.raises(MissingError, match="saved by somebody else"):
            judgements.undo(session, BEN, saved, "undo-three")


def test_a_removed_label_takes_no_judgement_and_comes_back_with_its_own(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    with database.write() as session:
        save(session, story, "yes")
        remove_label(list_labels(session, project)[0])
    with pytest.raises(ConflictError, match="a label was removed meanwhile"), database.write() as session:
        save(session, story, "no", save_id="after")
    with database.write() as session:
        assert count(session, Judgement) == 2
        assert add_label(session, project, "trade", "").id == TRADE
        assert list_opinions(session, story)[0].verdict == "yes"


def test_a_renamed_label_keeps_its_judgements_and_no_two_share_a_key(database: Database, project: int) -> None:
    (story,) = add_read_stories(database, project, 1)
    with database.write() as session:
        save(session, story, "yes")
        trade, drugs = list_labels(session, project)
        change_label(session, trade, "commerce", "", "c", 3)
        with pytest.raises(ConflictError, match="the key 'c' is taken"):
            change_label(session, drugs, "drugs", "", "c", 0)
        assert list_opinions(session, story)[0].label_id == trade.id
    with pytest.raises(ConflictError, match="there is a label 'commerce' already"), database.write() as session:
        change_label(session, list_labels(session, project)[1], "commerce", "", "2", 0)


def test_erasing_a_story_takes_everything_that_hangs_on_it(database: Database, project: int) -> None:
    gone, kept = add_read_stories(database, project, 2)
    with database.write() as session:
        for story in (gone, kept):
            save(session, story, "yes")
        put(session, project, Lane(MAIN), [Waiting(gone, "random", is_double=True), Waiting(kept, "random")])
        erase_story(session, project, gone)
    with database.read() as session:
        tables = (Story, Prediction, Judgement, Choice, QueueItem)
        assert [count(session, table) for table in tables] == [1, 1, 2, 1, 1]


def test_stories_are_erased_when_their_time_is_over(database: Database, project: int) -> None:
    old, *_ = add_read_stories(database, project, 3)
    with database.write() as session:
        session.execute(update(Story).where(Story.id == old).values(added_at=time.time() - 31 * 86_400))
    with database.write() as session:
        assert erase_old(session, 30, 500) == 1
        assert session.get(Story, old) is None
        assert count(session, Story) == 2


def test_the_ledger_keeps_up_and_settles_what_people_say(database: Database, project: int) -> None:
    stories, ledger = add_read_stories(database, project, 4), Ledger()
    with database.write() as session:
        for story in stories:
            save(session, story, "yes", reason="random" if story == stories[0] else "uncertain")
        save(session, stories[1], "yes", who=BEN)
        save(session, stories[2], "no", who=BEN)
        save(session, stories[3], "no", who=BEN)
    with database.read() as session:
        assert ledger.standing(session, project).disputed == {stories[2]: {TRADE}, stories[3]: {TRADE}}
    with database.write() as session:
        save(session, stories[3], "no", who=EVE, reason="adjudicate")
    with database.read() as session:
        standing = ledger.standing(session, project)
        assert [standing.settled[story, TRADE] for story in stories] == ["yes", "yes", "unsure", "no"]
        assert standing.disputed == {stories[2]: {TRADE}}
        assert standing.random == {stories[0]}
        assert ledger.standing(session, project) is standing


def test_judged_stories_are_read_again_before_others_by_a_new_version(database: Database, project: int) -> None:
    stories = add_read_stories(database, project, 3)
    with database.write() as session:
        save(session, stories[0], "yes")
        new = add_stories(session, project, [NewStory("Nobody has read this.")]).ids[0]
    with database.read() as session:
        assert [story.id for story in find_unread(session, "e" * 64, 4)] == [stories[0]]
        assert [story.id for story in find_unread(session, DIGEST, 4)] == [new]
