// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDServer
import StoragePrimitives
import TestSupport
import Testing

/// The clients that people have.
@Suite(.serialized, .ownThread) struct InteroperabilityTests {
    private static let mebibyte = 1 << 20

    /// A disk of data with holes, not a multiple of anything but its sectors.
    private static func image(_ fixture: ServerFixture, name: String = "image") throws -> any BlockDevice {
        try fixture.image(
            name, bytes: 24 * mebibyte + 5 * 4096,
            [
                0: pattern(mebibyte, seed: 1), 5 * mebibyte: pattern(3 * mebibyte + 4096, seed: 2),
                24 * mebibyte + 4 * 4096: pattern(4096, seed: 3),
            ])
    }

    /// Serves a disk to read, and a group's disk to write to.
    private static func run(
        isEncrypted: Bool = false, bytes: Int = 24 << 20,
        _ body: (Peer, _ disk: any BlockDevice, IngestFixture) async throws -> Void
    ) async throws {
        try await ServerFixture.run(isEncrypted: isEncrypted) { fixture in
            let disk = try image(fixture)
            fixture.serve(disk)
            let ingest = try IngestFixture.real(fixture, bytes: bytes)
            defer { ingest.end() }
            ingest.serve(fixture)
            let peer = Peer(fixture: fixture)
            if isEncrypted { try peer.writeCertificates() }
            try await body(peer, disk, ingest)
        }
    }

    @Test(
        .enabled(if: Peer.isTested(with: "nbdinfo"), "nbdinfo is not installed"), arguments: [false, true])
    func `nbdinfo tells what an export is, which there are, and where its data is`(isEncrypted: Bool) async throws {
        try await Self.run(isEncrypted: isEncrypted) { peer, disk, _ in
            let plain = try await peer.run("nbdinfo \"${uri}disk$tail\"")
            #expect(plain.contains("export-size: \(disk.size.rawValue)"))
            for line in ["is_read_only: true", "can_df: true", "can_multi_conn: true", "base:allocation"] {
                #expect(plain.contains(line), "\(line) is missing in \(plain)")
            }
            let writable = try await peer.run("nbdinfo \"${uri}disk0$tail\"")
            for line in [
                "is_read_only: false", "can_flush: true", "can_fua: true", "can_trim: true", "can_zero: true",
                "can_fast_zero: true", "can_multi_conn: true", "block_size_maximum: 33554432",
            ] { #expect(writable.contains(line), "\(line) is missing in \(writable)") }
            let list = try await peer.run("nbdinfo --list \"$uri$tail\"")
            #expect(list.contains("export=\"disk\"") && list.contains("export=\"disk0\""))
            let map = try await peer.run("nbdinfo --map \"${uri}disk$tail\"")
            let rows = map.split(separator: "\n").map { $0.split(separator: " ").prefix(3).compactMap { Int($0) } }
            #expect(
                rows == [
                    [0, 1 << 20, 0], [1 << 20, 4 << 20, 3], [5 << 20, 3 << 20 + 4096, 0],
                    [8 << 20 + 4096, 16 << 20 + 3 * 4096, 3], [24 << 20 + 4 * 4096, 4096, 0],
                ])
            try await peer.fails("nbdinfo \"${uri}nothing$tail\"")
        }
    }

    @Test(.enabled(if: Peer.isTested(with: "nbdinfo"), "nbdinfo is not installed"))
    func `nbdinfo shows what changed since another point`() async throws {
        try await ServerFixture.run { fixture in
            fixture.directory["disk"] = .export(
                DeviceExport(
                    name: "disk", description: "", device: try Self.image(fixture), isWritable: false,
                    workers: fixture.workers, hasContext: { $0 == "mastertarget:changed:5" },
                    comparison: { _ in
                        var map = ChangedRanges(size: 24 << 20 + 5 * 4096)
                        map.insert(1 << 20..<2 << 20)
                        return map
                    }))
            let map = try await Peer(fixture: fixture).run(
                "nbdinfo --map=mastertarget:changed:5 \"${uri}disk$tail\"")
            #expect(map.split(separator: "\n").count == 3)
        }
    }

    @Test(
        .enabled(if: Peer.isTested(with: "nbdcopy"), "nbdcopy is not installed"), arguments: [false, true])
    func `nbdcopy copies a disk out and into a group, over many connections`(isEncrypted: Bool) async throws {
        try await Self.run(isEncrypted: isEncrypted) { peer, disk, ingest in
            let expected = try disk.readAll()
            for options in ["-C 4", "-C 1 --synchronous", "-S 0 --no-extents --request-size=4194304"] {
                try await peer.run("nbdcopy \(options) \"${uri}disk$tail\" copy")
                #expect(try peer.contents("copy") == expected)
            }
            let data = pattern(24 << 20, seed: 7)
            try peer.write("source", data)
            try await peer.run("nbdcopy --flush -C 4 source \"${uri}disk0$tail\"")
            #expect(ingest.group.ingestPosition.durable == ingest.group.ingestPosition.accepted)
            #expect(try ingest.shown() == [data])
            try await peer.run("nbdcopy \"${uri}disk0$tail\" back && cmp source back")
            // A sparse one over it: zeroes and holes.
            try await peer.run("truncate -s 24M sparse && dd if=source of=sparse bs=1M count=3 seek=9 conv=notrunc")
            try await peer.run("nbdcopy --flush -C 2 sparse \"${uri}disk0$tail\"")
            #expect(try ingest.shown() == [peer.contents("sparse")])
            try await peer.fails("nbdcopy source \"${uri}disk$tail\"")
        }
    }

    @Test(.enabled(if: Peer.isTested(with: "nbdcopy"), "nbdcopy is not installed"))
    func `nbdcopy's hash of a disk is that of its image`() async throws {
        try await Self.run { peer, _, _ in
            // Since libnbd 1.22.
            guard try await peer.run("nbdcopy --help").contains("blkhash") else { return }
            let ours = try await peer.run("nbdcopy --blkhash \"${uri}disk$tail\" null:")
            let theirs = try await peer.run("nbdcopy --blkhash image null:")
            #expect(ours.split(separator: " ").first == theirs.split(separator: " ").first)
        }
    }

    @Test(
        .enabled(if: Peer.isTested(with: "qemu-img"), "qemu-img is not installed"), arguments: [false, true])
    func `qemu-img converts, compares and maps`(isEncrypted: Bool) async throws {
        try await Self.run(isEncrypted: isEncrypted) { peer, disk, ingest in
            func options(_ export: String) -> String {
                isEncrypted
                    ? "--object tls-creds-x509,id=t,endpoint=client,dir=tls --image-opts "
                        + "driver=nbd,host=127.0.0.1,port=$port,tls-hostname=localhost,export=\(export),tls-creds=t"
                    : "\"nbd+unix:///\(export)?socket=$socket\""
            }
            try await peer.run("qemu-img convert \(isEncrypted ? "" : "-f raw") -O raw \(options("disk")) copy")
            #expect(try peer.contents("copy") == (try disk.readAll()))
            guard !isEncrypted else { return }
            let same = try await peer.run("qemu-img compare -f raw -F raw \(options("disk")) copy")
            #expect(same.contains("Images are identical"))
            let map = try await peer.run("qemu-img map -f raw --output=json \(options("disk"))")
            #expect(map.split(separator: "\n").count { $0.contains("\"data\": true") } == 3)
            let data = pattern(24 << 20, seed: 7)
            try peer.write("source", data)
            try await peer.run("qemu-img convert -n -f raw -O raw -m 16 -W source \(options("disk0"))")
            #expect(try ingest.shown() == [data])
            try await peer.run("dd if=/dev/zero of=source bs=1M seek=5 count=9 conv=notrunc")
            try await peer.run("qemu-img convert -n -f raw -O raw -S 4k source \(options("disk0"))")
            try await peer.run("qemu-img compare -f raw -F raw source \(options("disk0"))")
            #expect(try ingest.shown() == [peer.contents("source")])
        }
    }

    @Test(.enabled(if: Peer.isTested(with: "qemu-io"), "qemu-io is not installed"))
    func `qemu-io finds the boundaries`() async throws {
        try await Self.run(bytes: 40 << 20) { peer, disk, ingest in
            func io(_ export: String, _ commands: String...) -> String {
                "qemu-io -f raw \(commands.map { "-c '\($0)'" }.joined(separator: " ")) \"nbd+unix:///\(export)?socket=$socket\""
            }
            let end = 40 << 20
            try await peer.run(
                io("disk0", "write -P 1 \(end - 512) 512", "read -P 1 \(end - 512) 512", "read -P 0 \(end - 1024) 512"))
            // The longest that there is.
            try await peer.run(io("disk0", "write -P 2 0 32M", "read -P 2 0 32M", "flush"))
            // Longer, and not in sectors: the client takes them apart.
            try await peer.run(
                io("disk0", "write -P 3 1M 39M", "read -P 3 1M 39M", "write -P 4 1000 3000", "read -P 4 1000 3000"))
            try await peer.run(io("disk0", "read -P 2 0 1000", "read -P 2 4000 100", "write -P 5 0 0"))
            try await peer.run(
                io("disk0", "write -f -P 6 2M 1M", "write -z 3M 1M", "write -z -u 4M 1M", "discard 5M 1M"))
            try await peer.run(io("disk0", "read -P 6 2M 1M", "read -P 0 3M 3M", "read -P 3 6M 34M"))
            for command in ["read \(end) 512", "write \(end - 512) 1024", "write -z \(end) 4096"] {
                let output = try await peer.attempt(io("disk0", command)).output
                #expect(!output.contains("ops"), "\(command): \(output)")
            }
            #expect(try await peer.attempt(io("disk", "write -P 1 0 512")).output.contains("ops") == false)
            let shown = try ingest.shown()[0]
            #expect(shown[1000..<4000].allSatisfy { $0 == 4 } && shown[(end - 512)...].allSatisfy { $0 == 3 })
            #expect(try disk.readAll(0..<4096) == Array(pattern(Self.mebibyte, seed: 1)[..<4096]))
        }
    }

    @Test(
        .enabled(
            if: Peer.isTested(with: "qemu-storage-daemon", "nbdcopy"), "qemu-storage-daemon or nbdcopy is missing"))
    func `qemu's own server passes a group's disk on`() async throws {
        try await Self.run { peer, _, ingest in
            let data = pattern(24 << 20, seed: 7)
            try peer.write("source", data)
            try await peer.run(
                """
                qemu-storage-daemon --daemonize --pidfile $dir/pid \
                    --blockdev driver=nbd,node-name=n,server.type=unix,server.path=$socket,export=disk0 \
                    --nbd-server addr.type=unix,addr.path=$dir/proxy \
                    --export type=nbd,id=e,node-name=n,name=proxy,writable=on
                nbdcopy --flush source "nbd+unix:///proxy?socket=$dir/proxy"; status=$?
                kill $(cat $dir/pid); exit $status
                """)
            #expect(try ingest.shown() == [data])
        }
    }

    @Test(.enabled(if: Peer.isTested(with: "nbdkit", "nbdcopy"), "nbdkit or nbdcopy is missing"))
    func `nbdkit's client reads and writes`() async throws {
        try await Self.run { peer, disk, ingest in
            try await peer.run("nbdkit -U - nbd \"uri=${uri}disk$tail\" --run 'nbdcopy $uri copy'")
            #expect(try peer.contents("copy") == (try disk.readAll()))
            let data = pattern(24 << 20, seed: 7)
            try peer.write("source", data)
            try await peer.run("nbdkit -U - nbd \"uri=${uri}disk0$tail\" --run 'nbdcopy --flush source $uri'")
            #expect(try ingest.shown() == [data])
        }
    }

    @Test(.enabled(if: Peer.isTested(with: "fio"), "fio is not installed"))
    func `fio finds what it wrote, at 16 requests at a time`() async throws {
        try await Self.run { peer, _, ingest in
            try await peer.run(
                """
                fio --name=verify --ioengine=nbd "--uri=${uri}disk0$tail" --rw=randrw --bsrange=4k-64k --size=24M \
                    --iodepth=16 --verify=crc32c --verify_backlog=64 --verify_fatal=1 --fsync=32 --output=$dir/fio \
                    || { cat $dir/fio; exit 1; }
                """)
            #expect(ingest.group.status.counters.batches > 0)
        }
    }
}
