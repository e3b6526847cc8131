//! The network hosts that a plugin may reach.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use http::Uri;
use plugin_sdk::{Error, Result, code};
use serde_json::json;

use super::error;
use crate::failure::{Failure, FailureKind};

/// The network hosts that plugins may send requests to. A host that is not listed is denied.
///
/// | entry | allows |
/// |---|---|
/// | `api.example.com` | this host, by HTTP on port 80 and HTTPS on port 443 |
/// | `https://api.example.com` | this host, by HTTPS only |
/// | `*.example.org` | all hosts below `example.org`, at any depth, but not `example.org` itself |
/// | `localhost:8080`, `localhost:*` | this host on this port, or on any port |
/// | `127.0.0.1`, `[::1]:8080` | an IP address, for requests that name it in this form |
///
/// The check parses a request's URL with the same parser as the client and compares its host as a
/// whole, ignoring case and one trailing dot. It refuses URLs whose host is easily misread: those
/// with a user name before the host, with IP addresses in an unusual form (`127.1`, `0x7f000001`)
/// or with letters beyond ASCII (write `xn--bcher-kva.example`). It does not resolve names, so
/// the operator of an allowed name's DNS decides where its requests go.
///
/// ```
/// use plugin_sdk_harness::services::AllowList;
///
/// let allowed = AllowList::new(["api.example.com", "*.example.org", "localhost:8080"])?;
/// assert!(allowed.check("https://API.example.com/v1?q=1").is_ok());
/// assert!(allowed.check("http://localhost:8080/").is_ok());
///
/// let error = allowed.check("https://api.example.com.evil.com/").unwrap_err();
/// assert_eq!(error.code(), "permission_denied");
/// let details = error.details().unwrap();
/// assert_eq!(details["host"], "api.example.com.evil.com");
/// assert_eq!(details["grant"], r#"AllowList::new(["api.example.com.evil.com"])"#);
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    rules: Arc<[Rule]>,
    any: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    https: Option<bool>,
    host: Host,
    /// `true` for the hosts below `host`, `false` for `host` itself.
    below: bool,
    port: Port,
}

#[derive(Clone, Copy, Debug)]
enum Port {
    /// The scheme's default.
    Usual,
    Exactly(u16),
    Any,
}

/// The destination of a request.
#[derive(Clone, Debug)]
pub struct Target {
    uri: Uri,
    https: bool,
    host: Host,
    port: u16,
}

/// A host in normal form for comparison: in lower case, without a trailing dot.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl AllowList {
    /// Creates a list of the given hosts.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Service`] for an invalid entry; it names the entry and the reason.
    pub fn new<E: AsRef<str>>(entries: impl IntoIterator<Item = E>) -> Result<Self, Failure> {
        let rules = entries
            .into_iter()
            .map(|entry| Rule::parse(entry.as_ref()))
            .collect::<Result<_, Failure>>()?;
        Ok(AllowList { rules, any: false })
    }

    /// Allows all hosts, including those of the local network: only for trusted plugins.
    pub fn any() -> Self {
        AllowList {
            rules: Arc::default(),
            any: true,
        }
    }

    /// Parses a request's URL and returns its destination if the host is allowed.
    ///
    /// # Errors
    ///
    /// `invalid_argument` for an invalid HTTP URL; `permission_denied`, with the members `host` and
    /// `grant`, for a host that is not listed.
    pub fn check(&self, url: &str) -> Result<Target> {
        let target = Target::parse(url)?;
        if self.any || self.rules.iter().any(|rule| rule.allows(&target)) {
            return Ok(target);
        }
        let host = target.host_and_port();
        let same_host = |rule: &Rule| {
            rule.https == Some(!target.https) && rule.host.is_for(rule.below, &target.host)
        };
        let entry = match self.rules.iter().any(same_host) {
            true => format!("{}://{host}", target.scheme()),
            false => host.clone(),
        };
        Err(Error::new(
            code::PERMISSION_DENIED,
            format!("requests to {} are not allowed", error::quoted(&entry)),
        )
        .with_details(&json!({
            "permission": "http",
            "host": host,
            "grant": format!("AllowList::new([{entry:?}])"),
        })))
    }
}

impl Rule {
    /// Parses an entry.
    fn parse(entry: &str) -> Result<Self, Failure> {
        let wrong = |reason: &str| {
            Failure::load(FailureKind::Service {
                service: "http",
                reason: format!(
                    "the entry {} of the allow-list {reason}",
                    error::quoted(entry)
                ),
            })
        };
        let (https, rest) = match entry.split_once("://") {
            None => (None, entry),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
            Some(_) => return Err(wrong("has a scheme other than `http` and `https`")),
        };
        if rest.contains(['/', '?', '#', '@']) {
            return Err(wrong("is more than a host and a port"));
        }
        if matches!(rest, "*" | "**") {
            return Err(wrong(
                "means every host; to allow that, use `AllowList::any()`",
            ));
        }
        let (below, rest) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        // The last colon, unless it is inside brackets.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let port = match port {
            None => Port::Usual,
            Some("*") => Port::Any,
            Some(port) => Port::Exactly(
                port_number(port)
                    .ok_or_else(|| wrong("has a port that is not one of 1 to 65535"))?,
            ),
        };
        let host = Host::parse(host).map_err(wrong)?;
        if below && !matches!(host, Host::Name(_)) {
            return Err(wrong(
                "has a `*` before an address, which has nothing below it",
            ));
        }
        Ok(Rule {
            https,
            host,
            below,
            port,
        })
    }

    fn allows(&self, target: &Target) -> bool {
        let port = match self.port {
            Port::Usual => target.port == usual_port(target.https),
            Port::Exactly(port) => target.port == port,
            Port::Any => true,
        };
        port && self.https.is_none_or(|https| https == target.https)
            && self.host.is_for(self.below, &target.host)
    }
}

impl Host {
    /// Parses a host. The error is the reason, as the end of a sentence.
    fn parse(host: &str) -> Result<Self, &'static str> {
        if let Some(address) = host.strip_prefix('[') {
            return address
                .strip_suffix(']')
                .and_then(|address| address.parse().ok())
                .map(Host::V6)
                .ok_or("has an address in brackets that is not an IPv6 address");
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        if !host.is_ascii() {
            return Err("has letters beyond ASCII in its host; write the host in its `xn--` form");
        }
        if host.len() > 253
            || host
                .split('.')
                .any(|label| label.is_empty() || label.len() > 63)
        {
            return Err("has no host name");
        }
        if !host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        {
            return Err("has invalid characters in its host");
        }
        if let Ok(address) = host.parse() {
            return Ok(Host::V4(address));
        }
        // Some resolvers accept older forms of an IPv4 address.
        let last = host.rsplit_once('.').map_or(host, |(_, last)| last);
        let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if number(last) || last.starts_with("0x") || last.starts_with("0X") {
            return Err(
                "has an address in an unusual form; write it as four numbers with dots between them",
            );
        }
        Ok(Host::Name(host.to_ascii_lowercase()))
    }

    /// Returns whether a rule for this host, or for the hosts below it, covers `host`.
    fn is_for(&self, below: bool, host: &Host) -> bool {
        match (self, host) {
            (Host::Name(above), Host::Name(name)) if below => name
                .strip_suffix(above.as_str())
                .is_some_and(|start| start.ends_with('.')),
            _ => !below && self == host,
        }
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(address) => write!(f, "{address}"),
            Host::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl Target {
    fn parse(url: &str) -> Result<Self> {
        let wrong =
            |reason: &str| error::invalid(format!("the address {} {reason}", error::quoted(url)));
        let uri: Uri = url
            .parse()
            .map_err(|error| wrong(&format!("cannot be used: {error}")))?;
        let https = match uri.scheme_str() {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => true,
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err(wrong("begins with neither `http://` nor `https://`")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong(
                "has a user's name before its host; send an `authorization` header instead",
            ));
        }
        let host = Host::parse(authority.host()).map_err(wrong)?;
        let port = match authority.as_str().get(authority.host().len()..) {
            None | Some("") => usual_port(https),
            Some(port) => port
                .strip_prefix(':')
                .and_then(port_number)
                .ok_or_else(|| wrong("has a port that is not one of 1 to 65535"))?,
        };
        Ok(Target {
            uri,
            https,
            host,
            port,
        })
    }

    /// Returns the host, in lower case; an IPv6 address is in brackets.
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// Returns the port, which is the scheme's default unless the URL has one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        match self.https {
            true => "https",
            false => "http",
        }
    }

    /// Returns the URL as a client accepts it.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    fn host_and_port(&self) -> String {
        match self.port == usual_port(self.https) {
            true => self.host(),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Returns whether two URLs are on one server, which may then see the same secrets.
    #[cfg(feature = "http-client")]
    pub(super) fn same_server(&self, other: &Target) -> bool {
        (self.https, self.port, &self.host) == (other.https, other.port, &other.host)
    }
}

fn usual_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

/// Parses a port. Only digits are valid: `parse` alone would accept a sign.
fn port_number(digits: &str) -> Option<u16> {
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| all_digits && *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(allowed: &AllowList, url: &str) -> String {
        match allowed.check(url) {
            Ok(_) => "allowed".to_owned(),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn hosts_match_as_a_whole() {
        let allowed = AllowList::new([
            "api.example.com",
            "*.example.org",
            "localhost:8080",
            "127.0.0.1:*",
            "[::1]:9000",
            "https://secure.example.net",
            "xn--bcher-kva.example",
        ])
        .unwrap();
        for (url, expected) in [
            ("http://api.example.com", "allowed"),
            ("https://api.example.com/", "allowed"),
            ("HTTPS://API.Example.COM/x?y#z", "allowed"),
            ("https://api.example.com./", "allowed"),
            ("https://api.example.com:443/", "allowed"),
            ("http://api.example.com:80/", "allowed"),
            ("http://api.example.com:443/", "permission_denied"),
            ("https://api.example.com:8443/", "permission_denied"),
            ("http://api.example.com.evil.com/", "permission_denied"),
            ("http://evil.com/api.example.com", "permission_denied"),
            ("http://evil.com/?api.example.com", "permission_denied"),
            ("http://evil.com#api.example.com", "permission_denied"),
            ("http://xapi.example.com/", "permission_denied"),
            ("http://v1.api.example.com/", "permission_denied"),
            ("http://example.com/", "permission_denied"),
            ("http://a.example.org/", "allowed"),
            ("http://a.b.example.org/", "allowed"),
            ("http://A.EXAMPLE.org./", "allowed"),
            ("http://example.org/", "permission_denied"),
            ("http://evilexample.org/", "permission_denied"),
            ("http://a.example.org.evil.com/", "permission_denied"),
            ("http://localhost:8080/", "allowed"),
            ("http://localhost/", "permission_denied"),
            ("http://localhost:80801/", "invalid_argument"),
            ("http://127.0.0.1:1234/", "allowed"),
            ("http://127.0.0.1/", "allowed"),
            ("http://[::1]:9000/", "allowed"),
            ("http://[0:0:0:0:0:0:0:1]:9000/", "allowed"),
            ("http://[::1]/", "permission_denied"),
            ("http://[::ffff:127.0.0.1]/", "permission_denied"),
            ("https://secure.example.net/", "allowed"),
            ("http://secure.example.net/", "permission_denied"),
            ("http://secure.example.net:443/", "permission_denied"),
            ("http://xn--bcher-kva.example/", "allowed"),
            ("http://XN--BCHER-KVA.example/", "allowed"),
            // URLs whose host is easily misread.
            ("http://api.example.com@evil.com/", "invalid_argument"),
            ("http://api.example.com:80@evil.com/", "invalid_argument"),
            ("http://user@api.example.com/", "invalid_argument"),
            ("http://@api.example.com/", "invalid_argument"),
            ("http://evil.com\\@api.example.com/", "invalid_argument"),
            ("http://evil.com\\.api.example.com/", "invalid_argument"),
            ("http://api.example.com%2eevil.com/", "invalid_argument"),
            ("http://ap%69.example.com/", "invalid_argument"),
            ("http://api.example.com../", "invalid_argument"),
            ("http://.example.org/", "invalid_argument"),
            ("http://a..example.org/", "invalid_argument"),
            ("http://bücher.example/", "invalid_argument"),
            ("http://api。example.com/", "invalid_argument"),
            ("http://127.1/", "invalid_argument"),
            ("http://2130706433/", "invalid_argument"),
            ("http://0x7f000001/", "invalid_argument"),
            ("http://0x7f.0.0.1/", "invalid_argument"),
            ("http://0177.0.0.1/", "invalid_argument"),
            ("http://1.2.3.4.5/", "invalid_argument"),
            ("http://[::1/", "invalid_argument"),
            ("http://[fe80::1%25eth0]/", "invalid_argument"),
            ("http://api.example.com:/", "invalid_argument"),
            ("http://api.example.com:0/", "invalid_argument"),
            ("http://api.example.com:+80/", "invalid_argument"),
            ("http://api.example.com:80:80/", "invalid_argument"),
            ("http:///path", "invalid_argument"),
            ("http://", "invalid_argument"),
            ("http:api.example.com", "invalid_argument"),
            ("//api.example.com/", "invalid_argument"),
            ("/path", "invalid_argument"),
            ("api.example.com", "invalid_argument"),
            ("file:///etc/passwd", "invalid_argument"),
            ("ftp://api.example.com/", "invalid_argument"),
            ("", "invalid_argument"),
            (" http://api.example.com/", "invalid_argument"),
            ("http://api.example.com/\r\nx: y", "invalid_argument"),
        ] {
            assert_eq!(verdict(&allowed, url), expected, "{url}");
        }
    }

    #[test]
    fn empty_list_allows_no_host_and_any_allows_all() {
        let none = AllowList::new::<&str>([]).unwrap();
        assert_eq!(verdict(&none, "http://localhost/"), "permission_denied");
        assert_eq!(
            verdict(&AllowList::default(), "http://a.b/"),
            "permission_denied"
        );
        assert_eq!(verdict(&AllowList::any(), "http://localhost:1/"), "allowed");
        assert_eq!(
            verdict(&AllowList::any(), "http://u@localhost/"),
            "invalid_argument"
        );
    }

    #[test]
    fn invalid_entries_name_the_reason() {
        for (entry, expected) in [
            ("", "has no host name"),
            ("*", "`AllowList::any()`"),
            ("*.", "has no host name"),
            ("a.*.com", "characters in its host"),
            ("http://a/b", "more than a host and a port"),
            ("user@a", "more than a host and a port"),
            ("ftp://a", "scheme other than"),
            ("a:0", "not one of 1 to 65535"),
            ("a:http", "not one of 1 to 65535"),
            ("::1", "characters in its host"),
            ("[::1", "not an IPv6 address"),
            ("*.127.0.0.1", "nothing below it"),
            ("bücher.example", "`xn--` form"),
            ("127.1", "unusual form"),
        ] {
            let failure = AllowList::new([entry]).unwrap_err();
            assert_eq!(failure.code(), "service");
            assert!(failure.to_string().contains(expected), "{entry}: {failure}");
        }
    }

    #[test]
    fn denied_hosts_name_the_entry_that_allows_them() {
        let allowed = AllowList::new(["https://a.example"]).unwrap();
        for (url, entry) in [
            ("http://b.example/", "b.example"),
            ("http://b.example:81/", "b.example:81"),
            ("http://a.example/", "http://a.example"),
            ("http://[::1]:81/", "[::1]:81"),
        ] {
            let error = allowed.check(url).unwrap_err();
            assert!(error.message().contains(&format!("`{entry}`")), "{error}");
            let details = error.details().unwrap();
            assert_eq!(details["grant"], format!("AllowList::new([{entry:?}])"));
            let more = AllowList::new([entry]).unwrap();
            assert_eq!(verdict(&more, url), "allowed", "the entry does allow it");
        }
    }
}
