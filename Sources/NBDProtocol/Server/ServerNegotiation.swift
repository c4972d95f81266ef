// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// What a client has negotiated so far, besides encryption. TLS begins with nothing of it.
struct ServerNegotiation {
    var hasStructuredReplies = false
    /// The contexts that were selected last, and for which export.
    private var selection: (export: String, contexts: [NBDContextBinding])?

    mutating func unselect() { selection = nil }

    /// Replaces what was selected, and tells the numbers; nil, with nothing done, where these are too many.
    mutating func select(_ names: [String], of export: String) -> [NBDContextBinding]? {
        let names = Self.sayable(names)
        guard names.count <= NBDLimit.contexts else { return nil }
        let contexts = zip(1..., names).map { NBDContextBinding(number: $0, name: $1) }
        selection = (export, contexts)
        return contexts
    }

    /// An offer with the flags that hold in this session.
    func adjusted(_ offer: NBDExportOffer) -> NBDExportOffer {
        var offer = offer
        offer.flags.insert(.hasFlags)
        if !hasStructuredReplies { offer.flags.remove(.sendsDF) }
        if !offer.flags.contains(.sendsWriteZeroes) { offer.flags.remove(.sendsFastZero) }
        return offer
    }

    /// The terms for the export that the client knows as `name`: contexts count where they were selected for the same.
    func terms(_ offer: NBDExportOffer, as name: String) -> NBDSessionTerms {
        var contexts: [NBDContextBinding] = []
        if let selection, selection.export == name { contexts = selection.contexts }
        return NBDSessionTerms(offer: offer, hasStructuredReplies: hasStructuredReplies, contexts: contexts)
    }

    /// Each once, in the order given, without those that the protocol cannot say.
    static func sayable(_ contexts: [String]) -> [String] {
        var seen: Set<String> = []
        return contexts.filter { $0.isProtocolString && seen.insert($0).inserted }
    }
}

/// What an export is looked for.
enum ExportSearch {
    case exportName(String)
    case info(ExportQuestion)
    case go(ExportQuestion)
    case listContexts
    /// Where no query names a context, none is selected, whatever the export has.
    case setContexts(export: String, selectsNothing: Bool)

    var option: NBDOption {
        switch self {
        case .exportName: .exportName
        case .info: .info
        case .go: .go
        case .listContexts: .listMetaContext
        case .setContexts: .setMetaContext
        }
    }
}
