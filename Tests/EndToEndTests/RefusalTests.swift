// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Testing

extension EndToEndTests {
    /// What is wrong is named: a sentence on standard error, and an exit status.
    @Suite struct RefusalTests {
        private static let bytes = 4 << 20

        @Test func `a sender that does not belong is refused by name`() throws {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("g", ["sda"], bytes: Self.bytes)
            try bed.control("group", "create", "closed", "--sender", "somebody")
            for disk in ["sda", "other"] { _ = try Image(bed.path("\(disk).source"), bytes: Self.bytes) }
            _ = try Image(bed.path("long.source"), bytes: 2 * Self.bytes)
            try bed.issue("clerk", "operator")
            try bed.makeAuthority("foreign")
            try bed.issue("cloud", "process-server", authority: "foreign")
            // Quickly, or at the end of its patience.
            let once = ["--once", "--static-source", "--give-up-after", "300ms"]
            func expect(
                _ sentence: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
            ) throws {
                let outcome = try bed.program(.processServer, arguments)
                #expect(outcome.status == 1, sourceLocation: sourceLocation)
                #expect(outcome.errors.contains(sentence), "\(outcome.errors)", sourceLocation: sourceLocation)
                #expect(outcome.errors.hasPrefix("mt-process-server: "), sourceLocation: sourceLocation)
            }
            try expect("There is no group none", bed.sender("none", ["sda"], once))
            try expect("process-server", bed.sender("g", ["sda"], as: "clerk.operator", once))
            try expect("cloud", bed.sender("closed", ["sda"], once))
            try expect("other", bed.sender("g", ["other"], once))
            try expect(
                "bind it anew with its size", bed.sender("g", [], once + ["--disk", "sda=\(bed.path("long.source"))"]))
            try expect("nothing.source", bed.sender("g", ["nothing"], once))
            let foreign = bed.sender("g", ["sda"], authority: "foreign", once)
            try expect("check that this host's certificate", foreign)
            // Nobody listens there.
            try expect("localhost:1", bed.sender("g", ["sda"], once + ["--server", "localhost:1"]))
            let usage = try bed.program(.processServer, ["--server", "localhost"])
            #expect(usage.status == 2)
            #expect(try bed.json(GroupReport.self, "group", "show", "g").state == .created)
            #expect(try bed.stopDaemon().status == 0)
        }

        @Test func `a target that cannot be one is refused by name`() throws {
            let bed = try Bed()
            try bed.startDaemon()
            try bed.protect("g", ["sda"], bytes: Self.bytes)
            try bed.control("group", "create", "other")
            _ = try Image(bed.path("small"), bytes: Self.bytes / 2)
            func expect(_ sentence: String, _ target: String, sourceLocation: SourceLocation = #_sourceLocation) throws
            {
                let outcome = try bed.mtctl(
                    "disk", "bind", "other", "--source", "s", "--target", target, "--size", "\(Self.bytes)", "--yes")
                #expect(outcome.status == 1, sourceLocation: sourceLocation)
                #expect(outcome.errors.contains(sentence), "\(outcome.errors)", sourceLocation: sourceLocation)
            }
            try expect("has 2 MiB, and source s has 4 MiB", "file:\(bed.path("small"))")
            try expect("is not there", "file:\(bed.path("none"))")
            try expect("is held by something else", "file:\(bed.path("sda.target"))")
            try expect("neither a block device nor a regular file", "file:\(bed.path("state"))")
            try expect("Write the disk's identity instead", "/dev/null")
            try expect("is no disk's identity", "nonsense")
            #expect(try bed.mtctl("disk", "bind", "other").status == 2)
            // Another agent on the same state folder.
            let second = try bed.program(.daemon, ["--set", "state.path=\(bed.path("state"))"])
            #expect(second.status == 1)
            #expect(second.errors.contains("Another agent uses the state folder"))
            let wrong = try bed.program(.daemon, ["--set", "replication.port=many"])
            #expect(wrong.status == 1)
            #expect(wrong.errors.contains("replication.port"))
            #expect(try bed.program(.daemon, ["--no-such-option"]).status != 0)
            #expect(try bed.stopDaemon().status == 0)
            let away = try bed.mtctl("status")
            #expect(away.status == 1)
            #expect(away.errors.contains("control.sock"))
        }
    }
}
