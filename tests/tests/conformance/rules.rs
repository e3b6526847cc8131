//! The reasons for which a behaviour does not apply to a host, and the services of each host.

/// A feature that a host lacks for every plugin, with the reason.
pub struct Rule {
    pub host: &'static str,
    pub asked: &'static [&'static str],
    pub why: &'static str,
}

/// The only reasons for which a cell is not applicable. A rule of [`REAL`] is one of every real
/// host, and others are also those of the real host of the name.
pub const RULES: &[Rule] = &[
    Rule {
        host: "cis",
        asked: &["a configuration", "another configuration"],
        why: "CIS passes no configuration to skills",
    },
    Rule {
        host: "cis",
        asked: &["start and stop"],
        why: "CIS has no start and stop: a skill starts when initialised, and stops when shut down",
    },
    Rule {
        host: "neotalk",
        asked: &["start and stop"],
        why: "NeoTalk has no start and stop: a plugin starts when initialised, and stops when cleaned up",
    },
    Rule {
        host: "neotalk",
        asked: &["events in"],
        why: "NeoTalk has no events",
    },
    Rule {
        host: "toolfs",
        asked: &["start and stop", "events in", "an observable cleanup"],
        why: "ToolFS only initialises a plugin and passes requests to it",
    },
    Rule {
        host: "toolfs",
        asked: &["a log"],
        why: "ToolFS has no log: lines are discarded",
    },
    Rule {
        host: "neomind",
        asked: &["a configuration", "another configuration"],
        why: "NeoMind's runner passes no configuration to plugins",
    },
    Rule {
        host: "neomind",
        asked: &["start and stop", "events in", "an observable cleanup"],
        why: "NeoMind's runner calls only commands",
    },
    Rule {
        host: "neomind",
        asked: &["state", "a dead instance"],
        why: "NeoMind's runner creates an instance for every call",
    },
    Rule {
        host: "neomind",
        asked: &["arguments of 1 MiB"],
        why: "NeoMind's runner writes arguments over the unused stack, of 1 MiB; larger ones are refused",
    },
    Rule {
        host: "neomind",
        asked: &["a result of 1 MiB"],
        why: "NeoMind's runner reads at most 65535 bytes; instead of a longer answer there is an error",
    },
    Rule {
        host: "neomind",
        asked: &["arguments as text"],
        why: "NeoMind's runner takes values, not text, and writes the JSON itself",
    },
    Rule {
        host: "typst",
        asked: &["start and stop", "events in", "an observable cleanup"],
        why: "Typst only calls a plugin's functions",
    },
    Rule {
        host: "typst",
        asked: &["state", "a dead instance"],
        why: "Typst does not guarantee which instance serves a call",
    },
    Rule {
        host: "typst",
        asked: &["a log"],
        why: "Typst has no log: lines are discarded",
    },
    Rule {
        host: REAL,
        asked: &["fuel"],
        why: "wazero has no fuel: the hosts in Go limit time",
    },
];

/// The name of all real hosts in the rules.
pub const REAL: &str = "real";

/// Returns the services that a host has, in full or in part.
pub fn services(host: &str) -> &'static [&'static str] {
    match host {
        "native" => &[
            "plain bytes",
            "log",
            "kv",
            "config",
            "events out",
            "http get",
            "http post",
            "http body",
            "time",
            "random",
            "files",
            "ai",
        ],
        "neotalk" => &["log", "config", "http get", "http post", "time", "random"],
        "cis" => &["plain bytes", "log", "kv", "http post", "http body", "ai"],
        "musicfox" => &[
            "log",
            "config",
            "events out",
            "http get",
            "http post",
            "http body",
            "files",
        ],
        "extism" => &[
            "plain bytes",
            "log",
            "kv",
            "config",
            "http get",
            "http post",
            "http body",
        ],
        "neomind" => &["log", "events out", "time"],
        "toolfs" => &["plain bytes", "files"],
        "typst" => &["plain bytes"],
        other => panic!("the services of the host `{other}` are not listed"),
    }
}
