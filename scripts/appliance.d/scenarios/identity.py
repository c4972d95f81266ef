# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors

import inventory

SUMMARY = "identities are those of scsi_id on every disk and path; without one a disk is refused, with the remedy"
BEDS = ("uml", "qemu")
NEEDS = ("disks", "disk bind by identity")


def of_sysfs(wwid):
    """The kernel's own form of an NAA designator, from the form of scsi_id, which begins with the designator's type."""
    return "naa." + wwid[1:]


def run(test):
    plain = test.disk("plain", serial="aa01" * 8)
    doubled = test.disk("doubled", serial="aa02" * 8, hosts=(1, 2))
    nameless = test.disk("nameless")
    with test.guest([plain, doubled, nameless]) as guest:
        for disk in (plain, doubled):
            for device in guest.devices(disk):
                found = guest.run(f"/lib/udev/scsi_id --whitelisted --replace-whitespace --device={device}").strip()
                test.equal(f"scsi_id of {device} is what the bed gave it", test.wwid(disk), found)
                kernel = guest.run(f"cat /sys/block/{device.removeprefix('/dev/')}/device/wwid").strip()
                test.equal(f"the kernel's wwid of {device} is the same", of_sysfs(found), kernel)
        empty = guest.devices(nameless)[0]
        status, output = guest.sh(f"/lib/udev/scsi_id --whitelisted --device={empty}")
        test.equal(f"{empty} has no identity", (1, ""), (status, output))

        test.needs(*NEEDS)
        appliance = test.appliance(guest)
        appliance.start()
        report = appliance.json("disks")
        for disk in (plain, doubled):
            for device in guest.devices(disk):
                record = inventory.about_device(report, device)
                test.check(f"mtctl disks shows {device} with its identity",
                           (record or {}).get("identity") == test.wwid(disk), inventory.text(report))
        record = next((disk for disk in report["disks"] if disk["device"] == empty.removeprefix("/dev/")), {})
        test.check(f"mtctl disks shows {empty}, without an identity, and why it is no target",
                   record.get("identity") is None and record.get("refusals"), inventory.text(report))
        remedy_is_told(test, appliance, empty, nameless)
        if test.bed == "uml":
            plug(test, guest)


def remedy_is_told(test, appliance, device, disk):
    name = device.removeprefix("/dev/")
    appliance.mtctl("group", "create", "shop")
    reason = appliance.refusal(*appliance.bind_arguments("shop", "web-root", device, disk.size))
    test.check("bound by its name it is refused, and the refusal names the disk", name in reason, reason)
    words = ("disk.EnableUUID", "TRUE") if test.bed == "uml" else ("disk.EnableUUID",)
    test.check("the refusal names the setting", all(word in reason for word in words), reason)
    status, output = appliance.guest.sh("mtctl health")
    test.check("mtctl health names the disk and the setting", name in output and "disk.EnableUUID to TRUE" in output,
               output)


# Asks the agent as mtctl disks does, without the start of a program each time, which takes this bed a third of a second.
PLUG = """python3 -B - <<'END'
import http.client, socket, subprocess, time
class Control(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/master-target/control.sock")
def disks():
    control = Control("localhost")
    control.request("GET", "/v1/disks")
    return control.getresponse().read().decode()
assert "{wwid}" not in disks()
subprocess.run(["scsi", "host", "{host}", "{name}"], check=True)
begin = time.monotonic()
while "{wwid}" not in disks():
    pass
print(round((time.monotonic() - begin) * 1000))
END"""


def plug(test, guest):
    """Disks that appear while the agent runs. The best of three: this bed has one processor, and others want it too."""
    times = []
    for number in range(3):
        disk = test.disk(f"later-{number}", serial=f"bb0{number}" * 8)
        guest.run(f"scsi disk {disk.name} /disks/{disk.name}.disk {disk.size} {disk.serial}; udevadm settle")
        times.append(int(guest.run(PLUG.format(wwid=test.wwid(disk), host=6 + number, name=disk.name))))
    test.check(f"a disk that is plugged in shows in mtctl disks after {min(times)} ms (of {times}): less than a second",
               min(times) < 1000)
    test.wait("and the agent has been told of it by udev", lambda: guest.sh(
        f"grep -q {test.wwid(disk)} /var/lib/master-target/disks")[0] == 0, 20)
