import pytest
from mcap.reader import make_reader
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from mcap_ros2.decoder import DecoderFactory
from small_bags import TWIST, TYPES, on_small_disk, record, twist, values

from wm_bringup.bags.reader import open_bag
from wm_bringup.bags.stream import BagStream
from wm_bringup.bags.writer import BagError, BagWriter, Ballast


def test_what_was_written_is_read_back_in_order(tmp_path):
    record(tmp_path / "bag").close()
    bag = open_bag(tmp_path / "bag")
    assert values(bag) == [float(k) for k in range(10)]
    assert bag.counts == {"/cmd_vel": 10}
    assert bag.seconds == pytest.approx(9e-3)
    assert bag.problems == []


def test_an_independent_reader_decodes_the_same_messages(tmp_path):
    record(tmp_path / "bag").close()
    with (tmp_path / "bag" / "bag.mcap").open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        found = [message.linear.x for _, _, _, message in reader.iter_decoded_messages()]
    assert found == [float(k) for k in range(10)]


def test_an_open_bag_leaves_no_ballast_behind_when_it_is_closed(tmp_path):
    record(tmp_path / "bag").close()
    assert sorted(p.name for p in (tmp_path / "bag").iterdir()) == ["bag.mcap", "metadata.yaml"]


def test_a_bag_that_was_never_closed_keeps_all_that_was_flushed(tmp_path):
    writer = record(tmp_path / "bag")
    writer.flush()
    writer.write("/cmd_vel", 10_000_000, twist(10.0))
    bag = open_bag(tmp_path / "bag")
    assert values(bag) == [float(k) for k in range(10)]
    assert "not an intact bag" in bag.problems[0]


def test_a_truncated_bag_keeps_the_messages_before_the_break(tmp_path):
    writer = record(tmp_path / "bag", n=5)
    writer.flush()
    first_part = writer.size
    for k in range(5, 10):
        writer.write("/cmd_vel", 1_000_000 * k, twist(float(k)))
    writer.close()
    file = tmp_path / "bag" / "bag.mcap"
    file.write_bytes(file.read_bytes()[: first_part + 100])
    bag = open_bag(tmp_path / "bag")
    assert values(bag) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert "kept the first 5 messages" in bag.problems[1]


def test_a_bag_without_messages_is_an_error_that_says_so(tmp_path):
    record(tmp_path / "bag", n=0).close()
    with pytest.raises(BagError, match="holds no messages"):
        open_bag(tmp_path / "bag")


def test_a_file_that_is_no_bag_is_an_error_that_names_it(tmp_path):
    (tmp_path / "notes.mcap").write_text("this is not a recording")
    with pytest.raises(BagError, match=r"notes\.mcap"):
        open_bag(tmp_path / "notes.mcap")


def test_a_missing_bag_is_an_error_that_names_the_path(tmp_path):
    with pytest.raises(BagError, match="nowhere"):
        open_bag(tmp_path / "nowhere")


def test_messages_of_a_type_without_definition_are_left_out_and_named(tmp_path):
    with (tmp_path / "foreign.mcap").open("wb") as stream:
        foreign = McapWriter(stream)
        foreign.start(profile="ros2", library="test")
        for name, topic in (("acme_msgs/msg/Secret", "/secret"), (TWIST, "/cmd_vel")):
            text = TYPES.generate_msgdef(name, ros_version=2)[0] if name == TWIST else ""
            schema = foreign.register_schema(name, "ros2msg", text.encode())
            channel = foreign.register_channel(topic, "cdr", schema)
            foreign.add_message(channel, log_time=1, data=twist(0.5), publish_time=1)
        foreign.finish()
    bag = open_bag(tmp_path / "foreign.mcap")
    assert values(bag) == [0.5]
    assert list(bag.messages("/secret")) == []
    assert any("/secret: 1 of 1 messages of type acme_msgs" in problem for problem in bag.problems)


def packed(file, compression):
    """Twenty twists in small chunks, and beside them a topic without a schema."""
    with file.open("wb") as stream:
        foreign = McapWriter(stream, chunk_size=400, compression=compression)
        foreign.start(profile="ros2", library="test")
        text = TYPES.generate_msgdef(TWIST, ros_version=2)[0]
        schema = foreign.register_schema(TWIST, "ros2msg", text.encode())
        channel = foreign.register_channel("/cmd_vel", "cdr", schema)
        untyped = foreign.register_channel("/untyped", "json", 0)
        for k in range(20):
            foreign.add_message(channel, log_time=k, data=twist(float(k)), publish_time=k)
            foreign.add_message(untyped, log_time=k, data=b"{}", publish_time=k)
        foreign.finish()
    return file


@pytest.mark.parametrize("compression", list(CompressionType))
def test_a_bag_with_damaged_bytes_is_read_as_far_as_it_goes_and_the_loss_is_named(
    tmp_path, compression
):
    file = packed(tmp_path / "whole.mcap", compression)
    data, damaged = file.read_bytes(), tmp_path / "damaged.mcap"
    for at in range(300, len(data) // 2, 23):
        damaged.write_bytes(data[:at] + b"\xff" * 9 + data[at + 9 : -20])
        bag = BagStream(damaged)
        assert bag.problems
        assert values(bag) == [float(k) for k in range(len(values(bag)))]


def test_a_length_beyond_the_end_of_the_file_is_where_it_breaks_off(tmp_path):
    writer = record(tmp_path / "bag", n=5)
    writer.flush()
    file = tmp_path / "bag" / "bag.mcap"
    data = file.read_bytes()
    for size in (b"\xff" * 8, b"\0\0\0\0\0\xff\0\0"):
        file.write_bytes(data + b"\x20" + size + b"abc")
        bag = open_bag(file)
        assert values(bag) == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_the_files_of_a_bag_without_metadata_are_read_in_the_order_of_their_numbers(tmp_path):
    folder = tmp_path / "split"
    folder.mkdir()
    for k in (0, 1, 2, 10, 11):
        writer = BagWriter(tmp_path / f"part{k}")
        writer.add_topic("/cmd_vel", TWIST)
        writer.write("/cmd_vel", k, twist(float(k)))
        writer.close()
        (tmp_path / f"part{k}" / f"part{k}.mcap").rename(folder / f"split_{k}.mcap")
    stream = BagStream(folder)
    assert not stream.intact
    assert values(stream) == [0.0, 1.0, 2.0, 10.0, 11.0]


def test_messages_without_a_schema_are_left_out_of_a_bag_that_was_cut_off(tmp_path):
    file = packed(tmp_path / "whole.mcap", CompressionType.NONE)
    file.write_bytes(file.read_bytes()[:-50])
    bag = open_bag(file)
    assert values(bag) == [float(k) for k in range(20)]
    assert "/untyped: messages without a type are left out" in bag.problems


def test_recording_into_an_existing_folder_is_refused(tmp_path):
    with pytest.raises(BagError, match="exists already"):
        BagWriter(tmp_path)


def test_an_unknown_message_type_is_refused_by_name(tmp_path):
    writer = BagWriter(tmp_path / "bag")
    with pytest.raises(BagError, match="acme_msgs/msg/Secret"):
        writer.add_topic("/x", "acme_msgs/msg/Secret")
    writer.close()


def test_a_full_disk_ends_the_recording_but_leaves_a_complete_bag(tmp_path):
    writer = on_small_disk(tmp_path / "bag", room=3_000, reserve=50_000)
    taken = 0
    for k in range(1000):
        taken += writer.write("/cmd_vel", k, twist(float(k)))
        if k % 10 == 9:
            writer.flush()
    assert writer.full
    writer.close()
    assert 0 < taken < 1000
    bag = open_bag(tmp_path / "bag")
    assert bag.problems == []
    assert values(bag) == [float(k) for k in range(taken)]


def test_a_disk_without_room_for_the_index_still_leaves_readable_messages(tmp_path):
    writer = on_small_disk(tmp_path / "bag", room=5_000, reserve=1_000)
    for k in range(200):
        writer.write("/cmd_vel", k, twist(float(k)))
        if k % 10 == 9 and not writer.full:
            try:
                writer.flush()
            except OSError:
                break
    with pytest.raises(BagError, match="messages stay readable"):
        writer.close()
    assert len(values(open_bag(tmp_path / "bag"))) >= 10


def test_ballast_gives_its_space_back_once(tmp_path):
    ballast = Ballast(tmp_path / "ballast", 10)
    assert (tmp_path / "ballast").stat().st_size == 10
    assert ballast.drop()
    assert not ballast.drop()
    assert not (tmp_path / "ballast").exists()
