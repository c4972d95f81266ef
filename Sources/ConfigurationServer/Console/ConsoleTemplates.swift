// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Mustache

/// Text as HTML, in a text or in a quoted attribute: by Unicode scalars.
///
/// Mustache's own escaping goes by characters, and a quotation mark with a combining one after it is another character
/// than a quotation mark: it would end the attribute.
private struct EscapedByScalar: MustacheContentType {
    static let name = "CONSOLE"

    func escapeText(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "\0": result.append("\u{FFFD}")
            // Marks that turn the direction of what follows stay in their own text.
            case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

/// What every page has besides its own.
package struct PageFrame: Sendable {
    /// The page's, for the title and the heading.
    package var title: String
    /// The part of the navigation that it belongs to.
    package var section: Section?
    /// The operator; nil before the login.
    package var name: String?
    /// The session's token for forms.
    package var formToken = ""
    /// The address that shows the same later; nil for a page that stays as it is.
    package var refreshAddress: String?
    /// Seconds between two looks at it.
    package var refreshSeconds = 10
    /// Whether the whole page is loaded again where there is no script: only what is watched, and not what is read.
    package var isReloaded = false

    /// A part of the navigation.
    package enum Section: String, CaseIterable, Sendable { case overview, jobs, servers, machines, policies }

    /// A frame.
    package init(title: String, section: Section? = nil) {
        self.title = title
        self.section = section
    }
}

/// A page's own part, and the template that shows it.
package protocol PageView: Sendable {
    static var template: String { get }
}

/// Every template, read once.
package struct ConsoleTemplates: Sendable {
    private let library: MustacheLibrary

    /// The templates by their names, as they are written.
    package static let sources: [String: [UInt8]] = [
        "badge": PackageResources.badge_mustache,
        "confirm": PackageResources.confirm_mustache,
        "failure": PackageResources.failure_mustache,
        "finding": PackageResources.finding_mustache,
        "group": PackageResources.group_mustache,
        "job": PackageResources.job_mustache,
        "joblist": PackageResources.joblist_mustache,
        "jobs": PackageResources.jobs_mustache,
        "login": PackageResources.login_mustache,
        "machines": PackageResources.machines_mustache,
        "moment": PackageResources.moment_mustache,
        "operation": PackageResources.operation_mustache,
        "overview": PackageResources.overview_mustache,
        "page": PackageResources.page_mustache,
        "point": PackageResources.point_mustache,
        "policies": PackageResources.policies_mustache,
        "policy": PackageResources.policy_mustache,
        "promise": PackageResources.promise_mustache,
        "rpo": PackageResources.rpo_mustache,
        "server": PackageResources.server_mustache,
        "serverlist": PackageResources.serverlist_mustache,
        "servers": PackageResources.servers_mustache,
        "timeline": PackageResources.timeline_mustache,
    ]

    /// - Throws: An error of the parser for a template that is none; tests read them all.
    package init() throws {
        MustacheContentTypes.register(EscapedByScalar(), named: EscapedByScalar.name)
        library = MustacheLibrary(
            templates: try Self.sources.mapValues { source in
                try MustacheTemplate(
                    string: "{{% CONTENT_TYPE: \(EscapedByScalar.name) }}" + String(decoding: source, as: UTF8.self))
            })
    }

    private struct Navigation {
        let name: String
        let address: String
        let isCurrent: Bool
    }

    private struct Root<View> {
        let frame: PageFrame
        let csrf: String
        let navigation: [Navigation]
        let view: View
    }

    /// A page as HTML.
    package func render<View: PageView>(_ view: View, in frame: PageFrame) -> String {
        let navigation = PageFrame.Section.allCases.map { section in
            Navigation(
                name: section == .overview ? "Overview" : section.rawValue.capitalizedFirst,
                address: section == .overview ? "/console/" : "/console/\(section.rawValue)",
                isCurrent: section == frame.section)
        }
        let root = Root(frame: frame, csrf: frame.formToken, navigation: navigation, view: view)
        return library.render(root, withTemplate: View.template) ?? ""
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
