// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// The head of an option as a client sends it: 0 u64 IHAVEOPT · 8 u32 option · 12 u32 length · 16 data.
struct ClientOptionHeader {
    static let size = 16

    /// The option's number; it may be one that is not known.
    let code: UInt32
    /// Bytes of data that follow.
    let length: UInt32

    /// Nil until all of it is there; a wrong magic number is told as early as it can be. Nothing is taken.
    init?(peeking bytes: ByteBuffer) throws(NBDError) {
        let start = bytes.readerIndex
        guard let magic = bytes.getInteger(at: start, as: UInt64.self) else { return nil }
        guard magic == NBDMagic.option else {
            throw NBDError(.notNBD, "the client's option begins with the wrong magic number; it does not speak NBD")
        }
        guard bytes.readableBytes >= Self.size, let code = bytes.getInteger(at: start + 8, as: UInt32.self),
            let length = bytes.getInteger(at: start + 12, as: UInt32.self)
        else { return nil }
        self.code = code
        self.length = length
    }

    /// Takes the head and its data, or nothing and nil as long as data is missing.
    func body(takenFrom bytes: inout ByteBuffer) -> ByteBuffer? {
        guard bytes.readableBytes >= Self.size + Int(length) else { return nil }
        bytes.moveReaderIndex(forwardBy: Self.size)
        return bytes.readSlice(length: Int(length))
    }
}

/// Why an option is refused. The client is told, and the handshake goes on.
struct OptionRefusal: Error {
    let reply: NBDOptionReply
    let words: String

    init(_ reply: NBDOptionReply, _ words: String) {
        self.reply = reply
        self.words = words
    }
}

/// The data of NBD_OPT_INFO and NBD_OPT_GO: u32 length and export name · u16 number of requests · u16 each.
struct ExportQuestion {
    let name: String
    /// NBD_INFO_NAME was asked for.
    let wantsName: Bool
    /// NBD_INFO_DESCRIPTION was asked for.
    let wantsDescription: Bool

    init(parsing data: ByteBuffer) throws(OptionRefusal) {
        var data = data
        name = try data.readOptionString("the export's name")
        guard let count = data.readInteger(as: UInt16.self), data.readableBytes == 2 * Int(count) else {
            throw OptionRefusal(.invalid, "the list of information requests does not fill the option's data")
        }
        var wanted: (name: Bool, description: Bool) = (false, false)
        while let type = data.readInteger(as: UInt16.self) {
            switch type {
            case 1: wanted.name = true  // NBD_INFO_NAME
            case 2: wanted.description = true  // NBD_INFO_DESCRIPTION
            default: break  // The export and its block sizes are told in any case; what is not known is ignored.
            }
        }
        (wantsName, wantsDescription) = wanted
    }
}

/// The data of NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT: u32 length and export name · u32 number of queries ·
/// each u32 length and query.
struct ContextQuestion {
    let name: String
    let queries: [String]

    init(parsing data: ByteBuffer) throws(OptionRefusal) {
        var data = data
        name = try data.readOptionString("the export's name")
        guard let count = data.readInteger(as: UInt32.self) else {
            throw OptionRefusal(.invalid, "the number of queries is missing")
        }
        guard count <= NBDLimit.queries else {
            throw OptionRefusal(.tooBig, "\(count) queries are over the limit of \(NBDLimit.queries)")
        }
        var queries: [String] = []
        for number in 1..<(count + 1) { queries.append(try data.readOptionString("query \(number)")) }
        guard data.readableBytes == 0 else {
            throw OptionRefusal(.invalid, "\(data.readableBytes) bytes follow the last query")
        }
        self.queries = queries
    }
}

extension ByteBuffer {
    /// A string of the protocol with its length before it: u32 length · UTF-8 without NUL.
    mutating func readOptionString(_ what: String) throws(OptionRefusal) -> String {
        guard let length = readInteger(as: UInt32.self) else { throw OptionRefusal(.invalid, "\(what) is missing") }
        guard length <= UInt32(NBDLimit.stringBytes) else {
            throw OptionRefusal(.invalid, "\(what) of \(length) bytes is over the limit of \(NBDLimit.stringBytes)")
        }
        guard let slice = readSlice(length: Int(length)) else {
            throw OptionRefusal(.invalid, "\(what) of \(length) bytes passes the end of the option's data")
        }
        guard let string = slice.protocolString else {
            throw OptionRefusal(.invalid, "\(what) is not UTF-8 without NUL")
        }
        return string
    }

    /// All of it as a string of the protocol; nil where it is not UTF-8, has a NUL, or is too long.
    var protocolString: String? {
        guard readableBytes <= NBDLimit.stringBytes, !readableBytesView.contains(0) else { return nil }
        return String(validating: readableBytesView, as: UTF8.self)
    }
}

extension String {
    /// Whether it is a query with a namespace and its colon only.
    var isNamespace: Bool { utf8.firstIndex(of: UInt8(ascii: ":")) == utf8.indices.last }

    /// Whether it may stand where the protocol wants a string.
    var isProtocolString: Bool { utf8.count <= NBDLimit.stringBytes && !utf8.contains(0) }

    /// As much of it as a message of the protocol may hold, in whole Unicode scalars.
    var clippedToMessage: Substring {
        guard utf8.count > NBDLimit.messageBytes else { return self[...] }
        var end = utf8.index(startIndex, offsetBy: NBDLimit.messageBytes)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return self[..<end]
    }
}
