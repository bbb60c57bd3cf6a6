"""Bags that are cut off, out of order, empty or of something else: judged as far as they go."""

from __future__ import annotations

import pytest
from short_bags import cut, rewritten

from wm_bringup.bags.stream import BagStream
from wm_bringup.bags.writer import BagWriter
from wm_bringup.cli import main
from wm_bringup.replay import audit as auditing
from wm_bringup.replay import recording
from wm_bringup.replay.audit import audit
from wm_bringup.wire.messages import encode_string
from wm_bringup.wire.topics import CYCLES, EVALUATION, SETUP

STRING = "std_msgs/msg/String"


@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_bag_that_was_cut_off_is_judged_up_to_there(bag, tmp_path, tenths):
    done = audit(cut(bag, tenths / 10, tmp_path / "cut"), jobs=1)
    assert done.parted is None
    assert not done.held
    assert any("cut.mcap" in problem for problem in done.problems)
    assert done.cycles < 327
    assert done.cycles > 327 * (tenths - 2) / 10
    assert done.metrics


def test_more_of_a_bag_is_never_less_to_judge(bag, tmp_path):
    cycles = [audit(cut(bag, share, tmp_path / f"{share}"), jobs=1).cycles for share in (0.6, 0.9)]
    assert 0 < cycles[0] < cycles[1]


def test_cycles_out_of_order_are_put_back_and_told(bag, tmp_path):
    def disordered(records):
        swap = [i for i, r in enumerate(records) if r.topic.endswith(CYCLES.name)][50:60:2]
        for i in swap:
            later = next(
                j for j in range(i + 1, len(records)) if records[j].topic == records[i].topic
            )
            a, b = records[i], records[later]
            records[i], records[later] = a._replace(data=b.data), b._replace(data=a.data)
        return records

    done = audit(rewritten(bag, tmp_path / "disordered", disordered), jobs=1)
    assert done.parted is None
    assert done.reproduced
    assert done.cycles == 327
    assert done.problems == ("5 cycles came out of order and were put back",)


def test_the_run_is_judged_up_to_a_cycle_that_is_missing(bag, tmp_path):
    def lossy(records):
        lost = [i for i, r in enumerate(records) if r.topic.endswith(CYCLES.name)][100]
        return records[:lost] + records[lost + 1 :]

    done = audit(rewritten(bag, tmp_path / "lossy", lossy), jobs=1)
    assert done.cycles == 100
    assert done.parted is None
    assert not done.held
    assert any("cycle 100 is missing" in problem for problem in done.problems)


def test_a_message_that_is_no_cycle_is_named_with_its_time(bag, tmp_path):
    def spoiled(records):
        at = [i for i, r in enumerate(records) if r.topic.endswith(CYCLES.name)][40]
        records[at] = records[at]._replace(data=records[at].data[:200])
        return records

    done = audit(rewritten(bag, tmp_path / "spoiled", spoiled), jobs=1)
    assert done.cycles == 40
    assert any("its lengths contradict each other" in problem for problem in done.problems)


def test_where_the_evaluator_is_lost_the_estimator_is_still_asked_about_every_cycle(
    bag, tmp_path, monkeypatch
):
    monkeypatch.setattr(recording, "REACH", 20)

    def blinded(records):
        at = [i for i, r in enumerate(records) if r.topic.endswith(EVALUATION.name)][100]
        del records[at]
        return records

    asked = []

    def count(recorded, computed):
        asked.append(recorded.observation.sequence)
        return same(recorded, computed)

    same = auditing._same_estimate
    monkeypatch.setattr(auditing, "_same_estimate", count)
    damaged = audit(rewritten(bag, tmp_path / "blinded", blinded), jobs=1)
    assert len(asked) == damaged.cycles > 250
    assert damaged.parted is None
    assert damaged.reproduced is False
    assert not damaged.held
    (said,) = damaged.problems
    assert "what the evaluator saw of cycle" in said


def test_foreign_topics_beside_ours_are_left_alone(bag, tmp_path):
    def crowded(records):
        for index, record in enumerate(records):
            yield record
            if index % 100 == 0:
                data = encode_string("hello")
                yield record._replace(topic="/chatter", msgtype=STRING, data=data)

    assert audit(rewritten(bag, tmp_path / "crowded", crowded), jobs=1).held


def test_without_an_evaluator_decisions_are_judged_and_metrics_are_not(bag, tmp_path):
    def blind(records):
        return [r for r in records if not r.topic.endswith(EVALUATION.name)]

    done = audit(rewritten(bag, tmp_path / "blind", blind), jobs=1)
    assert done.parted is None
    assert done.cycles == 327
    assert not done.metrics
    assert not done.held
    assert done.problems == ("what the evaluator saw is missing: the verdict is not judged",)


def replayed(capsys, *arguments):
    code = main(["replay", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_what_is_no_bag_is_refused_with_2_and_one_line(bag, tmp_path, capsys):
    nothing, text, empty = tmp_path / "none", tmp_path / "a.txt", tmp_path / "empty"
    text.write_text("hello")
    empty.mkdir()
    hollow = tmp_path / "hollow.mcap"
    hollow.write_bytes(b"")
    for path, words in (
        (nothing, "there is no bag"),
        (text, "is no bag"),
        (empty, "is no bag"),
        (hollow, "holds no /control/setup"),
    ):
        code, said = replayed(capsys, path, "--audit")
        assert code == 2
        assert words in said
        assert str(path) in said
        assert len(said.splitlines()) == 1


def test_a_bag_without_cycles_is_refused_with_what_it_holds(tmp_path, capsys):
    writer = BagWriter(tmp_path / "other")
    writer.add_topic("/chatter", STRING)
    writer.write("/chatter", 5, encode_string("hello"))
    writer.close()
    code, said = replayed(capsys, tmp_path / "other", "--audit")
    assert code == 2
    assert "it holds /chatter" in said


def test_a_setup_of_another_format_or_no_setup_at_all_is_refused(bag, tmp_path, capsys):
    def with_setup(text):
        def change(records):
            return [
                r._replace(data=encode_string(text)) if r.topic.endswith(SETUP.name) else r
                for r in records
            ]

        return rewritten(bag, tmp_path / "old", change)

    code, said = replayed(capsys, with_setup('{"format": 7}'), "--audit")
    assert (code, "is of format 7" in said) == (2, True)
    code, said = replayed(capsys, with_setup("{"), "--audit")
    assert (code, "is not readable" in said) == (2, True)


def test_a_type_that_is_not_what_the_topic_should_be_is_no_cycle(bag, tmp_path, capsys):
    def renamed(records):
        return [
            r._replace(msgtype=STRING, data=encode_string("hello"))
            if r.topic.endswith(CYCLES.name)
            else r
            for r in records
        ]

    code, said = replayed(capsys, rewritten(bag, tmp_path / "renamed", renamed), "--audit")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "holds no cycle that can be judged" in said


def test_a_bag_of_a_setup_without_cycles_is_nothing_to_judge(bag, tmp_path, capsys):
    def begun(records):
        return [r for r in records if r.topic.endswith(SETUP.name)]

    hollow = rewritten(bag, tmp_path / "hollow", begun)
    for question in (
        ["--audit"],
        ["--against", hollow],
        ["--what-if", "arbiter.tilt=0.9"],
        ["--shadow", "mpc"],
        ["--estimate"],
    ):
        code, said = replayed(capsys, hollow, *question)
        assert (code, len(said.splitlines())) == (2, 1), question
        assert "holds no cycle" in said


def test_a_stream_reads_the_same_messages_with_and_without_an_index(bag, tmp_path):
    whole = cut(bag, 0.999, tmp_path / "almost")  # the index is at the end
    with_index = [r.data for r in BagStream(bag).records(f"/{CYCLES.name}")]
    without = BagStream(whole)
    assert [r.data for r in without.records(f"/{CYCLES.name}")] == with_index
    assert "not an intact bag" in without.problems[0]
