// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

/// Writes the replies to one option, each: 0 u64 magic · 8 u32 option · 12 u32 kind · 16 u32 length · 20 data.
struct OptionReplyWriter {
    private let option: UInt32
    private(set) var bytes = ByteBuffer()

    init(option: UInt32) { self.option = option }

    /// A single reply that is an error, with words for the client's user.
    static func refusal(of option: UInt32, _ kind: NBDOptionReply, _ words: String) -> ByteBuffer {
        var replies = OptionReplyWriter(option: option)
        replies.write(kind) { data in data.writeSubstring(words.clippedToMessage) }
        return replies.bytes
    }

    /// A single NBD_REP_ACK.
    static func acknowledgement(of option: UInt32) -> ByteBuffer {
        var replies = OptionReplyWriter(option: option)
        replies.acknowledge()
        return replies.bytes
    }

    mutating func acknowledge() { write(.acknowledged) { _ in } }

    /// NBD_REP_SERVER: u32 length and name · description.
    mutating func export(name: String, description: String) {
        write(.server) { data in
            data.writeInteger(UInt32(name.utf8.count))
            data.writeString(name)
            data.writeSubstring(description.clippedToMessage)
        }
    }

    /// NBD_REP_META_CONTEXT: u32 number · name.
    mutating func context(number: UInt32, name: String) {
        write(.metaContext) { data in
            data.writeInteger(number)
            data.writeString(name)
        }
    }

    /// The NBD_REP_INFO replies on an export, each a u16 type and its values.
    mutating func information(on offer: NBDExportOffer, for question: ExportQuestion) {
        write(.info) { data in
            data.writeInteger(0, as: UInt16.self)  // NBD_INFO_EXPORT
            data.writeInteger(offer.size)
            data.writeInteger(offer.flags.rawValue)
        }
        write(.info) { data in
            data.writeInteger(3, as: UInt16.self)  // NBD_INFO_BLOCK_SIZE
            data.writeInteger(offer.minimumBlockSize)
            data.writeInteger(offer.preferredBlockSize)
            data.writeInteger(offer.maximumBlockSize)
        }
        if question.wantsName, offer.name.isProtocolString {
            write(.info) { data in
                data.writeInteger(1, as: UInt16.self)  // NBD_INFO_NAME
                data.writeString(offer.name)
            }
        }
        if question.wantsDescription {
            write(.info) { data in
                data.writeInteger(2, as: UInt16.self)  // NBD_INFO_DESCRIPTION
                data.writeSubstring(offer.description.clippedToMessage)
            }
        }
    }

    private mutating func write(_ kind: NBDOptionReply, _ data: (inout ByteBuffer) -> Void) {
        bytes.writeInteger(NBDMagic.optionReply)
        bytes.writeInteger(option)
        bytes.writeInteger(kind.code)
        let lengthIndex = bytes.writerIndex
        bytes.writeInteger(0, as: UInt32.self)
        data(&bytes)
        bytes.setInteger(UInt32(bytes.writerIndex - lengthIndex - 4), at: lengthIndex)
    }
}
