//! What makes no sense, however well it is written.

use proc_macro2::Span;
use syn::spanned::Spanned;

use super::model::{Annotations, Body, Field, Fields, Item};
use crate::mistakes::Mistakes;

pub fn item(item: &Item, mistakes: &mut Mistakes) {
    annotations(&item.annotations, mistakes);
    if let Some(span) = item.by_number {
        by_number(item, span, mistakes);
    }
    match &item.body {
        Body::Struct { fields: of, .. } => fields(of, mistakes),
        Body::Enum(of) => {
            for variant in &of.variants {
                annotations(&variant.annotations, mistakes);
                fields(&variant.fields, mistakes);
            }
        }
        Body::Nothing => {}
    }
}

/// Only the variants of an enum have numbers, and only where none of them holds anything.
fn by_number(item: &Item, span: Span, mistakes: &mut Mistakes) {
    let all_empty = match &item.body {
        Body::Enum(of) => {
            let mut variants = of.variants.iter();
            !of.variants.is_empty() && variants.all(|of| matches!(of.fields, Fields::Unit))
        }
        Body::Struct { .. } => false,
        Body::Nothing => return,
    };
    if !all_empty {
        mistakes.add(syn::Error::new(
            span,
            "`repr` is for enums whose variants hold nothing, which cross as the variant's number: say what this type looks like with `with = …`",
        ));
    } else if item.with.is_some() {
        mistakes.add(syn::Error::new(
            span,
            "`with` says already what this type looks like: remove `repr` or `with`",
        ));
    }
}

fn fields(fields: &Fields, mistakes: &mut Mistakes) {
    for field in fields.iter() {
        annotations(&field.annotations, mistakes);
        default(field, mistakes);
    }
}

fn default(field: &Field, mistakes: &mut Mistakes) {
    if let Some((_, span)) = field.annotations.default
        && !field.optional
    {
        mistakes.add(syn::Error::new(
            span,
            "this field has no default that serde would take: add #[serde(default)] or #[serde(default = \"…\")]",
        ));
    }
    if field.flatten && !field.annotations.members.is_empty() {
        for member in &field.annotations.members {
            if member.keyword != "ReadOnly"
                && member.keyword != "WriteOnly"
                && member.keyword != "Deprecated"
            {
                mistakes.add(syn::Error::new(
                    member.span,
                    "a flattened field has no schema of its own that this could be said of: remove it, or put it on the field's type",
                ));
            }
        }
    }
    if let syn::Type::ImplTrait(ty) = &field.ty {
        mistakes.add(syn::Error::new(ty.span(), "a field has one type: write it"));
    }
}

/// Limits, the lower before the upper.
const PAIRS: [(&str, &str, bool); 8] = [
    ("Minimum", "Maximum", true),
    ("Minimum", "ExclusiveMaximum", false),
    ("ExclusiveMinimum", "Maximum", false),
    ("ExclusiveMinimum", "ExclusiveMaximum", false),
    ("MinLength", "MaxLength", true),
    ("MinItems", "MaxItems", true),
    ("MinProperties", "MaxProperties", true),
    ("Minimum", "ExclusiveMinimum", false),
];

pub fn annotations(annotations: &Annotations, mistakes: &mut Mistakes) {
    for (lower, upper, may_be_equal) in PAIRS {
        let (Some(lower), Some(upper)) = (annotations.get(lower), annotations.get(upper)) else {
            continue;
        };
        if lower.keyword == "Minimum" && upper.keyword == "ExclusiveMinimum" {
            mistakes.add(syn::Error::new(
                upper.span,
                "there are two lower limits: remove `minimum` or `exclusive_minimum`",
            ));
            continue;
        }
        let order = compare(&lower.json, &upper.json);
        if order.is_gt() || (order.is_eq() && !may_be_equal) {
            mistakes.add(syn::Error::new(
                upper.span,
                format!(
                    "nothing is at least {} and at most {} at once: the lower limit is above the upper one",
                    lower.json, upper.json
                ),
            ));
        }
    }
    if let (Some(_), Some(upper)) = (
        annotations.get("Maximum"),
        annotations.get("ExclusiveMaximum"),
    ) {
        mistakes.add(syn::Error::new(
            upper.span,
            "there are two upper limits: remove `maximum` or `exclusive_maximum`",
        ));
    }
    if let Some(member) = annotations.get("MultipleOf")
        && compare(&member.json, "0").is_le()
    {
        mistakes.add(syn::Error::new(
            member.span,
            "`multiple_of` must be above 0",
        ));
    }
}

/// Two numbers as JSON writes them.
fn compare(left: &str, right: &str) -> std::cmp::Ordering {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return left.cmp(&right);
    }
    // Between the two there is one more bit above zero than below.
    if let (Ok(left), Ok(right)) = (left.parse::<u128>(), right.parse::<u128>()) {
        return left.cmp(&right);
    }
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    number(left).total_cmp(&number(right))
}
