// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import HostPreparation
import LinuxSystem
import StoragePrimitives
import Synchronization

/// Texts that need no engine.
struct PlainTexts: PreparationTexts {
    var head = "# rules\n"

    func multipathDropIn(rootIdentities: [String]) throws -> String {
        rootIdentities == ["36000c29a"] ? head : "# the disks of another machine\n"
    }
}

/// Runs nothing, remembers what it was asked, and does to the tree what the test says the command does.
final class RecordingRunner: CommandRunner {
    struct Effect {
        let run: @Sendable (String) -> String?
    }
    private let commands = Mutex<[String]>([])
    private let effect: Effect

    init(_ effect: @escaping @Sendable (String) -> String? = { _ in nil }) { self.effect = Effect(run: effect) }

    var asked: [String] { commands.withLock { $0 } }

    func run(_ command: String) -> String? {
        commands.withLock { $0.append(command) }
        return effect.run(command)
    }
}

struct Interruption: Error {}

/// A tree that claims to be this machine's, and that loses power at the n-th change: before it, or just after it.
final class FragileTree: HostTree {
    let tree: RootedTree
    private let left: Mutex<Int>
    private let isAfter: Bool

    init(_ tree: RootedTree, changes: Int = .max, isAfter: Bool = false) {
        self.tree = tree
        left = Mutex(changes)
        self.isAfter = isAfter
    }

    var isThisMachine: Bool { true }

    private func change<Value>(_ body: () throws(DeviceError) -> Value) throws(DeviceError) -> Value {
        let isLast = left.withLock { left in
            left -= 1
            return left < 0
        }
        let lost = DeviceError(.inputOutput, operation: "power", object: "the machine")
        if isLast && !isAfter { throw lost }
        let value = try body()
        if isLast { throw lost }
        return value
    }

    func entry(_ path: String) throws(DeviceError) -> RootedTree.Entry? { try tree.entry(path) }
    func contents(_ path: String, limit: Int) throws(DeviceError) -> [UInt8]? { try tree.contents(path, limit: limit) }
    func names(_ path: String) throws(DeviceError) -> [String] { try tree.names(path) }
    func program(_ name: String) throws(DeviceError) -> String? { try tree.program(name) }
    func makeFolder(_ path: String, mode: UInt32) throws(DeviceError) {
        try change { () throws(DeviceError) in try tree.makeFolder(path, mode: mode) }
    }
    func removeFolder(_ path: String) throws(DeviceError) {
        try change { () throws(DeviceError) in try tree.removeFolder(path) }
    }
    func renameFolder(_ path: String, to newPath: String) throws(DeviceError) {
        try change { () throws(DeviceError) in try tree.renameFolder(path, to: newPath) }
    }
    func setMode(_ path: String, to mode: UInt32) throws(DeviceError) {
        try change { () throws(DeviceError) in try tree.setMode(path, to: mode) }
    }
    func replaceFile(
        _ path: String, with bytes: [UInt8], mode: UInt32, ownership: (owner: UInt32, group: UInt32)?
    ) throws(DeviceError) {
        try change { () throws(DeviceError) in
            try tree.replaceFile(path, with: bytes, mode: mode, ownership: ownership)
        }
    }
    func removeFile(_ path: String) throws(DeviceError) -> Bool {
        try change { () throws(DeviceError) in try tree.removeFile(path) }
    }
    func removeTemporary(of path: String) throws(DeviceError) -> Bool {
        try change { () throws(DeviceError) in try tree.removeTemporary(of: path) }
    }
}

/// A machine with every program that is wanted, or without some.
func machine(
    programs: [String] = ["multipathd", "mkfs.xfs", "lsscsi", "modprobe", "perl", "rsync", "wget", "kexec"],
    system: String = "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"
) throws -> TemporaryTree {
    let tree = try TemporaryTree()
    for program in programs { try tree.write("/usr/sbin/\(program)", "#!", mode: 0o755) }
    try tree.write("/usr/lib/os-release", system)
    try tree.link("/etc/os-release", to: "../usr/lib/os-release")
    try FolderTree.make("\(tree.path)/var/lib", mode: 0o755)
    return tree
}

func preparation(
    _ tree: any HostTree, bound: [String] = [], texts: PlainTexts = PlainTexts(),
    runner: RecordingRunner = RecordingRunner()
) -> HostPreparation {
    HostPreparation(
        tree: tree,
        inputs: PreparationInputs(rootIdentities: ["36000c29a"], boundIdentities: bound, texts: texts), runner: runner)
}
