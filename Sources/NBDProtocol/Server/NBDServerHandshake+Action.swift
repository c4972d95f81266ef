// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NIOCore

extension NBDServerHandshake {
    /// Whether the connection may be in the clear.
    public enum Encryption: Hashable, Sendable {
        /// In the clear; NBD_OPT_STARTTLS is refused by policy (the protocol's NOTLS mode).
        case none
        /// TLS before anything else (FORCEDTLS mode): every option but NBD_OPT_STARTTLS and NBD_OPT_ABORT is refused first.
        case required
    }

    /// What the caller does next.
    public enum Action: Equatable {
        /// Nothing to do until more bytes come, or, after `.list` and `.find`, until they are answered.
        case wait
        /// Send these and go on.
        case send(ByteBuffer)
        /// Send these, then start TLS as its server, then ``tlsStarted()``. Whatever else comes in the clear is an error.
        case startTLS(ByteBuffer)
        /// Say which exports there are: ``listed(_:)``. Nothing is taken until then.
        case list
        /// Find the export and answer with ``found(_:)``; nothing is taken until then.
        ///
        /// `queries` are the metadata contexts that are asked for, as ``Lookup/offer(_:contexts:)`` answers them. Where they are
        /// empty, all contexts of the export are wanted if any are: a list without queries asks for all, and where none are
        /// wanted (NBD_OPT_INFO, NBD_OPT_GO) those that are given are left out.
        case find(name: String, queries: [String])
        /// Transmission begins; send these first. What is left of the bytes belongs to it.
        case finished(NBDSessionTerms, ByteBuffer)
        /// Send these, which may be nothing, and close the connection: the client said NBD_OPT_ABORT, or asked for an export
        /// that cannot be had in a way that has no error reply (NBD_OPT_EXPORT_NAME), or sent an option that is too long.
        case close(ByteBuffer)
    }

    /// What became of a search for an export.
    public enum Lookup: Sendable {
        /// The export, and those of its contexts, fully spelled, that match the queries: a query is the name of a context, or,
        /// in a list, a namespace and colon for all that are in it. A query of an unknown namespace matches nothing.
        case offer(NBDExportOffer, contexts: [String])
        /// There is none; the words are for the client's user (NBD_REP_ERR_UNKNOWN).
        case unknown(String)
        /// This client may not have it, or not now; the words say why (NBD_REP_ERR_POLICY).
        case refused(String)
    }
}
