//! Names that reveal the origin of a module or a function.

/// Returns whether an import module is JavaScript, as `wasm-bindgen` names it.
///
/// ```
/// use plugin_sdk_harness::remedies;
///
/// assert!(remedies::is_javascript("__wbindgen_placeholder__"));
/// assert!(!remedies::is_javascript("plugin_host"));
/// ```
pub fn is_javascript(module: &str) -> bool {
    module.starts_with("__wbindgen") || module.starts_with("wbg") || module.ends_with("_bg.js")
}

/// Returns whether only a plugin has a reason to define a function of this name.
pub(crate) fn is_of_plugins(symbol: &str) -> bool {
    const PREFIXES: [&str; 6] = [
        "plugin_", "command_", "batch_", "skill_", "neotalk_", "neomind_",
    ];
    PREFIXES.iter().any(|prefix| symbol.starts_with(prefix))
}
