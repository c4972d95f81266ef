// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A flat folder of files that the retention store owns, on the retention volume or in a simulation's memory.
///
/// Names are plain: no separators. What is not synced may be lost, torn or reordered by a crash.
public protocol StoreFolder: AnyObject, Sendable {
    /// How messages call it.
    var path: String { get }

    /// The names of the files in it, in no order.
    func names() throws(DeviceError) -> [String]

    /// Makes an empty file. Throws `.exists` when the name is taken.
    func create(_ name: String) throws(DeviceError) -> any StoreFile

    func open(_ name: String) throws(DeviceError) -> any StoreFile

    /// Renames, replacing what has the new name. Durable after ``sync()``.
    func rename(_ name: String, to newName: String) throws(DeviceError)

    func remove(_ name: String) throws(DeviceError)

    /// Makes creations, renames and removals durable.
    func sync() throws(DeviceError)

    /// Bytes that can still be written on the volume.
    func freeSpace() throws(DeviceError) -> ByteCount

    /// All of a small file, or nil when there is none of that name. Throws `.outOfRange` when it is over `limit` bytes.
    func contents(of name: String, limit: Int) throws(DeviceError) -> [UInt8]?

    /// Replaces a small file in one step that is durable on return: a crash leaves the old contents or the new.
    func replace(_ name: String, with contents: [UInt8]) throws(DeviceError)
}

/// A file in a ``StoreFolder``, read and written directly in multiples of 4,096 bytes from aligned memory.
public protocol StoreFile: AnyObject, Sendable {
    /// How messages call it.
    var name: String { get }

    func size() throws(DeviceError) -> ByteCount

    /// Fills all of `buffer`; a read past the end is a `.shortTransfer`.
    @_lifetime(buffer: copy buffer)
    func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(DeviceError)

    func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DeviceError)

    /// Writes `head` and, right behind it, `tail`: in one go where the file can.
    func write(_ head: RawSpan, _ tail: RawSpan, at offset: ByteOffset) throws(DeviceError)

    /// Makes every write and size change before it durable. A failed sync is final.
    func sync() throws(DeviceError)

    /// Reserves room up to `size` and makes the file that long; what was not written reads as zeroes.
    func allocate(_ size: ByteCount) throws(DeviceError)

    /// Cuts the file, giving the room back.
    func truncate(to size: ByteCount) throws(DeviceError)
}

extension StoreFile {
    /// One after the other: the way of a file that has no other.
    public func write(_ head: RawSpan, _ tail: RawSpan, at offset: ByteOffset) throws(DeviceError) {
        try write(head, at: offset)
        try write(tail, at: ByteOffset(offset.rawValue + UInt64(head.byteCount)))
    }
}
