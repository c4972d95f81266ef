// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Testing

/// What `mtctl` makes of its arguments, without an agent.
@Suite struct ProgramTests {
    private static let none = ["--socket", "/nonexistent/control.sock"]

    @Test(arguments: [
        ["--help"], ["--version"], ["group", "--help"], ["help", "recover"], ["recover", "--help"],
    ]) func `help is no failure`(arguments: [String]) async {
        let result = await TestAppliance.mtctl(arguments)
        #expect(result.code == 0)
        #expect(!result.output.isEmpty)
        #expect(result.errors.isEmpty)
    }

    @Test(arguments: [
        ["no-such-command"], ["status", "--no-such-option"], ["group", "create"], ["group", "create", "a/b"],
        ["group", "create", "g", "--retention", "1y"], ["group", "create", "g", "--quota", "1GB"],
        ["disk", "bind", "g", "--source", "s", "--target", "file:/x", "--size", "1000"],
        ["disk", "bind", "g", "--source", "s", "--target", "file:/x", "--size", "0"],
        ["disk", "bind", "g", "--source", "s", "--target", "file:/x", "--size", "4096", "--block-size", "1024"],
        ["bookmark", "g", "--label", "latest"], ["bookmark", "g", "--label", "17"], ["bookmark", "g", "--label", ""],
        ["recover", "g"], ["recover", "g", "--point", "99999999999999999999"], ["jobs", "x"], ["jobs", "--follow"],
        ["retention", "rebuild"], ["retention", "prepare"], ["retention", "prepare", "sdx", "--fs", "vfat"],
        ["retention", "prepare", "sdx", "--adopt", "--yes-destroy", "xfs"], ["disks", "accept"], ["disks", "forget"],
        ["pki", "issue", "--host", "h", "--role", "nobody"],
        ["pki", "issue", "--host", "h", "--role", "master-target"], ["pki", "init", "--days", "0"],
    ]) func `wrong usage is 2, and the sentence is on standard error`(arguments: [String]) async {
        let result = await TestAppliance.mtctl(arguments)
        #expect(result.code == 2)
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
    }

    @Test(arguments: [
        ["status"], ["group", "list"], ["group", "show", "g"], ["points", "g"], ["jobs"], ["pause", "g"],
        ["resume", "g"],
        ["verify", "g"], ["retention", "status"], ["retention", "scrub"], ["commit", "g", "--yes"],
        ["disks"], ["disks", "accept", "36000c29"], ["disks", "forget", "36000c29"],
        ["rollback", "g", "--yes"], ["recover", "g", "--point", "latest", "--yes"], ["bookmark", "g", "--label", "x"],
    ]) func `an agent that does not answer is 1, and the sentence says where`(arguments: [String]) async {
        let result = await TestAppliance.mtctl(arguments + Self.none)
        #expect(result.code == 1)
        #expect(result.errors.contains("/nonexistent/control.sock"))
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [
        ["commit", "g"], ["rollback", "g"], ["group", "delete", "g", "--discard-history"],
        ["disk", "unbind", "g", "--source", "s", "--discard-history"], ["retention", "rebuild", "g"],
        ["disk", "bind", "g", "--source", "s", "--target", "file:/x", "--size", "4096"],
    ]) func `what destroys wants a word where nobody can be asked`(arguments: [String]) async {
        let result = await TestAppliance.mtctl(arguments + Self.none)
        #expect(result.code == 1)
        #expect(result.errors.contains("--yes"))
    }

    @Test func `a person is told what will be lost, and asked`() async {
        let arguments = ["commit", "g"] + Self.none
        let no = await TestAppliance.mtctl(arguments, answers: ["no"], isInteractive: true)
        #expect(no.code == 1)
        #expect(no.output.contains("recovery points of group g are dropped"))
        #expect(no.errors.contains("Nothing was done."))
        let yes = await TestAppliance.mtctl(arguments, answers: ["yes"], isInteractive: true)
        #expect(yes.errors.contains("does not answer"))
    }

    @Test func `with --json a failure is JSON too`() async {
        let result = await TestAppliance.mtctl(["status", "--json"] + Self.none)
        #expect(result.code == 1)
        #expect(result.output.hasPrefix(#"{"error":{"code":"unavailable""#))
        #expect(!result.errors.isEmpty)
    }

    @Test func `pki needs no agent, and its refusal is 1`() async throws {
        let folder = try TestFolder()
        let pki = ["--folder", "\(folder.path)/pki"]
        #expect(await TestAppliance.mtctl(["pki", "init"] + pki).code == 0)
        #expect(await TestAppliance.mtctl(["pki", "init"] + pki).code == 1)
        let issue = ["pki", "issue", "--host", "mt-1", "--role", "master-target", "--ip", "127.0.0.1"] + pki
        #expect(await TestAppliance.mtctl(issue).code == 0)
        #expect(await TestAppliance.mtctl(issue).errors.contains("never overwritten"))
        let list = await TestAppliance.mtctl(["pki", "list"] + pki)
        #expect(list.output.contains("mt-1"))
        let shown = await TestAppliance.mtctl(["pki", "show", "\(folder.path)/pki/mt-1.master-target.pem"])
        #expect(shown.output.contains("master-target"))
        #expect(await TestAppliance.mtctl(["pki", "show", "\(folder.path)/none.pem"]).code == 1)
    }
}
