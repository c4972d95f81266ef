// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore
import ReplicationProtocol
import StoragePrimitives
import Testing

/// The bytes that version 3 of the protocol is. A change here is another version.
@Suite struct GoldenFrameTests {
    private static let frames: [FrameType: String] = [
        .hello: """
        45 00 00 00  # body bytes
        01 00 00 00  # type 1, flags, stream
        ce 71 ea d6 3d 77 f6 d8  # body checksum
        21 65 6c e4 9b 47 43 1b  # header checksum
        03 00  # version 3
        01 00  # codecs: lz4
        02 01 00 00 00 00 00 00  # fencing token 0x0102
        06 00 68 6f 73 74 2d 61  # host "host-a"
        03 00 65 72 70  # group "erp"
        02 00  # 2 disks
        01 00  # disk 1
        00 02 00 00  # blocks of 512
        00 00 10 00 00 00 00 00  # 0x100000 sectors
        05 00 77 77 6e 2d 31  # "wwn-1"
        07 00  # disk 7
        00 10 00 00  # blocks of 4096
        00 80 00 00 00 00 00 00  # 0x8000 sectors
        05 00 77 77 6e 2d 37  # "wwn-7"
        """,
        .batchBegin: """
        11 00 00 00  # body bytes
        02 00 00 00  # type 2, flags, stream
        44 a8 59 5a 59 20 10 31  # body checksum
        2d 1b e8 93 ca b7 f8 45  # header checksum
        2a 00 00 00 00 00 00 00  # sequence 42
        e8 03 00 00 00 00 00 00  # first time 1000 ns
        01  # approximate
        """,
        .write: """
        18 04 00 00  # body bytes
        03 00 00 00  # type 3, flags, stream
        3e ac 23 01 f5 fb d8 4d  # body checksum
        be 15 0b a6 10 de 19 d4  # header checksum
        03 02 00 00 00 00 00 00  # sector 0x203
        02 00 00 00  # 2 sectors
        01 00  # disk 1
        00  # codec none
        00  # reserved
        16 eb 02 cb a8 4c ca 21  # checksum of the payload
        """,
        .zero: """
        12 00 00 00  # body bytes
        04 00 00 00  # type 4, flags, stream
        ed 14 14 a2 bd 33 15 a3  # body checksum
        12 e6 79 8c 54 ff 05 f0  # header checksum
        08 00 00 00 00 00 00 00  # sector 8
        10 00 00 00 00 00 00 00  # 16 sectors
        07 00  # disk 7
        """,
        .batchEnd: """
        20 00 00 00  # body bytes
        05 00 00 00  # type 5, flags, stream
        b2 fc 9e a2 47 10 5b 78  # body checksum
        51 c4 55 59 d6 f5 1e bb  # header checksum
        2a 00 00 00 00 00 00 00  # sequence 42
        d0 07 00 00 00 00 00 00  # last time 2000 ns
        02 00 00 00 00 00 00 00  # 2 extents
        00 04 00 00 00 00 00 00  # 1024 bytes
        """,
        .bookmark: """
        34 00 00 00  # body bytes
        06 00 00 00  # type 6, flags, stream
        a9 c8 14 e0 5f 55 b9 20  # body checksum
        40 e9 66 d5 be d1 74 8a  # header checksum
        2a 00 00 00 00 00 00 00  # sequence 42
        01 00 00 00 00 00 00 00  # id, high
        02 00 00 00 00 00 00 00  # id, low
        b8 0b 00 00 00 00 00 00  # time 3000 ns
        01  # application-consistent
        11 00 62 65 66 6f 72 65 20 74 68 65 20 75 70 64 61 74 65  # "before the update"
        """,
        .syncBegin: """
        0f 00 00 00  # body bytes
        07 00 00 00  # type 7, flags, stream
        c2 60 62 9a 40 8c 0f d3  # body checksum
        9c 0e 2d 2f 5d e9 30 82  # header checksum
        44 33 22 11 00 00 00 00  # seed 0x11223344
        00 00 04 00  # 256 KiB a digest
        01 00  # disk 1
        01  # resync
        """,
        .digests: """
        3c 00 00 00  # body bytes
        08 00 00 00  # type 8, flags, stream
        3b a4 13 af 65 ba 75 d6  # body checksum
        72 3f 20 e6 0c fa 2d 57  # header checksum
        00 02 00 00 00 00 00 00  # sector 512
        01 00  # disk 1
        03 00  # 3 digests
        01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00  # low 1, high 2
        03 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00  # low 3, high 4
        05 00 00 00 00 00 00 00 06 00 00 00 00 00 00 00  # low 5, high 6
        """,
        .syncWrite: """
        18 04 00 00  # body bytes
        09 00 00 00  # type 9, flags, stream
        3e ac 23 01 f5 fb d8 4d  # body checksum
        b5 49 bd 97 48 45 62 61  # header checksum
        03 02 00 00 00 00 00 00  # sector 0x203
        02 00 00 00  # 2 sectors
        01 00  # disk 1
        00  # codec none
        00  # reserved
        16 eb 02 cb a8 4c ca 21  # checksum of the payload
        """,
        .syncZero: """
        12 00 00 00  # body bytes
        0a 00 00 00  # type 10, flags, stream
        a7 5f 3f c3 69 eb 7c 1b  # body checksum
        6f 80 73 9a d4 2d 43 5f  # header checksum
        08 00 00 00 00 00 00 00  # sector 8
        00 00 08 00 00 00 00 00  # 0x80000 sectors
        01 00  # disk 1
        """,
        .syncEnd: """
        13 00 00 00  # body bytes
        0b 00 00 00  # type 11, flags, stream
        ff 87 53 95 11 b3 34 76  # body checksum
        84 3c 8a 5d 48 55 78 6d  # header checksum
        29 00 00 00 00 00 00 00  # sequence 41
        a0 0f 00 00 00 00 00 00  # time 4000 ns
        01 00  # disk 1
        00  # exact
        """,
        .verifyBegin: """
        26 00 00 00  # body bytes
        0c 00 00 00  # type 12, flags, stream
        27 11 45 49 23 0d e2 fb  # body checksum
        15 99 2f 8e 55 b1 91 41  # header checksum
        05 00 00 00 00 00 00 00  # id, high
        06 00 00 00 00 00 00 00  # id, low
        29 00 00 00 00 00 00 00  # sequence 41
        44 33 22 11 00 00 00 00  # seed 0x11223344
        00 00 04 00  # 256 KiB a digest
        01 00  # disk 1
        """,
        .verifyEnd: """
        12 00 00 00  # body bytes
        0d 00 00 00  # type 13, flags, stream
        12 76 bd 7e e3 43 47 55  # body checksum
        97 22 21 23 d9 eb 9a 55  # header checksum
        05 00 00 00 00 00 00 00  # id, high
        06 00 00 00 00 00 00 00  # id, low
        01 00  # disk 1
        """,
        .welcome: """
        30 00 00 00  # body bytes
        20 00 00 00  # type 32, flags, stream
        10 30 a8 0c 39 12 3e e8  # body checksum
        7c 22 70 65 36 66 29 85  # header checksum
        03 00  # version 3
        01 00  # codecs: lz4
        00 00 10 00  # 1 MiB a Write
        30 75 00 00  # idle timeout 30,000 ms
        09 00 00 00 00 00 00 00  # session 9
        29 00 00 00 00 00 00 00  # last durable 41
        00 10 00 00 00 00 00 00  # credit 4096
        02 00  # 2 disks
        01 00  # disk 1
        02  # differential
        00 00  # no reason
        07 00  # disk 7
        02  # differential
        00 00  # no reason
        """,
        .refuse: """
        15 00 00 00  # body bytes
        21 00 00 00  # type 33, flags, stream
        59 29 f9 de 07 ff 32 cb  # body checksum
        fa af b8 ed 42 21 e5 22  # header checksum
        13 00  # unknownGroup
        f4 01 00 00  # again after 500 ms
        0d 00 4e 6f 20 67 72 6f 75 70 20 65 72 70 2e  # "No group erp."
        """,
        .durable: """
        08 00 00 00  # body bytes
        22 00 00 00  # type 34, flags, stream
        31 f6 73 0d 61 2c 8a a8  # body checksum
        5a 2b 23 1d 7c c9 30 8a  # header checksum
        29 00 00 00 00 00 00 00  # sequence 41
        """,
        .applied: """
        08 00 00 00  # body bytes
        23 00 00 00  # type 35, flags, stream
        57 78 d7 4c 6e 11 6c 20  # body checksum
        33 02 7c 35 00 2d d4 1a  # header checksum
        28 00 00 00 00 00 00 00  # sequence 40
        """,
        .credit: """
        08 00 00 00  # body bytes
        24 00 00 00  # type 36, flags, stream
        54 a9 25 a2 cc 1b 95 f7  # body checksum
        36 d0 c6 b2 f8 1e 58 98  # header checksum
        00 00 00 00 02 00 00 00  # 2^33 bytes in all
        """,
        .throttle: """
        1b 00 00 00  # body bytes
        25 00 00 00  # type 37, flags, stream
        48 1e 83 26 f1 34 b3 04  # body checksum
        93 58 15 64 e7 05 ee 78  # header checksum
        02  # quota
        fa 00 00 00  # 250 ms
        14 00 54 68 65 20 68 69 73 74 6f 72 79 20 69 73 20 66 75 6c 6c 2e  # "The history is full."
        """,
        .digestAnswer: """
        0d 00 00 00  # body bytes
        26 00 00 00  # type 38, flags, stream
        f9 fd 5c a6 fd f7 6a 33  # body checksum
        2e 6f ba 55 f3 f8 ec b6  # header checksum
        00 02 00 00 00 00 00 00  # sector 512
        01 00  # disk 1
        03 00  # 3 ranges
        05  # ranges 0 and 2 differ
        """,
        .syncDurable: """
        02 00 00 00  # body bytes
        27 00 00 00  # type 39, flags, stream
        1a 3f 50 80 fd 0c 69 e2  # body checksum
        6d a7 03 ad 0a c4 f9 80  # header checksum
        01 00  # disk 1
        """,
        .bookmarkRequest: """
        18 00 00 00  # body bytes
        28 00 00 00  # type 40, flags, stream
        d8 7a 2f 42 97 41 2c 81  # body checksum
        39 b6 fd 08 5e 16 4f 10  # header checksum
        03 00 00 00 00 00 00 00  # id, high
        04 00 00 00 00 00 00 00  # id, low
        00  # crash-consistent
        05 00 64 72 69 6c 6c  # "drill"
        """,
        .verifyRequest: """
        10 00 00 00  # body bytes
        29 00 00 00  # type 41, flags, stream
        43 de dc 5e 76 de 33 8f  # body checksum
        30 b7 fe f5 a0 f2 ba 3a  # header checksum
        05 00 00 00 00 00 00 00  # id, high
        06 00 00 00 00 00 00 00  # id, low
        """,
        .ping: """
        09 00 00 00  # body bytes
        40 00 00 00  # type 64, flags, stream
        be 7e 82 15 07 7b d8 8b  # body checksum
        5a 06 02 32 3b fc fc d2  # header checksum
        4d 00 00 00 00 00 00 00  # nonce 77
        01  # an answer
        """,
        .close: """
        19 00 00 00  # body bytes
        41 00 00 00  # type 65, flags, stream
        1b 77 47 4e fa 25 71 0c  # body checksum
        c5 2c 05 51 bb ee 58 27  # header checksum
        01 00  # finished
        15 00 4e 6f 74 68 69 6e 67 20 6d 6f 72 65 20 74 6f 20 73 65 6e 64 2e  # "Nothing more to send."
        """,
    ]

    private static func bytes(_ text: String) -> [UInt8] {
        text.split(separator: "\n").flatMap { line in
            line.prefix { $0 != "#" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        }
    }

    @Test func `every frame has the bytes it always had`() throws {
        for frame in try Samples.all() {
            var buffer = ByteBuffer()
            FrameEncoder.encode(frame, to: &buffer)
            let golden = Self.bytes(try #require(Self.frames[frame.type]))
            #expect(Array(buffer.readableBytesView) == golden, "\(frame.type)")
        }
    }

    @Test func `the bytes of old still mean the same`() throws {
        for frame in try Samples.all() {
            var bytes = ByteBuffer(bytes: Self.bytes(try #require(Self.frames[frame.type])))
            if frame.type.hasPayload { bytes.writeImmutableBuffer(Samples.payload) }
            #expect(Decoded([bytes], from: Samples.origin(frame)).frames == [frame])
        }
    }
}
