"""Kernel: three defects of the management socket. Needs one adapter and a running bluetoothd."""

import ctypes
import socket
import struct
import subprocess
import time

DATA = bytes.fromhex("02010603ffffff")
LIST, SET_CONNECTABLE, FEATURES, REMOVE, PARAMETERS, ADD_DATA = 0x0003, 0x0007, 0x003D, 0x003F, 0x0054, 0x0055

mgmt = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI)
# socket.bind() of Python before 3.14 cannot name the channel
address = struct.pack("=HHH", socket.AF_BLUETOOTH, 0xFFFF, 3)
assert ctypes.CDLL(None).bind(mgmt.fileno(), address, len(address)) == 0


def command(code: int, body: bytes = b"") -> tuple[int, bytes]:
    mgmt.send(struct.pack("<HHH", code, 0, len(body)) + body)
    while True:
        answer = mgmt.recv(4096)
        event, _, _, replied_to, status = struct.unpack_from("<HHHHB", answer)
        if event in (1, 2) and replied_to == code:
            return status, answer[9:]


def add(instance: int) -> tuple[int, int]:
    status, _ = command(PARAMETERS, struct.pack("<BIHHIIb", instance, 0, 0, 0, 0, 0, 0))
    return status, command(ADD_DATA, bytes([instance, len(DATA), 0]) + DATA)[0]


def read_properties() -> set[str]:
    """Return the properties of every advert that the controller gets during one `add`."""
    with subprocess.Popen(["btmon"], stdout=subprocess.PIPE, text=True) as btmon:
        time.sleep(0.5)
        add(3)
        time.sleep(0.5)
        btmon.terminate()
        out = btmon.communicate()[0]
    return {line.strip() for line in out.splitlines() if "Properties: 0x" in line}


time.sleep(1)
assert add(3) == (0, 0)
features = command(FEATURES)[1]
print(f"1. instance 3 is on the air; Read Advertising Features counts {features[7]} instances: {list(features[8:])}")
assert features[7] == 0

plain = read_properties()
assert command(SET_CONNECTABLE, b"\x01")[0] == 0
connectable = read_properties()
command(SET_CONNECTABLE, b"\x00")
print(f"2. without the Connectable flag: {plain}; when the adapter's Connectable setting is on: {connectable}")
assert plain == {"Properties: 0x0010"}
assert connectable == {"Properties: 0x0013"}

subprocess.run(["hciconfig", "hci0", "reset"], check=True)
time.sleep(0.5)
first, second = add(3)[0], add(3)[0]
print(
    f"3. after `hciconfig hci0 reset`: Add Extended Advertising Parameters answers 0x{first:02x}, again: 0x{second:02x}"
)
assert (first, second) == (3, 0)
print("SEEN")
