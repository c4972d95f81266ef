// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import StoragePrimitives
import Testing

/// Which identity is read out of which pages. What `scsi_id` printed for the captured ones stands beside them.
struct IdentityTests {
    struct Sample: CustomTestStringConvertible, Sendable {
        let name: String
        var page83: [UInt8]?
        var page80: [UInt8]?
        var vendor = "VMware  "
        var model = "Virtual disk    "
        var identity: String?
        /// What `scsi_id --replace-whitespace --page=0x83` prints.
        var scsiID: String?
        var problems: [VPDError] = []
        var testDescription: String { name }

        var identifiers: DiskIdentifiers {
            var evidence = DiskIdentifiers.Evidence()
            evidence.deviceIdentification = page83
            evidence.unitSerialNumber = page80
            evidence.vendor = Array(vendor.utf8)
            evidence.model = Array(model.utf8)
            return DiskIdentifiers(evidence)
        }
    }

    static let captured: [Sample] = [
        Sample(
            name: "LIO as VMware", page83: Pages.lio83, page80: Pages.lio80,
            identity: "36000c29aaaa1111bbbb2222cccc3333d", scsiID: "36000c29aaaa1111bbbb2222cccc3333d"),
        Sample(
            name: "LIO as VMware, serial number only", page80: Pages.lio80,
            identity: "SVMware_Virtual_disk_aaaa1111bbbb2222cccc3333dddd4444"),
        Sample(
            name: "LIO with spaces", page83: Pages.lioSpaces83, page80: Pages.lioSpaces80, vendor: "LIO-ORG ",
            model: "a disk/x        ", identity: "36001405eaace00000000000000000000",
            scsiID: "36001405eaace00000000000000000000"),
        Sample(
            name: "LIO with spaces, serial number only", page80: Pages.lioSpaces80, vendor: "LIO-ORG ",
            model: "a disk/x        ", identity: "SLIO-ORG_a_disk_x_LU_serial_with_spaces"),
        Sample(
            name: "scsi_debug", page83: Pages.debug83, page80: Pages.debug80, vendor: "Linux   ",
            model: "scsi_debug      ", identity: "333333330000007d0", scsiID: "333333330000007d0"),
        Sample(
            name: "scsi_debug, serial number only", page80: Pages.debug80, vendor: "Linux   ",
            model: "scsi_debug      ", identity: "SLinux_scsi_debug_2000"),
        Sample(
            name: "QEMU", page83: Pages.qemu83, page80: Pages.qemu80, vendor: "QEMU    ", model: "QEMU HARDDISK   ",
            identity: "35000c29000000001", scsiID: "35000c29000000001"),
        Sample(
            name: "QEMU, serial number only", page83: Pages.qemuSerial83, page80: Pages.qemuSerial80,
            vendor: "QEMU    ", model: "QEMU HARDDISK   ", identity: "SQEMU_QEMU_HARDDISK_6000c29abcdef",
            scsiID: "0QEMU_QEMU_HARDDISK_6000c29abcdef", problems: [.noUniqueDesignator]),
        Sample(name: "QEMU with neither", page83: Pages.qemuNothing83, problems: [.noDesignators]),
        Sample(
            name: "QEMU as VMware", page83: Pages.qemuVMware83, identity: "35000c29000000002",
            scsiID: "35000c29000000002"),
    ]

    static let modelled: [Sample] = [
        Sample(
            name: "ESXi with EnableUUID", page83: Pages.vmware83, page80: Pages.vmware80,
            identity: "36000c29e4a31c5ddf1b8a86d0d5d9c2e", scsiID: "36000c29e4a31c5ddf1b8a86d0d5d9c2e"),
        Sample(name: "ESXi without EnableUUID"),
        Sample(
            name: "NetApp", page83: Pages.netapp83, page80: Pages.netapp80, vendor: "NETAPP  ",
            model: "LUN C-Mode      ", identity: "3600a098038303468543f4a42514a5254",
            scsiID: "3600a098038303468543f4a42514a5254"),
        Sample(
            name: "VMAX", page83: Pages.symmetrix83, identity: "360000970000197900000533030303031",
            scsiID: "360000970000197900000533030303031"),
        Sample(
            name: "VNX, ports first", page83: Pages.clariion83, identity: "36006016012345600aabbccddeeff0011",
            scsiID: "36006016012345600aabbccddeeff0011"),
        Sample(
            name: "3PAR", page83: Pages.threePAR83, identity: "360002ac0000000000000000a0001e0ac",
            scsiID: "360002ac0000000000000000a0001e0ac"),
        Sample(
            name: "MSA", page83: Pages.msa83, identity: "3600c0ff0003b1d5c8b3b5e6001000000",
            scsiID: "3600c0ff0003b1d5c8b3b5e6001000000"),
        Sample(
            name: "T10 only", page83: page83(designator(2, 1, Array("ATA     Disk  3  WD-123 ".utf8))),
            identity: "1ATA_Disk_3_WD-123", scsiID: "1ATA_Disk_3_WD-123"),
        Sample(
            name: "T10 in binary", page83: page83(designator(1, 1, hex("4154412020202020001122"))),
            identity: "14154412020202020001122", scsiID: "14154412020202020001122"),
        Sample(
            name: "T10 with a vendor and nothing else",
            page83: page83(designator(2, 1, Array("LIO-ORG         ".utf8))),
            scsiID: "1LIO-ORG", problems: [.noUniqueDesignator]),
        Sample(
            name: "EUI-64 before NAA 5, which scsi_id has the other way round",
            page83: page83(designator(1, 3, hex("5000c29000000001")), designator(1, 2, hex("0011223344556677"))),
            identity: "20011223344556677", scsiID: "35000c29000000001"),
        Sample(
            name: "EUI-64 with 16 bytes before 12 before 8",
            page83: page83(
                designator(1, 2, hex("0011223344556677")), designator(1, 2, hex("00112233445566778899aabb")),
                designator(1, 2, hex("00112233445566778899aabbccddeeff"))),
            identity: "200112233445566778899aabbccddeeff", scsiID: "20011223344556677"),
        Sample(
            name: "NAA 6 after everything else",
            page83: page83(
                designator(2, 1, Array("VENDOR  a".utf8)), designator(3, 8, Array("iqn.2001-04.com.x:y\0".utf8)),
                designator(1, 3, hex("2000c29000000001")), designator(1, 3, hex("3000c29000000001")),
                designator(1, 3, hex("5000c29000000001")), designator(1, 2, hex("0011223344556677")),
                designator(1, 3, hex("6000c29e4a31c5ddf1b8a86d0d5d9c2e"))),
            identity: "36000c29e4a31c5ddf1b8a86d0d5d9c2e", scsiID: "36000c29e4a31c5ddf1b8a86d0d5d9c2e"),
        Sample(
            name: "NAA 3 before NAA 2",
            page83: page83(designator(1, 3, hex("2000c29000000001")), designator(1, 3, hex("3000c29000000001"))),
            identity: "33000c29000000001", scsiID: "32000c29000000001"),
        Sample(
            name: "SCSI name before T10, which scsi_id has the other way round",
            page83: page83(
                designator(2, 1, Array("VENDOR  a".utf8)), designator(3, 8, Array("iqn.2001-04.com.x:y\0".utf8))),
            identity: "8iqn.2001-04.com.x:y", scsiID: "1VENDOR_a"),
        Sample(
            name: "a SCSI name that is an NAA is that NAA",
            page83: page83(designator(3, 8, Array("naa.6000C29E4A31C5DDF1B8A86D0D5D9C2E\0\0\0\0".utf8))),
            identity: "36000c29e4a31c5ddf1b8a86d0d5d9c2e"),
    ]

    static let broken: [Sample] = [
        Sample(name: "no bytes", page83: [], problems: [.truncated(page: 0x83, expected: 4, actual: 0)]),
        Sample(name: "half a header", page83: [0, 0x83], problems: [.truncated(page: 0x83, expected: 4, actual: 2)]),
        Sample(
            name: "truncated", page83: Array(Pages.lio83.prefix(60)), page80: Pages.lio80,
            problems: [.truncated(page: 0x83, expected: 170, actual: 60)]),
        Sample(
            name: "a designator past the end", page83: page83([1, 3, 0, 16] + hex("6000c29e4a31c5dd")),
            page80: Pages.lio80, problems: [.lengthPastEnd(page: 0x83, offset: 4, length: 16)]),
        Sample(
            name: "a designator's header past the end", page83: page83(designator(1, 0x94, hex("00000001")), [1, 3]),
            problems: [.lengthPastEnd(page: 0x83, offset: 12, length: 2)]),
        Sample(name: "zeroes only", page83: [UInt8](repeating: 0, count: 64), problems: [.zeroFilled(page: 0x83)]),
        Sample(
            name: "zeroes after the header", page83: [0, 0x83, 0, 20] + [UInt8](repeating: 0, count: 20),
            page80: Pages.lio80, problems: [.zeroFilled(page: 0x83)]),
        Sample(
            name: "an NAA 6 of zeroes", page83: page83(designator(1, 3, hex("60000000000000000000000000000000"))),
            problems: [.zeroFilled(page: 0x83)]),
        Sample(
            name: "an EUI-64 of zeroes", page83: page83(designator(1, 2, hex("0000000000000000"))),
            problems: [.zeroFilled(page: 0x83)]),
        Sample(
            name: "only target ports",
            page83: page83(designator(1, 0x93, hex("500601603ea0a5b1")), designator(1, 0x94, hex("00000001"))),
            problems: [.onlyTargetPorts]),
        Sample(
            name: "only target ports, and a serial number", page83: page83(designator(1, 0x94, hex("00000001"))),
            page80: Pages.lio80, identity: "SVMware_Virtual_disk_aaaa1111bbbb2222cccc3333dddd4444",
            problems: [.onlyTargetPorts]),
        Sample(name: "another page", page83: Pages.lio80, problems: [.wrongPage(expected: 0x83, actual: 0x80)]),
        Sample(
            name: "standard INQUIRY data", page83: hex("00 00 05 12 1f 00 00 12 51 45 4d 55 20 20 20 20"),
            problems: [.wrongPage(expected: 0x83, actual: 0)]),
        Sample(
            name: "no unit connected", page83: [0x7F] + Pages.lio83.dropFirst(),
            problems: [.notConnected(page: 0x83, qualifier: 3)]),
        Sample(
            name: "an NAA 6 with 8 bytes", page83: page83(designator(1, 3, hex("6000c29e4a31c5dd"))),
            page80: Pages.lio80, problems: [.wrongLength(kind: "NAA", offset: 4, length: 8)]),
        Sample(
            name: "an EUI-64 with 7 bytes", page83: page83(designator(1, 2, hex("00112233445566"))),
            problems: [.wrongLength(kind: "EUI-64", offset: 4, length: 7)]),
        Sample(name: "before SPC-2", page83: Pages.obsolete83, problems: [.obsoleteFormat(page: 0x83)]),
        Sample(name: "an empty serial number", page80: hex("00 80 00 00"), problems: [.emptySerial]),
        Sample(name: "a serial number of spaces", page80: hex("00 80 00 04 20 20 20 20"), problems: [.emptySerial]),
        Sample(
            name: "a serial number of zeroes", page80: hex("00 80 00 02 00 00"), problems: [.zeroFilled(page: 0x80)]),
        Sample(
            name: "a serial number past the end", page80: hex("00 80 00 ff 31"),
            problems: [.truncated(page: 0x80, expected: 259, actual: 5)]),
        Sample(
            name: "a damaged serial number beside a sound page 0x83", page83: Pages.vmware83, page80: [0],
            scsiID: "36000c29e4a31c5ddf1b8a86d0d5d9c2e", problems: [.truncated(page: 0x80, expected: 4, actual: 1)]),
    ]

    @Test(arguments: captured + modelled + broken)
    func `a disk is known by the best of what it answers, in the text of scsi_id`(sample: Sample) {
        let identifiers = sample.identifiers
        #expect(identifiers.identity?.rawValue == sample.identity)
        #expect(identifiers.scsiID == sample.scsiID)
        #expect(identifiers.problems == sample.problems)
    }

    @Test(arguments: broken)
    func `what is wrong with a page is said in sentences`(sample: Sample) {
        for problem in sample.identifiers.problems {
            #expect(problem.description.hasSuffix("."))
            #expect(problem.description.count > 20)
        }
    }

    @Test func `every designator is kept, of the unit and of its ports`() throws {
        let designators = try DeviceIdentificationPage(Pages.lio83).designators
        #expect(
            designators.map(\.association) == [
                .logicalUnit, .logicalUnit, .targetPort, .targetPort, .logicalUnit, .targetPort, .targetDevice,
            ])
        #expect(
            designators.map(\.kind) == [
                .naa(6), .t10VendorID, .relativeTargetPort, .targetPortGroup, .logicalUnitGroup, .scsiName, .scsiName,
            ])
        #expect(designators[2].bytes == [0, 0, 0, 1])
    }

    @Test func `all identities are kept, the best first`() {
        let identifiers = Self.captured[0].identifiers
        #expect(
            identifiers.all.map(\.rawValue) == [
                "36000c29aaaa1111bbbb2222cccc3333d", "SVMware_Virtual_disk_aaaa1111bbbb2222cccc3333dddd4444",
            ])
        #expect(identifiers.unitSerial == "aaaa1111bbbb2222cccc3333dddd4444")
    }

    /// What `scsi_id` prints without `--replace-whitespace`, as it did for the captured pages.
    @Test func `the text before whitespace is replaced is the one of scsi_id too`() throws {
        let serial = try UnitSerialNumberPage(Pages.lioSpaces80)
        let text = SCSIText.unitSerial(
            serial.bytes, vendor: Array("LIO-ORG ".utf8), model: Array("a disk/x        ".utf8))
        #expect(String(decoding: text, as: UTF8.self) == "SLIO-ORG a disk/x        LU serial_with spaces")
        let page = try DeviceIdentificationPage(Pages.qemuSerial83)
        let specific = SCSIText.scsiID(page, vendor: Array("QEMU    ".utf8), model: Array("QEMU HARDDISK   ".utf8))
        #expect(specific.map { String(decoding: $0, as: UTF8.self) } == "0QEMU    QEMU HARDDISK   6000c29abcdef")
    }

    @Test(arguments: [
        ("  a  b \t c  ", "a_b_c"), ("a/b\"c", "a_b_c"), ("#+-.:=@_", "#+-.:=@_"), ("né", "né"), ("a\\x20b", "a\\x20b"),
        ("", ""), ("   ", ""), ("a\0b", "a"), ("100%", "100_"),
    ])
    func `whitespace and what has no place in a name become underscores`(text: String, expected: String) {
        #expect(SCSIText.replaced(Array(text.utf8)) == expected)
    }

    @Test func `bytes that are no text become underscores`() {
        #expect(SCSIText.replaced([0x61, 0xFF, 0xC3, 0x28, 0x62]) == "a___b")
    }

    @Test func `NVMe names are taken in order, and zeroes are none`() {
        let nguid = "00112233-4455-6677-8899-aabbccddeeff"
        let all = NVMeIdentifiers(nguid: nguid, eui64: "00 25 38 b1 00 00 00 01", uuid: nguid)
        #expect(all.identity?.rawValue == "eui.00112233445566778899aabbccddeeff")
        let second = NVMeIdentifiers(
            nguid: "00000000-0000-0000-0000-000000000000", eui64: "00 25 38 b1 00 00 00 01", uuid: nguid)
        #expect(second.identity?.rawValue == "eui.002538b100000001")
        #expect(NVMeIdentifiers(nguid: nil, eui64: nil, uuid: nguid).identity?.rawValue == "uuid.\(nguid)")
        #expect(NVMeIdentifiers(nguid: "12", eui64: "x", uuid: "").identity == nil)
    }

    @Test(arguments: [
        "", "3", "36000 c29", "/dev/sda", "9abc", "virtio-", "eui.", "3\n", String(repeating: "3", count: 600),
    ])
    func `text that no disk answers with is no identity`(text: String) {
        #expect(DiskIdentity(rawValue: text) == nil)
    }

    /// Bytes from a disk can never trap. Every page is cut at every length, and its bytes are changed at random.
    @Test func `no page traps, however it is damaged`() {
        var random = SystemRandomNumberGenerator()
        var read = 0
        for page in (Self.captured + Self.modelled + Self.broken).flatMap({ [$0.page83, $0.page80] }).compactMap(\.self)
        {
            for length in 0...page.count {
                read += decode(Array(page.prefix(length)))
            }
            for _ in 0..<2000 {
                var mutated = page
                for _ in 0..<Int.random(in: 1...6, using: &random) where !mutated.isEmpty {
                    let place = Int.random(in: 0..<mutated.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: mutated[place] = UInt8.random(in: .min ... .max, using: &random)
                    case 1: mutated[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    case 2: mutated.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
                    default: mutated.remove(at: place)
                    }
                }
                read += decode(mutated)
            }
        }
        #expect(read > 0)
    }

    /// Whether there is an identity; it has to be one that can be written and read.
    private func decode(_ bytes: [UInt8]) -> Int {
        var evidence = DiskIdentifiers.Evidence()
        evidence.deviceIdentification = bytes
        evidence.unitSerialNumber = bytes.isEmpty ? bytes : [bytes[0], 0x80] + bytes.dropFirst(2)
        evidence.vendor = Array(bytes.prefix(8))
        evidence.model = Array(bytes.suffix(16))
        let identifiers = DiskIdentifiers(evidence)
        for problem in identifiers.problems where problem.description.isEmpty { Issue.record("no sentence") }
        guard let identity = identifiers.identity else { return 0 }
        #expect(DiskIdentity(rawValue: identity.rawValue) == identity)
        return 1
    }
}
