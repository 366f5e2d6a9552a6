"""The lab's virtual controller follows the HCI specification."""

from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames import decode
from beacon_gateway.radio.hci.advertising_reports import manufacturer_data, read_reports
from tests.radio.walk.controller import READ_COMMANDS, RESET, SET_SCAN_ENABLE, SET_SCAN_PARAMETERS, Controller
from tests.radio.walk.radio import advert
from tests.unit.beacon_gateway.presence.people import place

ADDRESS = bytes.fromhex("0100000000c0")
OTHER = bytes.fromhex("0200000000c0")
BEACON = place(1).id
ADVERT = advert(BEACON, -59)
VENDOR = 0xFC01


def command(opcode: int, words: bytes = b"") -> bytes:
    return b"\x01" + opcode.to_bytes(2, "little") + bytes([len(words)]) + words


def scanning(*, filters: bool = False, strict: bool = False) -> Controller:
    controller = Controller(ADDRESS, strict=strict)
    controller.answer(command(SET_SCAN_ENABLE, bytes([1, filters])))
    return controller


def test_its_report_decodes_to_the_beacon_and_rssi() -> None:
    packet = scanning().report(OTHER, ADVERT, -71)
    assert packet is not None
    assert packet[0] == 4
    [report] = read_reports(packet[1:])
    assert report.rssi == -71
    frame = decode(manufacturer_data(report.data))
    assert frame is not None
    assert (frame.beacon, frame.measured_power) == (BEACON, -59)


def test_it_reports_only_while_the_host_scans() -> None:
    controller = Controller(ADDRESS)
    assert controller.report(OTHER, ADVERT, -71) is None
    controller.answer(command(SET_SCAN_ENABLE, b"\x01\x00"))
    assert controller.report(OTHER, ADVERT, -71)
    controller.answer(command(RESET))
    assert controller.report(OTHER, ADVERT, -71) is None


def test_it_reports_the_kind_of_scan_that_the_host_requested() -> None:
    controller = Controller(ADDRESS)
    controller.answer(command(SET_SCAN_PARAMETERS, bytes.fromhex("01600030000100")))
    assert controller.active
    answer = controller.answer(command(SET_SCAN_PARAMETERS, bytes.fromhex("00")))
    assert answer is not None
    assert answer[-1] == 0x12
    assert controller.active


def test_a_strict_controller_reports_an_address_once_in_each_scan() -> None:
    controller = scanning(filters=True, strict=True)
    assert controller.report(ADDRESS, ADVERT, -71)
    assert controller.report(ADDRESS, ADVERT, -60) is None
    assert controller.report(OTHER, ADVERT, -60)
    controller.answer(command(SET_SCAN_ENABLE, b"\x00\x00"))
    controller.answer(command(SET_SCAN_ENABLE, b"\x01\x01"))
    assert controller.report(ADDRESS, ADVERT, -71)


def test_exactly_the_supported_commands_succeed() -> None:
    controller = Controller(ADDRESS)
    answer = controller.answer(command(READ_COMMANDS))
    assert answer is not None
    assert answer[6] == 0
    assert len(answer) == 7 + 64
    supported = answer[7:]
    assert supported[26] & 0b1100 == 0b1100, "LE Set Scan Parameters and Enable (6.27)"
    assert supported[5] & 0b1000_0000, "Reset"
    assert supported[36] == 0, "no extended advertising"
    refused = controller.answer(command(VENDOR, b"\x00"))
    assert refused == b"\x04\x0e\x04\x01" + VENDOR.to_bytes(2, "little") + b"\x01"
    assert controller.unknown == {VENDOR}


@given(st.binary(max_size=40))
def test_an_incomplete_command_gets_no_answer(packet: bytes) -> None:
    answer = Controller(ADDRESS).answer(packet)
    complete = len(packet) >= 4 and packet[0] == 1 and len(packet) == 4 + packet[3]
    assert (answer is not None) == complete
