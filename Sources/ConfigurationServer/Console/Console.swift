// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Hummingbird
import Logging
import StoragePrimitives

/// The console: what operators see and do with a browser, on the port of the interface.
///
/// GET changes nothing. What changes something is a POST with the session's form token, and is answered by sending the
/// browser on, so that loading a page again repeats nothing.
struct Console: Sendable {
    let site: any SiteService
    let door: ConsoleDoor
    let templates: ConsoleTemplates
    /// The name that the console is known by: the first of the server's certificate.
    let hostName: String
    /// Seconds that a form may take to come in.
    let requestSeconds: UInt64
    let clock: any WallClock
    let logger: Logger

    /// The most octets of a form: a reprotect names at most the disks of 64 machines.
    static let maximumFormBytes = 1 << 20
    /// The most octets of the form that signs in: anybody may send it.
    static let maximumLoginBytes = 8 << 10
    /// Seconds that a page waits for what a master target says.
    static let patienceSeconds: UInt64 = 12

    func addRoutes(to router: Router<RequestOrigin>) {
        router.post("\(ConfigurationPath.consoleCodes)") { _, origin in try await makeCode(origin) }
        let console = router.group("")
        console.add(middleware: ConsoleAnswers(templates: templates, logger: logger))
        console.get("/") { _, _ in Response.seeOther(ConsolePath.root) }
        for asset in ConsoleAsset.all {
            console.get("console/\(asset.name)") { request, _ in asset.answer(request) }
        }
        addDoor(to: console)
        addPages(to: console)
        addChanges(to: console)
        console.get("console/**") { _, _ -> Response in throw Self.noPage }
        console.post("console/**") { _, _ -> Response in throw Self.noPage }
    }

    private static let noPage = ConfigurationFailure(
        .notFound, "The console has no such page.", remedy: "Begin at the overview.")

    private func makeCode(_ origin: RequestOrigin) async throws -> Response {
        let (code, expires, name) = try await door.makeCode(origin)
        logger.notice(
            "A code for the console was made.", metadata: ["operator": "\(name)", "address": "\(origin.address)"])
        let port = origin.channel.localAddress?.port ?? ConfigurationPath.defaultPort
        let host = hostName.contains(":") ? "[\(hostName)]" : hostName
        let address = port == 443 ? "https://\(host)\(ConsolePath.root)" : "https://\(host):\(port)\(ConsolePath.root)"
        return try .json(ConsoleCode(code: code, expires: DateTime(expires), address: address), status: .ok)
    }

    // MARK: - Requests

    /// Answers a GET of somebody who was let in.
    func page<View: PageView>(
        _ request: Request, _ make: (ConsoleSession, FormFields) async throws -> (View, PageFrame)
    ) async throws -> Response {
        let query = FormFields(request.uri.query ?? "")
        guard let session = try await door.session(of: request, isUse: !query.isTicked("auto")) else {
            throw Self.notSignedIn
        }
        do {
            let (view, frame) = try await make(session, query)
            return .page(show(view, in: frame, for: session))
        } catch let failure as ConfigurationFailure where (400..<500).contains(failure.httpStatus) {
            // What is not there does not take the navigation away.
            let frame = PageFrame(title: ConsoleAnswers.title(failure))
            return .page(show(FailureView(failure), in: frame, for: session), status: .init(code: failure.httpStatus))
        }
    }

    /// Does what a form of somebody who was let in asks for.
    func change(
        _ request: Request, _ perform: (ConsoleSession, FormFields) async throws -> Response
    ) async throws -> Response {
        guard ConsoleDoor.isFromConsole(request) else { throw Self.otherSite }
        guard let session = try await door.session(of: request, isUse: true) else { throw Self.notSignedIn }
        let fields = try await form(request, limit: Self.maximumFormBytes)
        guard ConsoleSecret.isFormToken(fields["csrf"], of: session.token) else {
            throw ConfigurationFailure(
                .notPermitted, "The form does not belong to your session.",
                remedy: "Load the page again, and send it anew.")
        }
        return try await perform(session, fields)
    }

    func show(_ view: some PageView, in frame: PageFrame, for session: ConsoleSession) -> String {
        var frame = frame
        frame.name = session.name
        frame.formToken = ConsoleSecret.formToken(of: session.token)
        return templates.render(view, in: frame)
    }

    /// Reads a form's body.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.tooLarge` or `.timedOut`.
    func form(_ request: Request, limit: Int) async throws -> FormFields {
        try await within(requestSeconds) {
            var request = request
            do {
                return FormFields(String(buffer: try await request.collectBody(upTo: limit)))
            } catch {
                throw ConfigurationFailure(.tooLarge, "The form is too large, or ended early.", remedy: "Send less.")
            }
        }
    }

    /// - Throws: ``ConfigurationFailure`` with `.timedOut` after that many seconds; the work is cancelled.
    func within<Value: Sendable>(
        _ seconds: UInt64, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw ConfigurationFailure(.timedOut, "It took more than \(seconds) s.", remedy: "Try again.")
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    static let notSignedIn = ConfigurationFailure(
        .notAuthenticated, "You are not signed in, or no more.", remedy: "Sign in, and do it again.")
    static let otherSite = ConfigurationFailure(
        .notPermitted, "The request does not come from a page of this console.", remedy: "Begin at the overview.")
}
