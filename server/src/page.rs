//! The page on which people try plugins: served at `/`, or written as a file.
//!
//! Both are one HTML document with its styles and scripts inline. They differ only in their data,
//! so what is tested on a server also works from a file, and the server needs one route. The
//! document's Content-Security-Policy lists the hashes of its style sheet and its script; the
//! browser runs no other script and loads nothing from elsewhere.

use std::sync::LazyLock;

use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const HTML: &str = include_str!("page/page.html");
const DOCUMENT: &str = include_str!("page/document.html");
const STYLE: &str = include_str!("page/page.css");
const WORKER: &str = include_str!("page/wasm_host.js");
/// One script of several files, which share its scope. A module that is inline cannot be imported.
const SCRIPT: &str = concat!(
    include_str!("page/json.js"),
    include_str!("page/elements.js"),
    include_str!("page/form.js"),
    include_str!("page/calls.js"),
    include_str!("page/plugin.js"),
    include_str!("page/page.js"),
);

/// Returns the page of a server.
pub fn live() -> String {
    composed("'self'", "")
}

/// Returns a page for one plugin, with its module inside. It needs no server: the plugin runs in
/// the browser, also if the page is opened from a file.
///
/// The manifest is JSON, as a
/// [`Manifest`](plugin_sdk_harness::manifest::Manifest) serialises.
pub fn offline(module: &[u8], manifest: &str) -> String {
    let module = STANDARD.encode(module);
    // In JSON, `<` occurs only within strings. Escaped, no text of a plugin can end the element.
    let manifest = manifest.replace('<', "\\u003c");
    let data = format!(
        "<script type=\"application/octet-stream\" id=\"module\">{module}</script>\n\
         <script type=\"application/json\" id=\"manifest\">{manifest}</script>"
    );
    composed("'none'", &data)
}

/// Returns a page in the same style that has no scripts. Both arguments are HTML.
pub fn document(title: &str, body: &str) -> String {
    let policy = format!(
        "default-src 'none'; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE)
    );
    let parts = [
        ("policy", policy.as_str()),
        ("title", title),
        ("style", STYLE),
        ("body", body),
    ];
    filled(DOCUMENT, &parts)
}

fn composed(connect: &str, data: &str) -> String {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {} 'wasm-unsafe-eval'; worker-src blob:; \
         connect-src {connect}; img-src data:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types worker",
        hash(STYLE),
        hash(SCRIPT)
    );
    let parts = [
        ("policy", policy.as_str()),
        ("style", STYLE),
        ("data", data),
        ("worker", WORKER),
        ("script", SCRIPT),
    ];
    filled(HTML, &parts)
}

/// Returns a template with its placeholders replaced, which are in the order of the parts.
fn filled(template: &str, parts: &[(&str, &str)]) -> String {
    let length: usize = parts.iter().map(|(_, text)| text.len()).sum();
    let mut page = String::with_capacity(template.len() + length);
    let mut rest = template;
    // Searches only the rest of the template, never a part, which may contain a placeholder.
    for (name, text) in parts {
        let (before, after) = rest
            .split_once(&format!("{{{{{name}}}}}"))
            .unwrap_or((rest, ""));
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Returns the policy's source expression for an inline element with this text.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

pub(crate) async fn route() -> impl IntoResponse {
    let headers: [(HeaderName, &str); 4] = [
        // A policy in a `meta` element cannot restrict frames.
        (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    static LIVE: LazyLock<String> = LazyLock::new(live);
    (headers, Html(LIVE.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_page_is_filled_in() {
        let page = live();
        assert!(!page.contains("{{"), "a part is missing");
        for text in [STYLE, WORKER, SCRIPT] {
            assert_eq!(page.matches(text).count(), 1);
            // Such text would end its element early, or change how a browser parses the rest.
            for end in ["</script", "</style", "<!--"] {
                assert!(!text.contains(end), "{end}");
            }
        }
        assert!(page.contains("connect-src 'self';"));
    }

    #[test]
    fn a_manifest_cannot_leave_its_element() {
        let manifest = r#"{"name": "</script><script>alert(1)</script><!-- {{worker}}"}"#;
        let page = offline(b"\0asm", manifest);
        assert!(!page.contains("<script>alert"));
        assert!(page.contains(r"\u003c/script>\u003cscript>alert(1)"));
        assert!(page.contains(">AGFzbQ==</script>"));
        assert!(page.contains("connect-src 'none';"));
        assert_eq!(page.matches(WORKER).count(), 1);
    }
}
