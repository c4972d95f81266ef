// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CMount
import LinuxSystem
import StoragePrimitives

/// The machine's mounts by libmount. Source: libmount, "Tables", "Mount context".
public struct SystemMounter: Mounter {
    private let mountTable: String
    private let swapTable: String

    /// This machine's, or tables in other files.
    public init(mountTable: String = "/proc/self/mountinfo", swapTable: String = "/proc/swaps") {
        self.mountTable = mountTable
        self.swapTable = swapTable
    }

    /// The mount table.
    public func mounts() throws(RetentionVolumeError) -> [MountEntry] {
        let table = try LibMountTable(name: mountTable)
        guard unsafe mnt_table_parse_file(table.pointer, mountTable) == 0 else { throw table.unreadable() }
        return try unsafe table.entries { unsafe MountEntry($0) }
    }

    /// The swap areas in use.
    public func swaps() throws(RetentionVolumeError) -> [SwapEntry] {
        // A kernel without swap has no such table.
        guard SystemFiles.exists(swapTable) else { return [] }
        let table = try LibMountTable(name: swapTable)
        guard unsafe mnt_table_parse_swaps(table.pointer, swapTable) == 0 else { throw table.unreadable() }
        return try unsafe table.entries { entry in
            // SAFETY: the string belongs to the entry, which lives as long as the table; it is copied here.
            unsafe mnt_fs_get_source(entry).map { SwapEntry(source: unsafe String(cString: $0)) }
        }
    }

    /// Mounts a device. Helpers (`/sbin/mount.*`) are not run: the filesystems used here need none.
    public func mount(source: String, target: String, type: String, options: String) throws(RetentionVolumeError) {
        let context = try LibMountContext(object: source)
        guard unsafe mnt_context_set_source(context.pointer, source) == 0,
            unsafe mnt_context_set_target(context.pointer, target) == 0,
            unsafe mnt_context_set_fstype(context.pointer, type) == 0,
            unsafe mnt_context_set_options(context.pointer, options) == 0,
            unsafe mnt_context_disable_helpers(context.pointer, 1) == 0
        else { throw RetentionVolumeError(.mountFailed, object: source, detail: "libmount takes not these arguments") }
        let code = unsafe mnt_context_mount(context.pointer)
        guard code == 0 else { throw context.failure(code) }
    }

    /// Unmounts what is on top at `target`.
    public func unmount(target: String) throws(RetentionVolumeError) {
        let context = try LibMountContext(object: target)
        guard unsafe mnt_context_set_target(context.pointer, target) == 0,
            unsafe mnt_context_disable_helpers(context.pointer, 1) == 0
        else { throw RetentionVolumeError(.mountFailed, object: target, detail: "libmount takes not this path") }
        let code = unsafe mnt_context_umount(context.pointer)
        guard code == 0 else { throw context.failure(code) }
    }
}

/// A table of libmount's, freed with its owner.
@safe private struct LibMountTable: ~Copyable {
    /// The most lines that are read: a machine with containers has thousands.
    static let mostEntries = 100_000

    let pointer: OpaquePointer
    let name: String

    init(name: String) throws(RetentionVolumeError) {
        guard let pointer = unsafe mnt_new_table() else {
            throw RetentionVolumeError(.unreadableTable, object: name, detail: "there is no memory")
        }
        unsafe self.pointer = pointer
        self.name = name
    }

    deinit { unsafe mnt_unref_table(pointer) }

    func unreadable() -> RetentionVolumeError {
        let reason = SystemFiles.exists(name) ? "it is not of the form it should have" : "there is no such file"
        return RetentionVolumeError(.unreadableTable, object: name, detail: reason)
    }

    func entries<Entry>(_ read: (OpaquePointer) -> Entry?) throws(RetentionVolumeError) -> [Entry] {
        guard let iterator = unsafe mnt_new_iter(Int32(MNT_ITER_FORWARD)) else { throw unreadable() }
        // SAFETY: the iterator is freed here, after its last use; entries live as long as the table.
        defer { unsafe mnt_free_iter(iterator) }
        var entries: [Entry] = []
        var entry: OpaquePointer?
        while unsafe mnt_table_next_fs(pointer, iterator, &entry) == 0, let found = unsafe entry {
            guard entries.count < Self.mostEntries else {
                throw RetentionVolumeError(
                    .unreadableTable, object: name, detail: "it has more than \(Self.mostEntries) lines")
            }
            if let value = unsafe read(found) { entries.append(value) }
        }
        return entries
    }
}

/// A mount or an unmount of libmount's, freed with its owner.
@safe private struct LibMountContext: ~Copyable {
    let pointer: OpaquePointer
    let object: String

    init(object: String) throws(RetentionVolumeError) {
        guard let pointer = unsafe mnt_new_context() else {
            throw RetentionVolumeError(.mountFailed, object: object, detail: "there is no memory")
        }
        unsafe self.pointer = pointer
        self.object = object
    }

    deinit { unsafe mnt_free_context(pointer) }

    /// What libmount has to say of a failed call.
    func failure(_ code: Int32) -> RetentionVolumeError {
        var words = [CChar](repeating: 0, count: 512)
        // SAFETY: the length is that of the buffer, and the text in it ends with a null.
        let text = unsafe words.withUnsafeMutableBufferPointer { buffer -> String in
            unsafe _ = mnt_context_get_excode(pointer, code, buffer.baseAddress, buffer.count)
            return unsafe buffer.baseAddress.map { unsafe String(cString: $0) } ?? ""
        }
        let trimmed = text.last == "." ? String(text.dropLast()) : text
        return RetentionVolumeError(
            .mountFailed, object: object, detail: trimmed.isEmpty ? "libmount answers \(code)" : trimmed)
    }
}

extension MountEntry {
    /// A line of libmount's; nil for one without a target.
    fileprivate init?(_ entry: OpaquePointer) {
        // SAFETY: the strings belong to the entry, which lives as long as its table; each is copied here.
        func text(_ pointer: UnsafePointer<CChar>?) -> String? { unsafe pointer.map { unsafe String(cString: $0) } }
        guard let target = unsafe text(mnt_fs_get_target(entry)) else { return nil }
        let flags = [unsafe text(mnt_fs_get_vfs_options(entry)), unsafe text(mnt_fs_get_fs_options(entry))]
        let number = unsafe mnt_fs_get_devno(entry)
        self.init(
            source: unsafe text(mnt_fs_get_source(entry)) ?? "none", target: target,
            type: unsafe text(mnt_fs_get_fstype(entry)) ?? "unknown", root: unsafe text(mnt_fs_get_root(entry)) ?? "/",
            device: DeviceNode.number(UInt64(number)),
            isReadOnly: flags.contains { $0?.split(separator: ",").contains("ro") == true })
    }
}
