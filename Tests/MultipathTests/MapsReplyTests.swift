// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Multipath
import StoragePrimitives
import Testing

@Suite struct MapsReplyTests {
    static let shared = "36000c295555666677778888999900001"
    static let paired = "36000c29eeee1111eeee2222eeee3333e"

    @Test func `a recorded answer gives its maps, groups and paths`() throws {
        let maps = try MapsReply.decode(Array(RecordedReplies.mapsUp.utf8))
        #expect(maps.map(\.wwid) == [Self.shared, Self.paired])
        let map = maps[1]
        #expect(map.name == Self.paired)
        #expect(map.devnode == "dm-1")
        #expect(map.vendor == "VMware")
        #expect(map.product == "Virtual disk")
        #expect(map.queueing == .unset(queuesForever: false))
        #expect(!map.isReadOnly && !map.isSuspended)
        #expect(map.groups.map(\.number) == [1, 2])
        #expect(map.groups.map(\.state) == [.active, .enabled])
        #expect(map.groups.map(\.priority) == [50, 50])
        #expect(map.paths.map(\.devnode) == ["sdd", "sde"])
        #expect(
            map.paths.map(\.deviceNumber) == [DeviceNumber(major: 8, minor: 48), DeviceNumber(major: 8, minor: 64)])
        #expect(map.paths.allSatisfy { $0.isUp && $0.checkerState == .ready && $0.checker == "tur" })
        #expect(map.paths.allSatisfy { $0.targetPort == nil && $0.deviceState == "running" })
    }

    @Test func `no maps are an empty answer`() throws {
        #expect(try MapsReply.decode(Array(RecordedReplies.noMaps.utf8)).isEmpty)
    }

    @Test func `recorded losses are seen as they were`() throws {
        let lost = try MapsReply.decode(Array(RecordedLosses.oneLost.utf8))
        #expect(lost.map(\.pathsUp) == [0, 1])
        #expect(lost[1].paths.map(\.state) == [.failed, .active])
        #expect(lost[1].paths.map(\.checkerState) == [.faulty, .ready])
        #expect(lost[1].pathFaults == 1)
        #expect(try MapsReply.decode(Array(RecordedLosses.allLost.utf8)).map(\.pathsUp) == [0, 0])
    }

    @Test(arguments: [
        ("-", "0", QueueingMode.unset(queuesForever: false)),
        ("-", "1 queue_if_no_path", .unset(queuesForever: true)),
        ("off", "0", .off), ("on", "0", .on), ("12 chk", "0", .limited("12 chk")),
    ])
    func `queueing is read in each of its forms`(word: String, features: String, mode: QueueingMode) throws {
        let text = RecordedReplies.mapsUp.replacing("\"queueing\" : \"-\"", with: "\"queueing\" : \"\(word)\"")
            .replacing("\"features\" : \"0\"", with: "\"features\" : \"\(features)\"")
        #expect(try MapsReply.decode(Array(text.utf8)).allSatisfy { $0.queueing == mode })
    }

    @Test(arguments: [
        "", "{", "null", "[]", "42", "fail", "{}", "{\"major_version\": 0}", "{\"major_version\": 0, \"maps\": {}}",
        "{\"major_version\": 1, \"maps\": []}", "{\"major_version\": \"0\", \"maps\": []}",
        "{\"major_version\": 0, \"maps\": [1]}", "{\"major_version\": 0, \"maps\": [{\"name\": \"a\"}]}",
        "{\"major_version\": 1e400, \"maps\": []}", "{\"major_version\": 99999999999999999999, \"maps\": []}",
        String(repeating: "[", count: 100_000), "{\"maps\":" + String(repeating: "{\"a\":", count: 5000),
        "{\"major_version\": 0, \"maps\": [\u{0}]}",
    ])
    func `what is no answer is named, and nothing traps`(text: String) {
        let error = #expect(throws: MultipathError.self) { try MapsReply.decode(Array(text.utf8)) }
        #expect(error?.code == .malformedReply)
        #expect(error?.description.contains("show maps json") == true)
    }

    @Test(arguments: ["", "8", "8:", ":16", "8:16:1", "-8:16", "8:99999999999", "sd"])
    func `a path without a usable number is refused`(number: String) {
        let text = RecordedReplies.mapsUp.replacing("\"dev_t\" : \"8:16\"", with: "\"dev_t\" : \"\(number)\"")
        let error = #expect(throws: MultipathError.self) { try MapsReply.decode(Array(text.utf8)) }
        #expect(error?.code == .malformedReply)
    }

    @Test func `an answer that is cut anywhere is refused or, past its last brace, whole`() {
        let bytes = Array(RecordedReplies.mapsUp.utf8)
        let end = (bytes.lastIndex(of: UInt8(ascii: "}")) ?? 0) + 1
        for length in stride(from: 0, to: end, by: 7) {
            #expect(throws: MultipathError.self) { try MapsReply.decode(Array(bytes[..<length])) }
        }
        #expect(throws: Never.self) { try MapsReply.decode(Array(bytes[..<end])) }
    }

    @Test func `a byte that is changed anywhere gives maps or a named error`() {
        var bytes = Array(RecordedReplies.mapsUp.utf8)
        for index in stride(from: 0, to: bytes.count, by: 3) {
            let kept = bytes[index]
            for value in [UInt8(ascii: "\""), UInt8(ascii: "{"), 0xFF, 0, kept ^ 1] {
                bytes[index] = value
                do {
                    _ = try MapsReply.decode(bytes)
                } catch {
                    #expect(error.code == .malformedReply)
                }
            }
            bytes[index] = kept
        }
    }

    @Test func `brackets in a name are no nesting`() throws {
        let name = String(repeating: "[{\\\"", count: 40)
        let text = RecordedReplies.mapsUp.replacing("\"name\" : \"\(Self.paired)\"", with: "\"name\" : \"\(name)\"")
        #expect(try MapsReply.decode(Array(text.utf8))[1].name == String(repeating: "[{\"", count: 40))
    }

    @Test func `too many maps and too many paths are refused`() {
        let map = "{\"name\": \"a\", \"uuid\": \"a\", \"path_groups\": []}"
        let maps = Array(repeating: map, count: MapsReply.mostMaps + 1).joined(separator: ",")
        #expect(throws: MultipathError.self) {
            try MapsReply.decode(Array("{\"major_version\": 0, \"maps\": [\(maps)]}".utf8))
        }
        let path = "{\"dev\": \"sda\", \"dev_t\": \"8:0\", \"dm_st\": \"active\", \"chk_st\": \"ready\"}"
        let paths = Array(repeating: path, count: MapsReply.mostPaths + 1).joined(separator: ",")
        let crowded = "{\"name\": \"a\", \"uuid\": \"a\", \"path_groups\": [{\"paths\": [\(paths)]}]}"
        #expect(throws: MultipathError.self) {
            try MapsReply.decode(Array("{\"major_version\": 0, \"maps\": [\(crowded)]}".utf8))
        }
    }
}

@Suite struct PathDetailsTests {
    @Test func `a recorded answer gives address, identity and serial number`() throws {
        let details = PathDetails.decode(Array(RecordedReplies.paths.utf8))
        #expect(details.count == 5)
        #expect(
            details[DeviceNumber(major: 8, minor: 32)]
                == PathDetails(
                    address: "0:0:1:2", wwid: MapsReplyTests.shared, serialNumber: "5555666677778888999900001111aaaa",
                    transport: "scsi:unspec"))
        #expect(PathDetails.decode(Array(RecordedReplies.noPaths.utf8)).isEmpty)
    }

    @Test func `a serial number may hold the separator, and other lines tell nothing`() {
        let text = "8:0|sda|[undef]|-|[undef]|A|B|\n|||\n8:1\nx:y|a|b|c|d|e|\n\u{0}\n"
        let details = PathDetails.decode(Array(text.utf8))
        #expect(details == [DeviceNumber(major: 8, minor: 0): PathDetails(serialNumber: "A|B")])
    }
}
