// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory

/// Bytes from hexadecimal digits; spaces and line ends do not count.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// A page 0x83 out of designators.
func page83(_ designators: [UInt8]...) -> [UInt8] {
    let body = designators.flatMap(\.self)
    return [0, 0x83, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
}

/// A designator: code set, then association and type, then the bytes.
func designator(_ codeSet: UInt8, _ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [codeSet, kind, 0, UInt8(bytes.count)] + bytes
}

/// Pages as devices sent them, and pages made after the form that a vendor's devices are known to have.
enum Pages {
    /// LIO with VMware's organization identifier, as its kernel module sent it: NAA 6, T10, ports.
    static let lio83 = hex(
        """
        00 83 00 a6 01 03 00 10 60 00 c2 9a aa a1 11 1b bb b2 22 2c cc c3 33 3d 02 01 00 36 56 4d 77 61
        72 65 20 20 56 69 72 74 75 61 6c 20 64 69 73 6b 3a 61 61 61 61 31 31 31 31 62 62 62 62 32 32 32
        32 63 63 63 63 33 33 33 33 64 64 64 64 34 34 34 34 00 61 94 00 04 00 00 00 01 61 95 00 04 00 00
        00 00 01 06 00 04 00 00 00 00 63 98 00 20 6e 61 61 2e 35 30 30 31 34 30 35 30 30 30 30 30 30 30
        30 31 2c 74 2c 30 78 30 30 30 31 00 00 00 63 a8 00 18 6e 61 61 2e 35 30 30 31 34 30 35 30 30 30
        30 30 30 30 30 31 00 00 00 00
        """)
    static let lio80 = hex(
        """
        00 80 00 21 61 61 61 61 31 31 31 31 62 62 62 62 32 32 32 32 63 63 63 63 33 33 33 33 64 64 64 64
        34 34 34 34 00
        """)
    /// LIO with a serial number that has spaces.
    static let lioSpaces83 = hex(
        """
        00 83 00 97 01 03 00 10 60 01 40 5e aa ce 00 00 00 00 00 00 00 00 00 00 02 01 00 27 4c 49 4f 2d
        4f 52 47 20 61 20 64 69 73 6b 2f 78 3a 4c 55 20 73 65 72 69 61 6c 5f 77 69 74 68 20 73 70 61 63
        65 73 00 61 94 00 04 00 00 00 01 61 95 00 04 00 00 00 00 01 06 00 04 00 00 00 00 63 98 00 20 6e
        61 61 2e 35 30 30 31 34 30 35 30 30 30 30 30 30 30 30 31 2c 74 2c 30 78 30 30 30 31 00 00 00 63
        a8 00 18 6e 61 61 2e 35 30 30 31 34 30 35 30 30 30 30 30 30 30 30 31 00 00 00 00
        """)
    static let lioSpaces80 = hex(
        "00 80 00 16 4c 55 20 73 65 72 69 61 6c 5f 77 69 74 68 20 73 70 61 63 65 73 00")
    /// scsi_debug: T10 first, then NAA 3, then ports.
    static let debug83 = hex(
        """
        00 83 00 70 02 01 00 1c 4c 69 6e 75 78 20 20 20 73 63 73 69 5f 64 65 62 75 67 20 20 20 20 20 20
        32 30 30 30 01 03 00 08 33 33 33 30 00 00 07 d0 61 94 00 04 00 00 00 01 61 93 00 08 32 22 22 20
        00 00 07 ce 61 95 00 04 00 00 03 00 61 a3 00 08 32 22 22 20 00 00 07 cd 63 a8 00 18 6e 61 61 2e
        33 32 32 32 32 32 32 30 30 30 30 30 30 37 43 44 00 00 00 00
        """)
    static let debug80 = hex("00 80 00 04 32 30 30 30")
    /// QEMU with a serial number and a WWN: vendor specific, then NAA 5.
    static let qemu83 = hex("00 83 00 17 02 00 00 07 53 45 52 20 31 5f 78 01 03 00 08 50 00 c2 90 00 00 00 01")
    static let qemu80 = hex("00 80 00 07 53 45 52 20 31 5f 78")
    /// QEMU with a serial number alone: vendor specific only.
    static let qemuSerial83 = hex("00 83 00 11 02 00 00 0d 36 30 30 30 63 32 39 61 62 63 64 65 66")
    static let qemuSerial80 = hex("00 80 00 0d 36 30 30 30 63 32 39 61 62 63 64 65 66")
    /// QEMU with neither: a page without designators.
    static let qemuNothing83 = hex("00 83 00 00")
    /// QEMU with VMware's vendor and a WWN, no serial number.
    static let qemuVMware83 = hex("00 83 00 0c 01 03 00 08 50 00 c2 90 00 00 00 02")

    /// ESXi's form with disk.EnableUUID = TRUE: one NAA 6.
    static let vmware83 = page83(designator(1, 0x03, hex("6000c29e4a31c5ddf1b8a86d0d5d9c2e")))
    static let vmware80 = hex("00 80 00 20") + Array("6000c29e4a31c5ddf1b8a86d0d5d9c2e".utf8)
    /// NetApp's form: T10, NAA 6, then its own and its ports.
    static let netapp83 = page83(
        designator(2, 0x01, Array("NETAPP   LUN 804hT?JBQJRT".utf8)),
        designator(1, 0x03, hex("600a098038303468543f4a42514a5254")),
        designator(1, 0x14, hex("00000005")), designator(1, 0x15, hex("000003e9")),
        designator(1, 0x10, hex("0000000000000001")))
    static let netapp80 = hex("00 80 00 0c") + Array("804hT?JBQJRT".utf8)
    /// Dell EMC's forms: VMAX, and VNX with port names before the unit's.
    static let symmetrix83 = page83(
        designator(1, 0x03, hex("60000970000197900000533030303031")),
        designator(2, 0x01, Array("EMC     SYMMETRIX       197900000000533030303031".utf8)),
        designator(1, 0x93, hex("5000097300000001")))
    static let clariion83 = page83(
        designator(1, 0x93, hex("500601603ea0a5b1")), designator(1, 0x94, hex("00000001")),
        designator(1, 0x03, hex("6006016012345600aabbccddeeff0011")))
    /// HPE's forms: 3PAR, and MSA with the unit's NAA 6 after a T10.
    static let threePAR83 = page83(
        designator(1, 0x03, hex("60002ac0000000000000000a0001e0ac")), designator(1, 0x94, hex("00000111")),
        designator(3, 0xA8, Array("naa.2FF70002AC01E0AC\0\0\0\0".utf8)))
    static let msa83 = page83(
        designator(2, 0x01, Array("HPE     MSA 2050 SAN    00c0ff3b1d5c00008b3b5e6001000000".utf8)),
        designator(1, 0x03, hex("600c0ff0003b1d5c8b3b5e6001000000")))
    /// The form before SPC-2: the number right after the header.
    static let obsolete83 = hex("00 83 00 10 60 06 04 80 00 00 00 02 84 00 41 30 30 30 30 41")
}
