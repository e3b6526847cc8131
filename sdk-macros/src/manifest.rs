//! What a plugin says of itself, in a custom section of its module: read by tools and hosts without running anything, and no part of the
//! code or of what is in memory.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::model::Permission;

/// The ABI version that the exports keep to.
const ABI_VERSION: u32 = 1;

/// A static that the compiler puts into the custom section `plugin-sdk`; nothing if there is nothing to say.
pub fn section(permissions: &[Permission]) -> Option<TokenStream> {
    if permissions.is_empty() {
        return None;
    }
    let document = document(permissions);
    let len = document.len();
    let bytes = Literal::byte_string(document.as_bytes());
    Some(quote! {
        #[unsafe(link_section = "plugin-sdk")]
        static _MANIFEST: [::core::primitive::u8; #len] = *#bytes;
    })
}

/// The section's contents: one JSON document.
fn document(permissions: &[Permission]) -> String {
    let permissions: Vec<String> = permissions
        .iter()
        .map(|Permission { name, reason, .. }| {
            format!(r#"{{"name":{},"reason":{}}}"#, json(name), json(reason))
        })
        .collect();
    format!(
        r#"{{"abi":{ABI_VERSION},"permissions":[{}]}}"#,
        permissions.join(",")
    )
}

/// A string in JSON's form.
fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\0'..='\x1f' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn permission(name: &str, reason: &str) -> Permission {
        Permission {
            name: name.to_owned(),
            span: Span::call_site(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn permissions_stand_in_their_order_with_their_reasons() {
        let permissions = [
            permission("kv", "remembers"),
            permission("host.net", "asks"),
        ];
        assert_eq!(
            document(&permissions),
            r#"{"abi":1,"permissions":[{"name":"kv","reason":"remembers"},{"name":"host.net","reason":"asks"}]}"#
        );
    }

    #[test]
    fn text_that_json_has_signs_for_is_escaped() {
        assert_eq!(
            json("\"a\" \\ b\r\n\t\0\x1b\u{7f} – ü 🦀"),
            "\"\\\"a\\\" \\\\ b\\r\\n\\t\\u0000\\u001b\u{7f} – ü 🦀\""
        );
    }

    #[test]
    fn a_plugin_with_nothing_to_say_has_no_section() {
        assert!(section(&[]).is_none());
    }
}
