//! The allow-list of network hosts, compared with what the HTTP client connects to.
//!
//! An input is a line with entries, separated by spaces, and a URL. The list may allow the URL only
//! if one entry covers the server that the client would resolve and connect to.

use std::cell::RefCell;
use std::sync::LazyLock;

use plugin_sdk_harness::services::AllowList;
use ureq::config::Config;
use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use crate::Verdict;
use crate::verdict::ensure;

/// A server that a client connects to.
#[derive(Clone, Debug, PartialEq)]
struct Server {
    is_https: bool,
    /// In lower case, without a trailing dot.
    host: String,
    port: u16,
}

thread_local! {
    /// The server that the client has just resolved.
    static RESOLVED: RefCell<Option<Server>> = const { RefCell::new(None) };
}

/// Notes which server the client asks for, and resolves none.
#[derive(Debug)]
struct Noting;

impl Resolver for Noting {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        RESOLVED.set(server(uri));
        Err(Error::HostNotFound)
    }
}

/// Reads a URI as ureq's own resolver does.
fn server(uri: &Uri) -> Option<Server> {
    let is_https = uri.scheme_str()?.eq_ignore_ascii_case("https");
    let authority = uri.authority()?;
    let host = authority.host().to_ascii_lowercase();
    Some(Server {
        is_https,
        host: host.strip_suffix('.').unwrap_or(&host).to_owned(),
        port: authority
            .port_u16()
            .unwrap_or(if is_https { 443 } else { 80 }),
    })
}

/// Returns the server that the client would connect to.
fn resolved(uri: &Uri) -> Option<Server> {
    static AGENT: LazyLock<Agent> = LazyLock::new(|| {
        let config = Agent::config_builder().proxy(None).build();
        Agent::with_parts(config, DefaultConnector::default(), Noting)
    });
    RESOLVED.set(None);
    let request = Request::get(uri.clone()).body(()).ok()?;
    // It always fails: no server is found.
    let _ = AGENT.run(request);
    RESOLVED.take()
}

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let Ok(text) = std::str::from_utf8(input) else {
        return Ok(());
    };
    let (entries, url) = text.split_once('\n').unwrap_or(("", text));
    let entries: Vec<&str> = entries
        .split(' ')
        .filter(|entry| !entry.is_empty())
        .collect();
    if let Ok(target) = AllowList::any().check(url) {
        let server = Server {
            is_https: target.scheme() == "https",
            host: target.host(),
            port: target.port(),
        };
        same(&server, resolved(target.uri()))?;
    }
    let Ok(list) = AllowList::new(&entries) else {
        return Ok(());
    };
    match list.check(url) {
        Ok(target) => covered(
            &entries,
            &resolved(target.uri()).ok_or("the client does not resolve")?,
        ),
        Err(error) => {
            ensure!(!error.code().is_empty(), "a refusal has no code");
            Ok(())
        }
    }
}

/// Compares the server that the list saw with the client's.
fn same(seen: &Server, resolved: Option<Server>) -> Verdict {
    let same = resolved.as_ref().is_some_and(|resolved| {
        let host = same_host(&resolved.host, &seen.host);
        host && resolved.port == seen.port && resolved.is_https == seen.is_https
    });
    ensure!(
        same,
        "the list sees {seen:?}, and the client connects to {resolved:?}"
    );
    Ok(())
}

/// Checks that an entry covers a server.
fn covered(entries: &[&str], server: &Server) -> Verdict {
    ensure!(
        entries.iter().any(|entry| covers(entry, server)),
        "{entries:?} allow {server:?}"
    );
    Ok(())
}

/// Compares texts, without regard to what is valid.
fn covers(entry: &str, server: &Server) -> bool {
    let entry = entry.to_ascii_lowercase();
    let (scheme, rest) = entry.split_once("://").unwrap_or(("", &entry));
    let scheme_fits = match scheme {
        "" => true,
        "https" => server.is_https,
        _ => !server.is_https,
    };
    let usual = if server.is_https { 443 } else { 80 };
    // The last colon, unless it is inside brackets.
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let port_fits = match port {
        None => server.port == usual,
        Some("*") => true,
        Some(port) => port.parse() == Ok(server.port),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let host_fits = match host.strip_prefix("*.") {
        Some(above) => {
            let below = server.host.strip_suffix(above);
            below.is_some_and(|below| below.len() > 1 && below.ends_with('.'))
        }
        None => same_host(host, &server.host),
    };
    scheme_fits && port_fits && host_fits
}

fn same_host(one: &str, other: &str) -> bool {
    let address = |host: &str| {
        host.trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .ok()
    };
    one == other || address(one).is_some_and(|one| Some(one) == address(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(host: &str, port: u16) -> Server {
        Server {
            is_https: false,
            host: host.to_owned(),
            port,
        }
    }

    #[test]
    fn a_server_that_no_entry_covers_is_noticed() {
        let allowed = [
            "api.example.com",
            "*.example.org",
            "localhost:*",
            "[::1]:8080",
            "https://x.y",
        ];
        for (host, port) in [
            ("api.example.com", 80),
            ("a.b.example.org", 80),
            ("localhost", 9),
            ("[::1]", 8080),
        ] {
            assert_eq!(covered(&allowed, &example(host, port)), Ok(()), "{host}");
        }
        for (host, port) in [
            ("api.example.com.evil.com", 80),
            ("example.org", 80),
            ("evilexample.org", 80),
            ("api.example.com", 81),
            ("x.y", 80),
        ] {
            assert!(covered(&allowed, &example(host, port)).is_err(), "{host}");
        }
    }

    #[test]
    fn a_list_that_sees_another_server_than_the_client_is_noticed() {
        let uri: Uri = "http://user@Evil.com.:81/".parse().expect("a URI");
        let client = resolved(&uri);
        assert_eq!(client, Some(example("evil.com", 81)));
        assert_eq!(same(&example("evil.com", 81), client.clone()), Ok(()));
        assert!(same(&example("user", 81), client.clone()).is_err());
        assert!(same(&example("evil.com", 80), client).is_err());
        assert!(same(&example("evil.com", 80), None).is_err());
    }
}
