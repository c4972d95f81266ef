// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import LinuxSystem
import StoragePrimitives

/// The port to a machine's files: a ``RootedTree`` of this machine or of an image.
public protocol HostTree: Sendable {
    /// Whether commands that are run change this tree.
    var isThisMachine: Bool { get }
    func entry(_ path: String) throws(DeviceError) -> RootedTree.Entry?
    func contents(_ path: String, limit: Int) throws(DeviceError) -> [UInt8]?
    func names(_ path: String) throws(DeviceError) -> [String]
    func program(_ name: String) throws(DeviceError) -> String?
    func makeFolder(_ path: String, mode: UInt32) throws(DeviceError)
    func removeFolder(_ path: String) throws(DeviceError)
    func renameFolder(_ path: String, to newPath: String) throws(DeviceError)
    func setMode(_ path: String, to mode: UInt32) throws(DeviceError)
    func replaceFile(
        _ path: String, with bytes: [UInt8], mode: UInt32, ownership: (owner: UInt32, group: UInt32)?
    ) throws(DeviceError)
    func removeFile(_ path: String) throws(DeviceError) -> Bool
    func removeTemporary(of path: String) throws(DeviceError) -> Bool
}

extension RootedTree: HostTree {
    /// Where a program lies among administrators' programs.
    public func program(_ name: String) throws(DeviceError) -> String? { try program(name, in: Self.programFolders) }
}

extension HostTree {
    /// The largest file that is changed, and so recorded.
    static var longestFile: Int { 1 << 20 }

    /// What is at a path; nil for nothing.
    ///
    /// - Throws: ``PreparationError`` for what is neither a file nor a folder.
    func image(_ path: String) throws -> FileImage? {
        guard let entry = try entry(path) else { return nil }
        var image = FileImage(content: nil, mode: entry.mode, owner: entry.owner, group: entry.group)
        switch entry.kind {
        case .folder: return image
        case .file:
            guard let bytes = try contents(path, limit: Self.longestFile) else { return nil }
            image.content = Data(bytes)
            return image
        case .other:
            throw PreparationError(
                .notPossible, "\(path) is neither a file nor a folder.", remedy: "Move it away, then try again.")
        }
    }

    /// Makes a file be as an image says.
    func restore(_ image: FileImage, at path: String) throws(DeviceError) {
        var ownership: (owner: UInt32, group: UInt32)?
        if let owner = image.owner, let group = image.group { ownership = (owner, group) }
        try replaceFile(path, with: Array(image.content ?? Data()), mode: image.mode, ownership: ownership)
    }
}
