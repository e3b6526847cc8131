//! Limits that the user sets by name: `--limit NAME=N`.

use std::str::FromStr;

use plugin_sdk_harness::{ModuleLimits, PluginBuilder};

use crate::text;

/// A limit of the harness, by its name in the table of limits, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedLimit {
    name: &'static str,
    value: u64,
}

impl FromStr for NamedLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "expected `NAME=N`, such as `table_elements=50000`".to_owned();
        let (name, value) = text.split_once('=').ok_or_else(form)?;
        let value = value.parse().map_err(|_| form())?;
        let mut module = ModuleLimits::default();
        let of_modules = module.by_name().map(|(name, _)| name);
        let known: Vec<_> = of_modules.chain(PluginBuilder::limit_names()).collect();
        match known.iter().copied().find(|known| *known == name) {
            Some(name) => Ok(NamedLimit { name, value }),
            None => {
                let shown = text::line(name, 60);
                let nearest = text::nearest(name, known);
                let hint = nearest.map(|nearest| format!("; did you mean `{nearest}`?"));
                Err(format!(
                    "there is no limit `{shown}`{}",
                    hint.unwrap_or_default()
                ))
            }
        }
    }
}

/// Returns the default limits of modules, with those that are named replaced.
pub fn of_modules(named: &[NamedLimit]) -> ModuleLimits {
    let mut limits = ModuleLimits::default();
    for limit in named {
        let place = limits.by_name().find(|(name, _)| *name == limit.name);
        if let Some((_, place)) = place {
            *place = limit.value;
        }
    }
    limits
}

/// Sets those that are limits of calls.
pub fn set(builder: PluginBuilder, named: &[NamedLimit]) -> PluginBuilder {
    PluginBuilder::limit_names().fold(builder, |builder, name| {
        let mut named = named.iter().rev();
        match named.find(|limit| limit.name == name) {
            Some(limit) => builder
                .limit(name, limit.value)
                .unwrap_or_else(|error| unreachable!("{error}")),
            None => builder,
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn limits_are_known_by_their_names() {
        let limits: Vec<NamedLimit> = ["globals=7", "max_host_calls=9"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        assert_eq!(of_modules(&limits).globals, 7);
        let wrong = |text: &str| text.parse::<NamedLimit>().unwrap_err();
        assert_eq!(
            wrong("max_host_call=9"),
            "there is no limit `max_host_call`; did you mean `max_host_calls`?"
        );
        // These have options of their own, or would let a guest end the process.
        for name in ["fuel", "memory_pages", "stack_bytes"] {
            let expected = format!("there is no limit `{name}`");
            assert_eq!(wrong(&format!("{name}=9")), expected);
        }
        for text in ["globals", "globals=", "globals=-1", "globals=many"] {
            assert!(wrong(text).starts_with("expected `NAME=N`"), "{text}");
        }
    }
}
