// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// A machine whose hypervisor mirrors its disk write by write, while a database on its filesystem is at work.
    @Suite struct LiveMirrorTests {
        private static let bytes = 64 << 20
        private static let accounts = 50
        private static let balance = 100

        @Test func `at every bookmark of a live mirror the database is sound and has what was committed`() throws {
            let bed = try Bed()
            let port = Int.random(in: 30000..<32000)
            try bed.startNBD(port: port)
            try bed.protect("shop", ["vda"], bytes: Self.bytes)
            try bed.control("nbd", "enable", "shop")
            let source = try LiveSource(bed, bytes: Self.bytes, port: port, export: "shop/vda")
            try source.mirror()
            try bed.control("nbd", "in-step", "shop")

            try source.startDatabase(accounts: Self.accounts, balance: Self.balance)
            var committed: [String: Int] = [:]
            for mark in 1...4 {
                Thread.sleep(forTimeInterval: Double.random(in: 0.2..<0.8))
                // What was committed before the bookmark was asked for is in it: a commit has reached both sides.
                committed["mark-\(mark)"] = source.committed
                try bed.control("bookmark", "shop", "--label", "mark-\(mark)")
            }
            #expect(source.isDatabaseRunning, "\(source.databaseErrors)")
            // Both sides lose their power.
            bed.killDaemon()
            source.kill()
            try bed.startNBD(port: port)
            try bed.waitFor(.protected, "shop")

            let points = try bed.json(PointList.self, "points", "shop")
            for mark in committed.keys.sorted() {
                let point = try #require(points.bookmarks.first { $0.label == mark })
                #expect(point.accuracy == .exact)
                try check(bed, mark, atLeast: committed[mark] ?? 0)
            }
            #expect(points.bookmarks.map(\.sequence) == points.bookmarks.map(\.sequence).sorted())
        }

        @Test func `what a client copied is not guaranteed until somebody says that it is complete`() throws {
            let bed = try Bed()
            let port = Int.random(in: 34000..<36000)
            try bed.startNBD(port: port)
            try bed.protect("shop", ["vda"], bytes: 8 << 20)
            let tls = try bed.issueNBDClient("copier")
            let uri = "nbds://localhost:\(port)/shop/vda?tls-certificates=\(tls)"
            bed.shell("! nbdinfo '\(uri)'")
            try bed.control("nbd", "enable", "shop")
            try Image(bed.path("disk.img"), bytes: 8 << 20).scramble(0..<8 << 20)
            bed.shell("nbdcopy --flush \(bed.path("disk.img")) '\(uri)'")
            try bed.control("bookmark", "shop", "--label", "unsaid")
            let whole = try bed.mtctl("bookmark", "shop", "--label", "whole", "--app-consistent")
            #expect(whole.status == 1)
            #expect(whole.errors.contains("mtctl nbd in-step shop"), "\(whole.errors)")
            let sending = try bed.issueNBDClient("sending", role: "process-server")
            bed.shell("! nbdinfo 'nbds://localhost:\(port)/shop/vda?tls-certificates=\(sending)'")
            let refused = try bed.mtctl("copy", "shop", "--point", "unsaid", "--to", bed.path("copy.img"))
            #expect(refused.status == 1)
            #expect(refused.errors.contains("--accept-inexact"), "\(refused.errors)")
            try bed.control("nbd", "in-step", "shop")
            try bed.control("bookmark", "shop", "--label", "said", "--app-consistent")
            try bed.control("copy", "shop", "--point", "latest-app-consistent", "--to", bed.path("copy.img"))
            bed.shell("cmp \(bed.path("disk.img")) \(bed.path("copy.img"))")
            // One source at a time: a process server is refused, and the group can be given back to it.
            _ = try Image(bed.path("vda.source"), bytes: 8 << 20)
            let sender = bed.sender("shop", ["vda"], ["--once", "--static-source", "--give-up-after", "2s"])
            #expect(try bed.program(.processServer, sender).status != 0)
            try bed.control("nbd", "disable", "shop")
            bed.shell("! nbdinfo '\(uri)'")
            try bed.replicate("shop", ["vda"], label: "given back")
            #expect(try bed.target("vda") == Data(count: 8 << 20))
        }

        private func check(_ bed: Bed, _ mark: String, atLeast committed: Int) throws {
            let image = bed.path("\(mark).img")
            let folder = bed.path("\(mark).mount")
            try bed.control("copy", "shop", "--point", mark, "--to", image)
            bed.shell("mkdir -p \(folder) && mount -o loop \(image) \(folder)")
            defer { bed.shell("umount \(folder)") }
            let found = try bed.read(
                """
                sqlite3 \(folder)/db 'PRAGMA integrity_check; SELECT sum(balance) FROM account; \
                SELECT coalesce(max(n), 0) FROM transfer; SELECT count(*) FROM transfer'
                """
            ).split(separator: "\n")
            try #require(found.count == 4, "\(found)")
            #expect(found[0] == "ok")
            #expect(Int(found[1]) == Self.accounts * Self.balance, "money came or went at \(mark)")
            #expect(Int(found[2]) ?? 0 >= committed, "a committed transfer is missing at \(mark)")
            #expect(found[2] == found[3], "a transfer in the middle is missing at \(mark)")
        }
    }
}

/// A disk of a machine under qemu's block layer, with a filesystem on it that is mounted here.
final class LiveSource {
    private let bed: Bed
    private let port: Int
    private let export: String
    private var server: ChildProcess?
    private var fuse: ChildProcess?
    private var database: ChildProcess?
    private var device = ""

    private var disk: String { bed.path("source.raw") }
    private var mount: String { bed.path("source.mount") }
    private var counter: String { bed.path("committed") }

    init(_ bed: Bed, bytes: Int, port: Int, export: String) throws {
        self.bed = bed
        self.port = port
        self.export = export
        let tls = try bed.issueNBDClient("hypervisor")
        _ = try Image(disk, bytes: bytes)
        bed.shell("mkfs.ext4 -q \(disk) && mkdir -p \(mount) && touch \(bed.path("fuse"))")
        server = try bed.start(
            "qemu-storage-daemon",
            [
                "--object", "tls-creds-x509,id=tls,endpoint=client,dir=\(tls)", "--blockdev",
                "driver=file,node-name=file,filename=\(disk)", "--blockdev", "driver=raw,node-name=source,file=file",
                "--blockdev",
                "driver=nbd,node-name=target,server.type=inet,server.host=localhost,server.port=\(port),"
                    + "export=\(export),tls-creds=tls",
                "--nbd-server", "addr.type=unix,addr.path=\(bed.path("source.sock"))", "--export",
                "type=nbd,id=export,node-name=source,name=source,writable=on", "--chardev",
                "socket,path=\(bed.path("qmp")),server=on,wait=off,id=monitor", "--monitor", "chardev=monitor",
            ])
        let isUp = wait(10) { FileManager.default.fileExists(atPath: bed.path("qmp")) }
        try #require(isUp, "\(server?.errors ?? "")")
        fuse = try bed.start("nbdfuse", [bed.path("fuse"), "nbd+unix:///source?socket=\(bed.path("source.sock"))"])
        let isMounted = wait(10) { (try? bed.read("mount")).map { $0.contains(bed.path("fuse")) } ?? false }
        try #require(isMounted, "\(fuse?.errors ?? "")")
        device = try bed.read("losetup --find --show \(bed.path("fuse"))")
        bed.shell("mount \(device) \(mount)")
    }

    deinit { kill() }

    /// Copies all of it, and from then on each write to both sides before it is answered.
    func mirror() throws {
        let monitor = try QMPClient(socket: bed.path("qmp"))
        try monitor.execute(
            """
            {"execute": "blockdev-mirror", "arguments": {"job-id": "mirror", "device": "source", "target": "target", \
            "sync": "full", "copy-mode": "write-blocking"}}
            """)
        try monitor.wait(for: "BLOCK_JOB_READY")
    }

    /// Transfers between accounts, one transaction each, whose number is written down outside once it is committed.
    func startDatabase(accounts: Int, balance: Int) throws {
        bed.shell(
            """
            sqlite3 \(mount)/db 'PRAGMA journal_mode=WAL; CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER); \
            CREATE TABLE transfer(n INTEGER PRIMARY KEY, amount INTEGER); \
            WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < \(accounts)) \
            INSERT INTO account SELECT i, \(balance) FROM c'
            """)
        try Data("0\n".utf8).write(to: URL(filePath: counter))
        let script = """
            n=0
            while n=$((n + 1)); do
                from=$((n % \(accounts) + 1)); to=$((n * 7 % \(accounts) + 1))
                sqlite3 \(mount)/db "PRAGMA synchronous=FULL; BEGIN; UPDATE account SET balance = balance - 3 \
            WHERE id = $from; UPDATE account SET balance = balance + 3 WHERE id = $to; \
            INSERT INTO transfer VALUES($n, 3); COMMIT" || exit 1
                echo $n > \(counter).new && mv \(counter).new \(counter)
            done
            """
        database = try bed.start("sh", ["-c", script])
    }

    /// Transactions that are known to be committed.
    var committed: Int {
        let text = (try? String(contentsOfFile: counter, encoding: .utf8)) ?? ""
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    var isDatabaseRunning: Bool { database?.isRunning ?? false }
    var databaseErrors: String { database?.errors ?? "" }

    /// Pulls its plug, and clears away what is left of it.
    func kill() {
        guard let server else { return }
        database?.signal(SIGKILL)
        server.signal(SIGKILL)
        _ = database?.outcome()
        _ = server.outcome()
        self.server = nil
        // Nothing can be written any more: what is still in memory here is lost, as it would be with the machine.
        bed.shell("umount -l \(mount); losetup -d \(device); umount -l \(bed.path("fuse")); true")
        fuse?.signal(SIGKILL)
        _ = fuse?.outcome()
    }
}
